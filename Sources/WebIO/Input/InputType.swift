import WebIOHTTP

/// The type of an `input`, which carries the type of its answer: `.number` asks for an `Int`.
public struct InputType<Value: Sendable>: Sendable {
  let name: String
  /// Nothing entered is no answer of this type.
  let isRequired: Bool
  let decode: @Sendable (JSONValue) -> Value?
  let encode: @Sendable (Value) -> JSONValue
}

extension InputType where Value == String {
  /// One line of text.
  public static var text: InputType<String> { string("text") }
  /// One line that the browser does not show.
  public static var password: InputType<String> { string("password") }
  /// A web address, checked by the browser.
  public static var url: InputType<String> { string("url") }
  /// A mail address, checked by the browser.
  public static var email: InputType<String> { string("email") }
  /// One line that is looked for; browsers add a button that empties it.
  public static var search: InputType<String> { string("search") }
  /// A telephone number as it was typed; phones show their digits.
  public static var tel: InputType<String> { string("tel") }

  private static func string(_ name: String) -> InputType<String> {
    InputType(name: name, isRequired: false, decode: { $0.string }, encode: { .string($0) })
  }
}

extension InputType where Value == Int {
  /// A whole number.
  public static var number: InputType<Int> {
    InputType(name: "number", isRequired: true, decode: { $0.int }, encode: { .int(Int64($0)) })
  }
}

extension InputType where Value == Double {
  /// A number with a fraction.
  public static var float: InputType<Double> {
    InputType(
      name: "float", isRequired: true,
      decode: { json in
        guard let double = json.double, double.isFinite else { return nil }
        return double
      }, encode: { .double($0) })
  }
}

extension InputType {
  /// An input of another type that may stay empty: then the answer is nil.
  ///
  ///     let age = try await input("Age, if you like", type: .optional(.number))
  public static func optional<Wrapped: Sendable>(_ type: InputType<Wrapped>) -> InputType<Wrapped?>
  where Value == Wrapped? {
    InputType<Wrapped?>(
      name: type.name, isRequired: false,
      decode: { json in
        if json == .null || json == .string("") { return .some(nil) }
        return type.decode(json).map { .some($0) }
      }, encode: { $0.map(type.encode) ?? .null })
  }
}

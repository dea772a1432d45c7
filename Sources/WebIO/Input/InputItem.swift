import WebIOHTTP

/// One question of a form, with the type of its answer.
///
///     let (name, age) = try await inputGroup("You", .input("Name"), .input("Age", type: .number))
public struct InputItem<Value: Sendable>: Sendable {
  var field: Field

  init(_ spec: Spec, label: String, name: String?, check: @escaping @Sendable (JSONValue) throws -> Check<Value>) {
    self.init(spec, label: label, name: name) { data, _ in try check(data) }
  }

  init(
    _ spec: Spec, label: String, name: String?,
    check: @escaping @Sendable (JSONValue, [UploadedFile]) throws -> Check<Value>
  ) {
    field = Field(name: name, label: label, spec: spec) { data, files in
      switch try check(data, files) {
      case .valid(let value): .valid(value)
      case .invalid(let text): .invalid(text)
      }
    }
  }
}

/// What an answer turned out to be.
enum Check<Value: Sendable>: Sendable {
  case valid(Value)
  /// The sentence that the visitor reads.
  case invalid(String)
}

/// A question whose answer's type is forgotten: what a form works with.
struct Field: Sendable {
  var name: String?
  var label: String
  var spec: Spec
  let check: @Sendable (JSONValue, [UploadedFile]) throws -> Check<any Sendable>

  /// Decodes and validates; a validator that throws makes the answer invalid, not the task.
  func checked(_ data: JSONValue, _ files: [UploadedFile] = []) -> Check<any Sendable> {
    do {
      return try check(data, files)
    } catch {
      Log.error("the validator of \"\(label)\" threw: \(error)")
      return .invalid("Your input is not valid")
    }
  }
}

/// A validator handed over to its field, which calls it for one answer at a time.
///
/// `@unchecked Sendable`: it was `sending`, so nobody else has it. (In a parameter pack the compiler infers a closure's
/// type before it knows that it must be `@Sendable`, and refuses it then.)
struct OwnedValidator<Value>: @unchecked Sendable {
  private let body: (Value) throws -> String?

  init?(_ body: sending ((Value) throws -> String?)?) {
    guard let body else { return nil }
    self.body = body
  }

  func check(_ value: Value) throws -> String? { try body(value) }
}

/// Checks an answer of the right type. It returns nil when it is good, else the sentence that the visitor reads.
public typealias Validator<Value> = @Sendable (Value) throws -> String?

extension InputItem {
  /// A field for one value. See ``input(_:type:name:value:placeholder:required:readonly:datalist:help:validate:)``.
  public static func input(
    _ label: String = "", type: InputType<Value>, name: String? = nil, value: Value? = nil,
    placeholder: String? = nil, required: Bool = false, readonly: Bool = false, datalist: [String]? = nil,
    help: String? = nil, validate: sending ((Value) throws -> String?)? = nil
  ) -> InputItem {
    let required = required || type.isRequired
    let validator = OwnedValidator(validate)
    var spec = Spec()
    spec.set("type", type.name)
    spec.set("placeholder", placeholder)
    spec["value"] = value.map { .json(type.encode($0)) }
    spec["datalist"] = datalist.map { .array($0.map { .json(.string($0)) }) }
    if required { spec.set("required", true) }
    if readonly { spec.set("readonly", true) }
    spec.set("help_text", help)
    if validator != nil { spec.set("onblur", true) }
    return InputItem(spec, label: label, name: name) { data in
      if required, data == .null || data == .string("") { return .invalid("This field is required") }
      guard let value = type.decode(data) else { return .invalid("Your input is not valid") }
      return try validator?.check(value).map { .invalid($0) } ?? .valid(value)
    }
  }
}

extension InputItem where Value == String {
  /// A field for a line of text.
  public static func input(
    _ label: String = "", name: String? = nil, value: String? = nil, placeholder: String? = nil,
    required: Bool = false, readonly: Bool = false, datalist: [String]? = nil, help: String? = nil,
    validate: sending ((String) throws -> String?)? = nil
  ) -> InputItem<String> {
    .input(
      label, type: .text, name: name, value: value, placeholder: placeholder, required: required,
      readonly: readonly, datalist: datalist, help: help, validate: validate)
  }

  /// A field for several lines of text. See ``textarea(_:name:value:rows:placeholder:required:readonly:maxLength:minLength:help:validate:)``.
  public static func textarea(
    _ label: String = "", name: String? = nil, value: String? = nil, rows: Int = 6, placeholder: String? = nil,
    required: Bool = false, readonly: Bool = false, maxLength: Int? = nil, minLength: Int? = nil,
    help: String? = nil, validate: sending ((String) throws -> String?)? = nil
  ) -> InputItem<String> {
    let validator = OwnedValidator(validate)
    var spec = Spec()
    spec.set("type", "textarea")
    spec.set("rows", rows)
    spec.set("maxlength", maxLength)
    spec.set("minlength", minLength)
    spec.set("placeholder", placeholder)
    spec.set("value", value)
    if required { spec.set("required", true) }
    if readonly { spec.set("readonly", true) }
    spec.set("help_text", help)
    if validator != nil { spec.set("onblur", true) }
    return InputItem(spec, label: label, name: name) { data in
      guard let text = data.string else { return .invalid("Your input is not valid") }
      if required, text.isEmpty { return .invalid("This field is required") }
      if let maxLength, text.utf16.count > maxLength { return .invalid("At most \(maxLength) characters") }
      if let minLength, text.utf16.count < minLength, !text.isEmpty || required {
        return .invalid("At least \(minLength) characters")
      }
      return try validator?.check(text).map { .invalid($0) } ?? .valid(text)
    }
  }
}

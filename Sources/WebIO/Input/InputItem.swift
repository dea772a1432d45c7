import WebIOHTTP

/// One question of a form, with the type of its answer.
///
///     let (name, age) = try await inputGroup("You", .input("Name"), .input("Age", type: .number))
///
/// What PyWebIO's further parameters do are its modifiers: ``action(_:_:)``, ``onChange(_:)``, ``attributes(_:)``,
/// ``feedback(valid:invalid:)``, ``focused()``. A single question with modifiers is asked by ``ask(_:scope:)``.
public struct InputItem<Value: Sendable>: Sendable {
  var field: Field

  /// `decode` makes a value of what the page sends, `validator` judges it.
  init(
    _ spec: Spec, label: String, name: String?, validator: OwnedValidator<Value>? = nil,
    decode: @escaping @Sendable (Answer) throws -> Check<Value>
  ) {
    var spec = spec
    var validate: (@Sendable (any Sendable) throws -> String?)?
    if let validator {
      spec.set("onblur", true)
      validate = { try validator.check(typed($0, as: Value.self)) }
    }
    field = Field(
      name: name, label: label, spec: spec,
      decode: { answer in
        switch try decode(answer) {
        case .valid(let value): .valid(value)
        case .invalid(let text): .invalid(text)
        }
      }, validate: validate)
  }

  init(_ spec: Spec, label: String, name: String?, check: @escaping @Sendable (JSONValue) throws -> Check<Value>) {
    self.init(spec, label: label, name: name) { try check($0.data) }
  }
}

/// What a page sends for one field.
struct Answer: Sendable {
  var data: JSONValue
  /// That came beside the event.
  var files: [FileUpload] = []
  /// That were sent before it, by their ids.
  var uploads: [String: FileUpload] = [:]
  /// The value for which an action has put a label into the field.
  var kept: (any Sendable)?
  /// Options that took the place of the field's own: an `OptionList`.
  var options: (any Sendable)?
  /// The visitor is still at it: nothing is missing yet.
  var isDraft = false
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
  let decode: @Sendable (Answer) throws -> Check<any Sendable>
  let validate: (@Sendable (any Sendable) throws -> String?)?
  /// For fields that an action can fill.
  var encode: (@Sendable (any Sendable) -> JSONValue)?
  var action: FieldAction?
  /// The type of its options' values.
  var choice: (any Sendable.Type)?
  var change: (@Sendable (any Sendable) async throws -> Void)?
  /// Of a field for files, in bytes.
  var limits: (one: Int?, all: Int?)?
  /// A mistake of the developer, told when the question is asked.
  var fault: WebIOError?

  /// Decodes and validates; a validator that throws makes the answer invalid, not the task.
  /// `form` is the form's label, which a single question has for its own.
  func checked(_ answer: Answer, form: String) -> Check<any Sendable> {
    do {
      let check = try decode(answer)
      guard case .valid(let value) = check, let text = try validate?(value) else { return check }
      return .invalid(text)
    } catch {
      Log.error("the validator of \"\(label.isEmpty ? form : label)\" threw: \(error)")
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

  /// For an answer that may be none, which needs no check.
  init?<Wrapped>(ofOptional body: sending ((Wrapped) throws -> String?)?) where Value == Wrapped? {
    guard let body else { return nil }
    self.body = { try $0.flatMap(body) }
  }

  func check(_ value: Value) throws -> String? { try body(value) }
}

/// Checks an answer of the right type. It returns nil when it is good, else the sentence that the visitor reads.
public typealias Validator<Value> = @Sendable (Value) throws -> String?

extension InputItem {
  /// A field for one value. See ``input(_:type:value:placeholder:required:readonly:datalist:help:scope:validate:)``.
  public static func input(
    _ label: String = "", type: InputType<Value>, name: String? = nil, value: Value? = nil,
    placeholder: String? = nil, required: Bool = false, readonly: Bool = false, datalist: [String]? = nil,
    help: String? = nil, validate: sending ((Value) throws -> String?)? = nil
  ) -> InputItem {
    let required = required || type.isRequired
    var spec = Spec()
    spec.set("type", type.name)
    spec.set("placeholder", placeholder)
    spec["value"] = value.map { .json(type.encode($0)) }
    spec["datalist"] = datalist.map { .array($0.map { .json(.string($0)) }) }
    if required { spec.set("required", true) }
    if readonly { spec.set("readonly", true) }
    spec.set("help_text", help)
    var item = InputItem(spec, label: label, name: name, validator: OwnedValidator(validate)) { answer in
      if let kept = answer.kept { return .valid(typed(kept)) }
      let data = answer.data
      if required, !answer.isDraft, data == .null || data == .string("") { return .invalid("This field is required") }
      return type.decode(data).map { .valid($0) } ?? .invalid("Your input is not valid")
    }
    item.field.encode = { type.encode(typed($0)) }
    return item
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

  /// A field for several lines of text. See ``textarea(_:value:rows:placeholder:required:readonly:maxLength:minLength:help:scope:validate:)``.
  public static func textarea(
    _ label: String = "", name: String? = nil, value: String? = nil, rows: Int = 6, code: String? = nil,
    placeholder: String? = nil, required: Bool = false, readonly: Bool = false, maxLength: Int? = nil, minLength: Int? = nil,
    help: String? = nil, validate: sending ((String) throws -> String?)? = nil
  ) -> InputItem<String> {
    var spec = Spec()
    spec.set("type", "textarea")
    spec.set("rows", rows)
    if let code { spec["code"] = .json(["mode": .string(code)]) }
    spec.set("maxlength", maxLength)
    spec.set("minlength", minLength)
    spec.set("placeholder", placeholder)
    spec.set("value", value)
    if required { spec.set("required", true) }
    if readonly { spec.set("readonly", true) }
    spec.set("help_text", help)
    var item = InputItem(spec, label: label, name: name, validator: OwnedValidator(validate)) { answer in
      guard let text = answer.data.string else { return .invalid("Your input is not valid") }
      if answer.isDraft { return .valid(text) }
      if required, text.isEmpty { return .invalid("This field is required") }
      if let maxLength, text.utf16.count > maxLength { return .invalid("At most \(maxLength) characters") }
      if let minLength, text.utf16.count < minLength, !text.isEmpty || required {
        return .invalid("At least \(minLength) characters")
      }
      return .valid(text)
    }
    item.field.encode = { .string(typed($0)) }
    return item
  }
}

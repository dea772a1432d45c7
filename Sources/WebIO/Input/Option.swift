import WebIOHTTP

/// One entry of a `select`, `checkbox` or `radio`: what the visitor reads, and the value that the app gets.
public struct Option<Value: Sendable>: Sendable {
  let label: String
  let value: Value
  let isSelected: Bool
  let isDisabled: Bool

  public init(_ label: String, _ value: Value, selected: Bool = false, disabled: Bool = false) {
    self.label = label
    self.value = value
    isSelected = selected
    isDisabled = disabled
  }
}

/// The options of one field, and the way back from what a page sends to their values.
struct OptionList<Value: Sendable>: Sendable {
  let options: [Option<Value>]
  /// Strings, numbers and booleans travel as themselves; of anything else only its index does.
  let wire: [JSONValue]

  init(_ options: [Option<Value>]) {
    self.options = options
    wire = options.enumerated().map { index, option in
      switch option.value {
      case let text as String: .string(text)
      case let int as Int: .int(Int64(int))
      case let double as Double: .double(double)
      case let bool as Bool: .bool(bool)
      default: .int(Int64(index))
      }
    }
  }

  var spec: Spec.Value {
    .array(
      zip(options, wire).map { option, value in
        var item = Spec()
        item.set("label", option.label)
        item["value"] = .json(value)
        if option.isSelected { item.set("selected", true) }
        if option.isDisabled { item.set("disabled", true) }
        return .spec(item)
      })
  }

  /// The value of an option that may be chosen; nil for everything a hostile page makes up.
  func value(of data: JSONValue) -> Value? {
    for (option, value) in zip(options, wire) where value.isSameChoice(as: data) && !option.isDisabled {
      return option.value
    }
    return nil
  }

  func values(of data: JSONValue) -> [Value]? {
    guard let list = data.array else { return data == .null ? [] : nil }
    let values = list.compactMap { value(of: $0) }
    return values.count == list.count ? values : nil
  }
}

extension JSONValue {
  /// JavaScript has one kind of number: 2.0 comes back as 2.
  fileprivate func isSameChoice(as other: JSONValue) -> Bool {
    if self == other { return true }
    return double != nil && double == other.double
  }
}

extension InputItem {
  /// A choice of one among options.
  public static func select(
    _ label: String = "", options: [Option<Value>], name: String? = nil, help: String? = nil,
    validate: sending ((Value) throws -> String?)? = nil
  ) -> InputItem {
    let list = OptionList(options)
    let validator = OwnedValidator(validate)
    let spec = choiceSpec("select", list, inline: nil, help: help, validates: validator != nil)
    return InputItem(spec, label: label, name: name) { data in
      guard let value = list.value(of: data) else { return .invalid("Choose one of the options") }
      return try validator?.check(value).map { .invalid($0) } ?? .valid(value)
    }
  }

  /// A choice of one among options, all of which are in view; nil when none was chosen and `required` is false.
  public static func radio<Choice: Sendable>(
    _ label: String = "", options: [Option<Choice>], name: String? = nil, inline: Bool = false,
    required: Bool = false, help: String? = nil, validate: sending ((Choice) throws -> String?)? = nil
  ) -> InputItem where Value == Choice? {
    let list = OptionList(options)
    let validator = OwnedValidator(validate)
    var spec = choiceSpec("radio", list, inline: inline, help: help, validates: validator != nil)
    if required { spec.set("required", true) }
    return InputItem(spec, label: label, name: name) { data in
      if data == .null { return required ? .invalid("This field is required") : .valid(nil) }
      guard let value = list.value(of: data) else { return .invalid("Choose one of the options") }
      return try validator?.check(value).map { .invalid($0) } ?? .valid(value)
    }
  }

  /// A choice of any number of options.
  public static func checkbox<Choice: Sendable>(
    _ label: String = "", options: [Option<Choice>], name: String? = nil, inline: Bool = false,
    help: String? = nil, validate: sending (([Choice]) throws -> String?)? = nil
  ) -> InputItem where Value == [Choice] {
    let list = OptionList(options)
    let validator = OwnedValidator(validate)
    let spec = choiceSpec("checkbox", list, inline: inline, help: help, validates: validator != nil)
    return InputItem(spec, label: label, name: name) { data in try several(list, data, validator) }
  }

  /// A choice of any number of options from a list.
  public static func selectMultiple<Choice: Sendable>(
    _ label: String = "", options: [Option<Choice>], name: String? = nil, required: Bool = false,
    help: String? = nil, validate: sending (([Choice]) throws -> String?)? = nil
  ) -> InputItem where Value == [Choice] {
    let list = OptionList(options)
    let validator = OwnedValidator(validate)
    var spec = choiceSpec("select", list, inline: nil, help: help, validates: validator != nil)
    spec.set("multiple", true)
    if required { spec.set("required", true) }
    return InputItem(spec, label: label, name: name) { data in
      let check = try several(list, data, validator)
      if required, case .valid(let values) = check, values.isEmpty { return .invalid("This field is required") }
      return check
    }
  }

  private static func several<Choice: Sendable>(
    _ list: OptionList<Choice>, _ data: JSONValue, _ validator: OwnedValidator<[Choice]>?
  ) throws -> Check<[Choice]> {
    guard let values = list.values(of: data) else { return .invalid("Choose among the options") }
    return try validator?.check(values).map { .invalid($0) } ?? .valid(values)
  }

  private static func choiceSpec<Choice>(
    _ type: String, _ list: OptionList<Choice>, inline: Bool?, help: String?, validates: Bool
  ) -> Spec {
    var spec = Spec()
    spec["options"] = list.spec
    spec.set("inline", inline)
    spec.set("help_text", help)
    if validates { spec.set("onblur", true) }
    spec.set("type", type)
    return spec
  }
}

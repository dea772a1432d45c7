import WebIOHTTP

/// One entry of a `select`, `checkbox` or `radio`: what the visitor reads, and the value that the app gets.
public struct Option<Value: Sendable>: Sendable {
  let label: String
  let value: Value
  let isSelected: Bool
  let isDisabled: Bool
  let group: String?

  /// Options of a `select` that follow each other and have the same `group` stand under its name.
  public init(
    _ label: String, _ value: Value, selected: Bool = false, disabled: Bool = false, group: String? = nil
  ) {
    self.label = label
    self.value = value
    isSelected = selected
    isDisabled = disabled
    self.group = group
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

  /// These, or what ``inputUpdate(_:options:label:help:)`` has put in their place.
  func current(_ answer: Answer) -> OptionList { answer.options as? OptionList ?? self }

  var spec: Spec.Value {
    .array(
      zip(options, wire).map { option, value in
        var item = Spec()
        item.set("label", option.label)
        item["value"] = .json(value)
        if option.isSelected { item.set("selected", true) }
        if option.isDisabled { item.set("disabled", true) }
        item.set("group", option.group)
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
  /// A choice of one among options. With `search` one types to find it, or, when it is false, scrolls; nil is so from 13 options on.
  public static func select(
    _ label: String = "", options: [Option<Value>], name: String? = nil, search: Bool? = nil, help: String? = nil,
    validate: sending ((Value) throws -> String?)? = nil
  ) -> InputItem {
    let list = OptionList(options)
    var spec = choiceSpec("select", list, inline: nil, help: help)
    if let search { spec.set("search", search) }
    return InputItem(spec, label: label, name: name, validator: OwnedValidator(validate)) { answer in
      list.current(answer).value(of: answer.data).map { .valid($0) } ?? .invalid("Choose one of the options")
    }.choosing(Value.self)
  }

  /// A choice of one among options, all of which are in view; nil when none was chosen and `required` is false.
  public static func radio<Choice: Sendable>(
    _ label: String = "", options: [Option<Choice>], name: String? = nil, inline: Bool = false,
    required: Bool = false, help: String? = nil, validate: sending ((Choice) throws -> String?)? = nil
  ) -> InputItem where Value == Choice? {
    let list = OptionList(options)
    var spec = choiceSpec("radio", list, inline: inline, help: help)
    if required { spec.set("required", true) }
    return InputItem(spec, label: label, name: name, validator: OwnedValidator(ofOptional: validate)) { answer in
      if answer.data == .null { return required ? .invalid("This field is required") : .valid(nil) }
      return list.current(answer).value(of: answer.data).map { .valid($0) } ?? .invalid("Choose one of the options")
    }.choosing(Choice.self)
  }

  /// A choice of any number of options.
  public static func checkbox<Choice: Sendable>(
    _ label: String = "", options: [Option<Choice>], name: String? = nil, inline: Bool = false,
    help: String? = nil, validate: sending (([Choice]) throws -> String?)? = nil
  ) -> InputItem where Value == [Choice] {
    let list = OptionList(options)
    let spec = choiceSpec("checkbox", list, inline: inline, help: help)
    return InputItem(spec, label: label, name: name, validator: OwnedValidator(validate)) { several(list, $0) }
      .choosing(Choice.self)
  }

  /// A choice of any number of options from a list. `search` is as in ``select(_:options:name:search:help:validate:)``.
  public static func selectMultiple<Choice: Sendable>(
    _ label: String = "", options: [Option<Choice>], name: String? = nil, search: Bool? = nil, required: Bool = false,
    help: String? = nil, validate: sending (([Choice]) throws -> String?)? = nil
  ) -> InputItem where Value == [Choice] {
    let list = OptionList(options)
    var spec = choiceSpec("select", list, inline: nil, help: help)
    spec.set("multiple", true)
    if let search { spec.set("search", search) }
    if required { spec.set("required", true) }
    return InputItem(spec, label: label, name: name, validator: OwnedValidator(validate)) { answer in
      let check = several(list, answer)
      if required, !answer.isDraft, case .valid(let values) = check, values.isEmpty {
        return .invalid("This field is required")
      }
      return check
    }.choosing(Choice.self)
  }

  private static func several<Choice: Sendable>(_ list: OptionList<Choice>, _ answer: Answer) -> Check<[Choice]> {
    list.current(answer).values(of: answer.data).map { .valid($0) } ?? .invalid("Choose among the options")
  }

  private func choosing<Choice: Sendable>(_ type: Choice.Type) -> InputItem {
    var item = self
    item.field.choice = type
    return item
  }

  private static func choiceSpec<Choice>(
    _ type: String, _ list: OptionList<Choice>, inline: Bool?, help: String?
  ) -> Spec {
    var spec = Spec()
    spec["options"] = list.spec
    spec.set("inline", inline)
    spec.set("help_text", help)
    spec.set("type", type)
    return spec
  }
}

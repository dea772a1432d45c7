import WebIOHTTP

/// A button of an `actions` field.
public struct ActionButton<Value: Sendable>: Sendable {
  enum Kind: String, Sendable { case submit, reset, cancel }
  let kind: Kind
  let label: String
  let value: Value?
  let color: ButtonColor?
  let isDisabled: Bool

  /// Sends the form with this value.
  public static func submit(
    _ label: String, _ value: Value, color: ButtonColor? = nil, disabled: Bool = false
  ) -> ActionButton {
    ActionButton(kind: .submit, label: label, value: value, color: color, isDisabled: disabled)
  }

  /// Brings the form back to its first values; the form stays.
  public static func reset(_ label: String) -> ActionButton {
    ActionButton(kind: .reset, label: label, value: nil, color: nil, isDisabled: false)
  }

  /// Gives the form up.
  public static func cancel(_ label: String) -> ActionButton {
    ActionButton(kind: .cancel, label: label, value: nil, color: nil, isDisabled: false)
  }
}

extension InputItem {
  /// Buttons that send the form. As the last item of a group they stand in for its Submit button.
  ///
  /// The value is nil when the form was sent by another button.
  public static func actions<Choice: Sendable>(
    _ label: String = "", buttons: [ActionButton<Choice>], name: String? = nil, help: String? = nil
  ) -> InputItem where Value == Choice? {
    let list = OptionList(
      buttons.compactMap { button in
        button.value.map { Option(button.label, $0, disabled: button.isDisabled) }
      })
    var wire = list.wire.makeIterator()
    var spec = Spec()
    spec["buttons"] = .array(
      buttons.map { button in
        var item = Spec()
        item.set("label", button.label)
        if button.value != nil { item["value"] = wire.next().map { .json($0) } }
        item.set("type", button.kind.rawValue)
        item.set("color", button.color?.rawValue)
        if button.isDisabled { item.set("disabled", true) }
        return .spec(item)
      })
    spec.set("help_text", help)
    spec.set("type", "actions")
    return InputItem(spec, label: label, name: name) { data in
      if data == .null { return .valid(nil) }
      guard let value = list.value(of: data) else { return .invalid("Choose one of the buttons") }
      return .valid(value)
    }
  }
}

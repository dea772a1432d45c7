import WebIOHTTP

/// A button's colour by its meaning. PyWebIO takes the same names.
public enum ButtonColor: String, Sendable {
  case primary, secondary, success, danger, warning, info, light, dark
}

extension Content {
  /// A button that calls `action` on each click.
  public static func button(
    _ label: String, color: ButtonColor = .primary, small: Bool = false, disabled: Bool = false,
    action: @escaping @Sendable () async throws -> Void
  ) -> Content {
    buttons([(label, color, disabled)], small: small) { _ in try await action() }
  }

  /// A row of buttons; `action` gets the label of the clicked one.
  public static func buttons(
    _ labels: [String], small: Bool = false, action: @escaping @Sendable (String) async throws -> Void
  ) -> Content {
    buttons(labels.map { ($0, .primary, false) }, small: small) { try await action(labels[$0]) }
  }

  /// A button that looks like a link.
  static func linkButton(_ label: String, action: @escaping @Sendable () async throws -> Void) -> Content {
    buttons([(label, .primary, false)], small: false, link: true) { _ in try await action() }
  }

  /// Values never travel: the page sends the clicked button's index, which is checked here.
  private static func buttons(
    _ buttons: [(label: String, color: ButtonColor, disabled: Bool)], small: Bool, link: Bool = false,
    _ clicked: @escaping @Sendable (Int) async throws -> Void
  ) -> Content {
    let disabled = buttons.map(\.disabled)
    var spec = Spec(type: "buttons")
    spec["callback_id"] = .callback { data in
      guard let index = data.int, disabled.indices.contains(index), !disabled[index] else {
        return Log.warning("a page sent a click on a button that it does not have")
      }
      try await clicked(index)
    }
    spec["buttons"] = .array(
      buttons.enumerated().map { index, button in
        var item = Spec()
        item.set("label", button.label)
        item.set("value", index)
        item.set("color", button.color.rawValue)
        if button.disabled { item.set("disabled", true) }
        return .spec(item)
      })
    if small { spec.set("small", true) }
    spec.set("link", link)
    spec.set("outline", false)
    spec.set("group", false)
    return Content(spec)
  }
}

/// Shows a button. PyWebIO: `put_button`.
///
///     putButton("Again") { try await play() }
///
/// Each click runs `action` as a task of its own, in this session.
@discardableResult
public func putButton(
  _ label: String, color: ButtonColor = .primary, small: Bool = false, disabled: Bool = false, scope: String? = nil,
  position: OutputPosition = .bottom, action: @escaping @Sendable () async throws -> Void
) -> Output {
  put(
    .button(label, color: color, small: small, disabled: disabled, action: action), scope: scope, position: position)
}

/// Shows a row of buttons; `action` gets the label of the clicked one. PyWebIO: `put_buttons`.
///
///     putButtons(["Yes", "No"]) { answer in putText(answer) }
@discardableResult
public func putButtons(
  _ labels: [String], small: Bool = false, scope: String? = nil, position: OutputPosition = .bottom,
  action: @escaping @Sendable (String) async throws -> Void
) -> Output {
  put(.buttons(labels, small: small, action: action), scope: scope, position: position)
}

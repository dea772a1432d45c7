import Synchronization
import WebIOHTTP

/// A button's colour by its meaning. PyWebIO takes the same names.
public enum ButtonColor: String, Sendable {
  case primary, secondary, success, danger, warning, info, light, dark
}

/// How a button looks.
public enum ButtonStyle: Sendable {
  case filled, outline, link
}

/// One button of several, with the value that its click means.
public struct ButtonItem<Value: Sendable>: Sendable {
  let label: String
  let value: Value
  let color: ButtonColor
  let isDisabled: Bool

  public init(_ label: String, _ value: Value, color: ButtonColor = .primary, disabled: Bool = false) {
    self.label = label
    self.value = value
    self.color = color
    isDisabled = disabled
  }
}

extension Content {
  /// A button that calls `action` on each click. `exclusive` ignores clicks while one is still at work.
  public static func button(
    _ label: String, color: ButtonColor = .primary, small: Bool = false, style: ButtonStyle = .filled,
    disabled: Bool = false, exclusive: Bool = false, action: @escaping @Sendable () async throws -> Void
  ) -> Content {
    let item = ButtonItem(label, 0, color: color, disabled: disabled)
    return buttons([item], small: small, style: style, exclusive: exclusive) { _ in try await action() }
  }

  /// A row of buttons; `action` gets the label of the clicked one.
  public static func buttons(
    _ labels: [String], small: Bool = false, action: @escaping @Sendable (String) async throws -> Void
  ) -> Content {
    buttons(labels.map { ButtonItem($0, $0) }, small: small, action: action)
  }

  /// A row of buttons; `action` gets the value of the clicked one. `grouped` puts them edge to edge.
  ///
  /// Values never travel: the page sends the clicked button's index, which is checked here.
  public static func buttons<Value: Sendable>(
    _ items: [ButtonItem<Value>], small: Bool = false, style: ButtonStyle = .filled, grouped: Bool = false,
    exclusive: Bool = false, action: @escaping @Sendable (Value) async throws -> Void
  ) -> Content {
    let turnstile = exclusive ? Turnstile() : nil
    var spec = Spec(type: "buttons")
    spec["callback_id"] = .callback { data in
      guard let index = data.int, items.indices.contains(index), !items[index].isDisabled else {
        return Log.warning("a click on a button that is not there", ofPage: TaskContext.current?.session.id ?? "")
      }
      guard turnstile?.enter() ?? true else { return }
      defer { turnstile?.leave() }
      try await action(items[index].value)
    }
    spec["buttons"] = .array(
      items.enumerated().map { index, button in
        var item = Spec()
        item.set("label", button.label)
        item.set("value", index)
        item.set("color", button.color.rawValue)
        if button.isDisabled { item.set("disabled", true) }
        return .spec(item)
      })
    if small { spec.set("small", true) }
    spec.set("link", style == .link)
    spec.set("outline", style == .outline)
    spec.set("group", grouped)
    return Content(spec)
  }
}

/// Lets one in at a time, and nobody wait.
private final class Turnstile: Sendable {
  private let isTaken = Atomic(false)
  func enter() -> Bool { !isTaken.exchange(true, ordering: .acquiring) }
  func leave() { isTaken.store(false, ordering: .releasing) }
}

/// Shows a button. PyWebIO: `put_button`.
///
///     putButton("Again") { try await play() }
///
/// Each click runs `action` as a task of its own, in this session. With `exclusive` clicks are ignored while one is still
/// at work (PyWebIO: `mutex_mode`).
@discardableResult
public func putButton(
  _ label: String, color: ButtonColor = .primary, small: Bool = false, style: ButtonStyle = .filled,
  disabled: Bool = false, exclusive: Bool = false, scope: String? = nil, position: OutputPosition = .bottom,
  action: @escaping @Sendable () async throws -> Void
) -> Output {
  put(
    .button(
      label, color: color, small: small, style: style, disabled: disabled, exclusive: exclusive, action: action),
    scope: scope, position: position)
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

/// Shows a row of buttons with values; `action` gets that of the clicked one. PyWebIO: `put_buttons`.
///
///     putButtons(items: [ButtonItem("Edit", 1), ButtonItem("Delete", 2, color: .danger)]) { putText($0 + 1) }
@discardableResult
public func putButtons<Value: Sendable>(
  items: [ButtonItem<Value>], small: Bool = false, style: ButtonStyle = .filled, grouped: Bool = false,
  exclusive: Bool = false, scope: String? = nil, position: OutputPosition = .bottom,
  action: @escaping @Sendable (Value) async throws -> Void
) -> Output {
  put(
    .buttons(items, small: small, style: style, grouped: grouped, exclusive: exclusive, action: action),
    scope: scope, position: position)
}

/// Shows a row of buttons, each with an action of its own. PyWebIO: `put_buttons` with a list of functions.
///
///     putButtons(actions: ["Save": { try save() }, "Leave": { leave() }])
@discardableResult
public func putButtons(
  actions: KeyValuePairs<String, @Sendable () async throws -> Void>, small: Bool = false,
  style: ButtonStyle = .filled, grouped: Bool = false, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  let items = actions.map { ButtonItem($0.key, $0.value) }
  return put(
    .buttons(items, small: small, style: style, grouped: grouped) { try await $0() }, scope: scope,
    position: position)
}

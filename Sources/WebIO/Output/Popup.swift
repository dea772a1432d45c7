import WebIOPosix

/// How wide a popup is. PyWebIO: `PopupSize`.
public enum PopupSize: String, Sendable {
  case large, normal, small
}

/// Shows contents in a window over the page; an open one is closed first. PyWebIO: `popup`.
///
///     popup("Thanks", ["We have your order.", .button("Close") { closePopup() }])
///
/// `implicitClose` lets a click outside or Escape close it, `closable` gives it a close button.
public func popup(
  _ title: String, _ contents: [Content], size: PopupSize = .normal, implicitClose: Bool = true,
  closable: Bool = true
) {
  perform { $0.popup(title, contents, size, implicitClose, closable) }
}

/// Shows one content, or text, in a window over the page. PyWebIO: `popup`.
public func popup(_ title: String, _ content: Content, size: PopupSize = .normal) {
  popup(title, [content], size: size)
}

/// Shows a window and runs `body` with its output going into it; it stays open afterwards. PyWebIO: `popup`.
public func popup(
  _ title: String, size: PopupSize = .normal, implicitClose: Bool = true, closable: Bool = true,
  _ body: () throws -> Void
) throws {
  let context = try TaskContext.required()
  context.enter(context.popup(title, [], size, implicitClose, closable))
  defer { context.leave() }
  try body()
}

/// Shows a window and runs an asynchronous `body` with its output going into it. PyWebIO: `popup`.
public func popup(
  _ title: String, size: PopupSize = .normal, implicitClose: Bool = true, closable: Bool = true,
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
) async throws {
  let context = try TaskContext.required()
  context.enter(context.popup(title, [], size, implicitClose, closable))
  defer { context.leave() }
  try await body()
}

extension TaskContext {
  /// The name of the scope inside it.
  @discardableResult
  fileprivate func popup(
    _ title: String, _ contents: [Content], _ size: PopupSize, _ implicitClose: Bool, _ closable: Bool
  ) -> String {
    let name = randomToken(10)
    var spec = Spec()
    spec.set("content", contents)
    spec.set("title", title)
    spec.set("size", size.rawValue)
    spec.set("implicit_close", implicitClose && closable)
    spec.set("closable", closable)
    spec.set("dom_id", "pywebio-scope-\(name)")
    send("popup", spec)
    let inner = spec.scopes
    session.editScopes { scopes in
      scopes.clear(ScopeTree.popup)
      scopes.add([ScopeTree.Entry(name: name)], to: ScopeTree.popup)
      scopes.add(inner, to: name)
    }
    return name
  }
}

/// Closes the open popup, if there is one. PyWebIO: `close_popup`.
public func closePopup() {
  perform { context in
    context.send("close_popup", nil)
    context.session.editScopes { $0.clear(ScopeTree.popup) }
  }
}

/// What a toast is about, by its colour. PyWebIO takes the same names.
public enum ToastColor: Sendable {
  case info, success, warn, error
  /// A CSS colour such as `#336699`.
  case css(String)

  var value: String {
    switch self {
    case .info: "#1565c0"
    case .success: "#2e7d32"
    case .warn: "#ef6c00"
    case .error: "#e53935"
    case .css(let color): color
    }
  }
}

/// Where a toast appears.
public enum ToastPosition: String, Sendable {
  case left, center, right
}

/// Shows a short message for a while. PyWebIO: `toast`.
///
/// `duration` is in seconds; 0 keeps it until it is clicked away.
public func toast(
  _ text: String, duration: Double = 2, position: ToastPosition = .center, color: ToastColor = .info,
  onClick: (@Sendable () async throws -> Void)? = nil
) {
  var spec = Spec()
  spec.set("content", text)
  spec.set("duration", Int(clampedMilliseconds: duration))
  spec.set("position", position.rawValue)
  spec.set("color", color.value)
  spec["callback_id"] = onClick.map { action in .callback { _ in try await action() } } ?? .json(.null)
  perform { $0.send("toast", spec, .passing(retiring: [])) }
}

extension Int {
  /// A day at most: a duration from outside must not trap.
  fileprivate init(clampedMilliseconds seconds: Double) {
    self = seconds.isNaN ? 0 : Int(Swift.min(Swift.max(seconds, 0), 86_400) * 1000)
  }
}

/// What an alert is about, by its colour.
public enum AlertKind: String, Sendable {
  case info, success, warning
  case error = "danger"
}

extension Content {
  /// A box in the colour of its meaning: `.info`, `.success`, `.warning` or `.error`.
  public static func alert(_ kind: AlertKind, _ contents: [Content], closable: Bool = false) -> Content {
    var spec = Spec(type: "alert")
    spec.set("color", kind.rawValue)
    spec.set("contents", contents)
    spec.set("closable", closable)
    return Content(spec)
  }
}

/// Shows contents in a blue box. PyWebIO: `put_info`.
@discardableResult
public func putInfo(
  _ contents: Content..., closable: Bool = false, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.alert(.info, contents, closable: closable), scope: scope, position: position)
}

/// Shows contents in a green box. PyWebIO: `put_success`.
@discardableResult
public func putSuccess(
  _ contents: Content..., closable: Bool = false, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.alert(.success, contents, closable: closable), scope: scope, position: position)
}

/// Shows contents in a yellow box. PyWebIO: `put_warning`.
@discardableResult
public func putWarning(
  _ contents: Content..., closable: Bool = false, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.alert(.warning, contents, closable: closable), scope: scope, position: position)
}

/// Shows contents in a red box. PyWebIO: `put_error`.
@discardableResult
public func putError(
  _ contents: Content..., closable: Bool = false, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.alert(.error, contents, closable: closable), scope: scope, position: position)
}

/// Shows a box in the colour of its meaning and runs `body` with its output going into it. PyWebIO: `with put_info()`.
///
///     try putAlert(.warning) { putText("Mind the gap") }
public func putAlert(
  _ kind: AlertKind, closable: Bool = false, scope: String? = nil, position: OutputPosition = .bottom,
  _ body: () throws -> Void
) throws {
  try putContainer({ .alert(kind, [], closable: closable).containing($0) }, scope, position, body)
}

/// Shows a box in the colour of its meaning and runs an asynchronous `body` with its output going into it. PyWebIO:
/// `with put_info()`.
public func putAlert(
  _ kind: AlertKind, closable: Bool = false, scope: String? = nil, position: OutputPosition = .bottom,
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
) async throws {
  try await putContainer({ .alert(kind, [], closable: closable).containing($0) }, scope, position, body)
}

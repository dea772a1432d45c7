/// How a page speaks to its session. PyWebIO: the choice between `platform.tornado` and `platform.tornado_http`.
public enum Transport: Sendable, Equatable {
  /// A WebSocket, and HTTP requests where something on the way lets no WebSocket pass. The page finds out by itself.
  case auto
  /// A WebSocket only.
  case webSocket
  /// HTTP requests only: one waits for output, others bring what the visitor does.
  case http

  /// What the page is told.
  var name: String {
    switch self {
    case .auto: "auto"
    case .webSocket: "ws"
    case .http: "http"
    }
  }
}

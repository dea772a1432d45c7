import WebIOHTTP

/// What there is at a server's addresses. Each comes after the gate, and the gate's test goes over all of them.
enum Route: Equatable {
  /// The page, its WebSocket and its HTTP session, which are told apart by the request's fields.
  case page
  case asset(String)
  /// Of the static directory.
  case file
  case health
  /// Whether it takes new visitors.
  case readiness
  case nothing

  /// One request of each kind; a new case does not compile without one.
  var example: String {
    switch self {
    case .page: "/"
    case .asset(let name): assetPrefix + name
    case .file: "/static/file.txt"
    case .health: "/healthz"
    case .readiness: "/readyz"
    case .nothing: "/nothing"
    }
  }

  static let examples: [Route] = [.page, .asset("core.js"), .file, .health, .readiness, .nothing]

  init(_ request: HTTPRequestHead, prefix: String) {
    let path = request.path
    // A load balancer asks behind the proxy that adds the prefix, and before it.
    if path == "/healthz" || path == "/readyz" {
      self = path == "/healthz" ? .health : .readiness
      return
    }
    guard path.utf8.starts(with: prefix.utf8) else {
      self = .nothing
      return
    }
    let rest = String(decoding: Array(path.utf8.dropFirst(prefix.utf8.count)), as: UTF8.self)
    switch rest {
    case "/", "": self = .page
    case "/healthz": self = .health
    case "/readyz": self = .readiness
    case _ where rest.utf8.starts(with: assetPrefix.utf8):
      self = .asset(String(decoding: Array(rest.utf8.dropFirst(assetPrefix.utf8.count)), as: UTF8.self))
    case _ where rest.utf8.starts(with: "/static/".utf8): self = .file
    default: self = .nothing
    }
  }
}

import WebIOHTTP

/// What is known of a visitor when the session starts. PyWebIO: `session.info`.
public struct SessionInfo: Sendable {
  /// The User-Agent field as the browser sent it.
  public let userAgent: String
  /// The first tag of Accept-Language, `en` when there is none.
  public let userLanguage: String
  /// The Host field: how the visitor reached the server.
  public let serverHost: String
  /// The Origin field of the page.
  public let origin: String
  /// The visitor's address; behind a tunnel or trusted proxy, the one that it reported.
  public let userIP: String
  /// Always `webio`.
  public let backend: String
  /// `websocket` or `http`.
  public let transport: String
  /// The app's name from `?app=`.
  public let app: String
  /// Whether this is the developer's own page in `webio dev`, or the server runs with `debug`: then details of errors are shown.
  public let isDeveloper: Bool

  init(
    _ request: HTTPRequestHead, peerAddress: String, trustsForwarded: Bool, app: String, transport: String,
    isDeveloper: Bool
  ) {
    userAgent = request.fields["User-Agent"] ?? ""
    let languages = (request.fields["Accept-Language"] ?? "").utf8
    let first = languages.prefix { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: ";") }
    userLanguage = first.isEmpty ? "en" : String(decoding: Array(first), as: UTF8.self)
    serverHost = request.fields["Host"] ?? ""
    origin = request.fields["Origin"] ?? ""
    let forwarded = trustsForwarded ? request.fields["X-Forwarded-For"] : nil
    let client = (forwarded ?? peerAddress).utf8.prefix { $0 != UInt8(ascii: ",") }
    userIP = String(decoding: Array(client), as: UTF8.self)
    backend = "webio"
    self.transport = transport
    self.app = app
    self.isDeveloper = isDeveloper
  }
}

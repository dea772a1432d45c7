import WebIOHTTP

/// What is known of a visitor when the session starts. PyWebIO: `session.info`.
public struct SessionInfo: Sendable {
  /// The browser, its system and the kind of device. `"\(info.userAgent)"` is the field as the browser sent it.
  public let userAgent: UserAgent
  /// The first tag of Accept-Language, `en` when there is none.
  public let userLanguage: String
  /// The Host field: how the visitor reached the server.
  public let serverHost: String
  /// The Origin field of the page.
  public let origin: String
  /// The visitor's address; behind a tunnel, `webio serve` or one of `trustedProxies`, the one that it reported.
  public let userIP: String
  /// Always `webio`.
  public let backend: String
  /// `websocket` or `http`.
  public let transport: String
  /// The app's name from `?app=`.
  public let app: String
  /// Whether this is the developer's own page in `webio dev`, or the server runs with `debug`: then details of errors are shown.
  public let isDeveloper: Bool
  /// The page is PyWebIO's own: it knows the documented protocol only. Ours says `webio=1`.
  let isPyWebIOPage: Bool

  init(
    _ request: HTTPRequestHead, userIP: String, app: String, transport: String, isDeveloper: Bool
  ) {
    self.init(
      userAgent: request.fields["User-Agent"] ?? "", acceptLanguage: request.fields["Accept-Language"] ?? "",
      serverHost: request.fields["Host"] ?? "", origin: request.fields["Origin"] ?? "",
      userIP: userIP, app: app, transport: transport, isDeveloper: isDeveloper,
      isPyWebIOPage: request.queryValue("webio") != "1")
  }

  init(
    userAgent: String, acceptLanguage: String, serverHost: String, origin: String, userIP: String, app: String,
    transport: String, isDeveloper: Bool, isPyWebIOPage: Bool = false
  ) {
    self.userAgent = UserAgent(userAgent)
    let first = acceptLanguage.utf8.prefix { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: ";") }
    userLanguage = first.isEmpty ? "en" : String(decoding: Array(first), as: UTF8.self)
    self.serverHost = serverHost
    self.origin = origin
    self.userIP = userIP
    backend = "webio"
    self.transport = transport
    self.app = app
    self.isDeveloper = isDeveloper
    self.isPyWebIOPage = isPyWebIOPage
  }
}

import WebIOHTTP
import WebIOPosix

/// What a page says when it comes.
struct Visit {
  let application: Application
  /// `NEW`, or the id of a session that it had.
  let id: String
  /// Our own page, which takes numbered commands.
  let isNumbered: Bool
  let page: String
  let received: Int
  let info: SessionInfo
  /// What strangers type is not recorded.
  let isRecorded: Bool

  @EventLoop init(
    _ exchange: HTTPExchange, _ applications: ApplicationTable, _ options: ServerOptions, transport: String,
    isDeveloper: Bool
  ) {
    let request = exchange.request
    application = applications[request.queryValue("app")]
    isNumbered = request.queryValue("webio") == "1"
    // PyWebIO's page has its session by the header alone.
    id = transport == "http" && !isNumbered ? "NEW" : request.queryValue("session") ?? "NEW"
    page = request.queryValue("page") ?? ""
    received = request.queryValue("received").flatMap { ASCII.decimal($0) } ?? 0
    isRecorded = !request.fields.contains(DevMode.publicField)
    info = SessionInfo(
      request,
      userIP: exchange.origin == .network
        ? options.trustedProxies.visitor(peer: exchange.peerAddress, forwarded: request.fields.all("X-Forwarded-For"))
        : exchange.peerAddress,
      app: application.name, transport: transport, isDeveloper: isDeveloper || options.debug)
  }
}

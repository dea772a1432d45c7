import WebIOHTTP
import WebIOPosix

/// Answers an app's requests: the page, its assets, and the WebSocket of a session, all below one URL.
@EventLoop
final class AppHandler: HTTPRequestHandler {
  private let applications: ApplicationTable
  private let options: ServerOptions
  private let registry: SessionRegistry
  private let gate: OriginGate
  private let files: StaticFiles?

  init(_ applications: ApplicationTable, _ options: ServerOptions, gate: OriginGate) throws {
    self.applications = applications
    self.options = options
    self.gate = gate
    registry = SessionRegistry(
      reconnectTimeout: options.reconnectTimeout, executor: options.http.executor,
      journals: try DevMode.current?.journal.map { try JournalChannel($0) })
    registry.journals?.onRun = { [applications, weak registry] id, app, recorded in
      registry?.rehearse(applications[app], id, recorded)
    }
    files = try options.staticDirectory.map { try StaticFiles(directory: $0) }
  }

  func handle(_ exchange: HTTPExchange) {
    let request = exchange.request
    if let refusal = gate.refusal(of: request, origin: exchange.origin) {
      return exchange.respond(.forbidden, text: refusal)
    }
    let path = request.path
    if path == "/" { return root(exchange) }
    if path.hasPrefix(assetPrefix) { return asset(exchange, String(path.dropFirst(assetPrefix.count))) }
    if let files, files.covers(request) { return files.handle(exchange) }
    if path == "/healthz" { return exchange.respond(.ok, text: "ok\n") }
    exchange.respond(.notFound, text: "There is nothing at this address.\n")
  }

  private func root(_ exchange: HTTPExchange) {
    let request = exchange.request
    if request.fields.contains("websocket", in: "Upgrade") { return openSession(exchange) }
    guard request.method == "GET" || request.method == "HEAD" else {
      var fields = HTTPFields()
      fields.append("Allow", "GET, HEAD")
      return exchange.respond(.methodNotAllowed, fields, [])
    }
    // PyWebIO's pages ask this of a server whose transport they do not know.
    if request.queryValue("test") != nil { return exchange.respond(.ok, text: "") }
    let application = applications[request.queryValue("app")]
    let (html, policy) = Page(
      title: application.title, description: application.description, theme: options.theme, app: application.name,
      dev: isDeveloper(request) ? DevMode.current : nil
    ).render()
    var fields = HTTPFields()
    fields.append("Content-Type", "text/html; charset=utf-8")
    fields.append("Content-Security-Policy", policy)
    fields.append("X-Content-Type-Options", "nosniff")
    fields.append("Referrer-Policy", "same-origin")
    fields.append("Cache-Control", "no-cache")
    exchange.compresses = true
    exchange.respond(.ok, fields, html)
  }

  private func asset(_ exchange: HTTPExchange, _ name: String) {
    let isCore = name == "core.js"
    guard isCore || name.hasSuffix(".js"), let file = isCore ? [] : FrontendAssets.file(name).map(Array.init) else {
      return exchange.respond(.notFound, text: "There is nothing at this address.\n")
    }
    var fields = HTTPFields()
    fields.append("Content-Type", "text/javascript; charset=utf-8")
    fields.append("X-Content-Type-Options", "nosniff")
    fields.append("Cross-Origin-Resource-Policy", "same-origin")
    let isVersioned = exchange.request.queryValue("v") == FrontendAssets.version
    fields.append("Cache-Control", isVersioned ? "public, max-age=31536000, immutable" : "no-cache")
    exchange.compresses = true
    guard isCore, Gzip.isAccepted(by: exchange.request.fields) else {
      return exchange.respond(.ok, fields, isCore ? FrontendLinker.core : file)
    }
    fields.append("Content-Encoding", "gzip")
    fields.append("Vary", "Accept-Encoding")
    exchange.respond(.ok, fields, Self.compressedCore)
  }

  /// Compressed once for all visitors, and so as well as it goes.
  private static let compressedCore = Gzip.compress(FrontendLinker.core, level: 9)

  private func openSession(_ exchange: HTTPExchange) {
    let request = exchange.request
    guard gate.allowsWebSocket(request) else {
      return exchange.respond(.forbidden, text: "This page's origin may not open a session here.\n")
    }
    let application = applications[request.queryValue("app")]
    let id = request.queryValue("session") ?? "NEW"
    let isNumbered = request.queryValue("webio") == "1"
    let info = SessionInfo(
      request, peerAddress: exchange.peerAddress, trustsForwarded: DevMode.current != nil, app: application.name,
      transport: "websocket", isDeveloper: isDeveloper(request) || options.debug)
    guard
      let socket = exchange.upgradeToWebSocket(
        maxMessageSize: options.maxPayloadSize, compression: true)
    else { return }

    let visit = Visit(
      socket: socket, isNumbered: isNumbered, page: request.queryValue("page") ?? "",
      received: request.queryValue("received").flatMap { decimal($0) } ?? 0)
    let limit = isNumbered ? options.maxPayloadSize : nil
    // What strangers type is not recorded.
    let isRecorded = !request.fields.contains(DevMode.publicField)
    guard id != "NEW" else {
      return open(registry.start(application, info, uploadLimit: limit, isRecorded: isRecorded), visit, isNew: true)
    }
    if let known = registry[id] { return open(known, visit, isNew: false) }
    guard isRecorded, let journals = registry.journals else { return refuse(socket) }
    journals.want(id) { [self] recorded in
      guard socket.isOpen else { return }
      if let known = registry[id] { return open(known, visit, isNew: false) }
      guard let recorded else { return refuse(socket) }
      // Its page is that of older code. It loads itself again, and comes back with nothing received.
      guard visit.received == 0 else { return socket.close(code: 4002, reason: "the app is newer than this page") }
      open(registry.start(application, info, uploadLimit: limit, isRecorded: true, again: id, recorded), visit, isNew: true)
    }
  }

  /// A page that has come.
  private struct Visit {
    let socket: WebSocketConnection
    let isNumbered: Bool
    let page: String
    let received: Int
  }

  private func open(_ session: Session, _ visit: Visit, isNew: Bool) {
    let link = WebSocketLink(visit.socket, session, registry, isNumbered: visit.isNumbered)
    if isNew, registry.canReconnect { link.sendSessionID() }
    guard session.attach(link, received: isNew ? 0 : visit.received, page: visit.page) else {
      return refuse(visit.socket)
    }
    registry.pageCame(session)
  }

  /// The id is unknown or has expired, which look the same from outside.
  private func refuse(_ socket: WebSocketConnection) {
    socket.sendText(Command.encode("close_session"))
    socket.close(code: 1000, reason: "")
  }

  private func isDeveloper(_ request: HTTPRequestHead) -> Bool {
    guard let dev = DevMode.current, !dev.token.isEmpty else { return false }
    return request.fields["Webio-Developer"] == dev.token
  }

  func close() { registry.closeAll() }
}

/// Digits only, of at most nine places.
private func decimal(_ text: String) -> Int? {
  var value = 0
  let digits = text.utf8
  guard !digits.isEmpty, digits.count <= 9 else { return nil }
  for digit in digits {
    guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
    value = value * 10 + Int(digit - UInt8(ascii: "0"))
  }
  return value
}

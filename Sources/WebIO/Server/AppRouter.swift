import WebIOHTTP
import WebIOPosix

/// Answers the requests of apps: the page, its assets, and the sessions, all below one URL.
@EventLoop
final class AppRouter: HTTPRequestHandler {
  private let applications: ApplicationTable
  private let options: ServerOptions
  private let registry: SessionRegistry
  private let polling: PollingSessions
  private let gate: OriginGate
  private let files: StaticFiles?
  let metrics = ServerMetrics()
  private var hasToldOfLostAssets = false

  init(_ applications: ApplicationTable, _ options: ServerOptions, gate: OriginGate) throws {
    self.applications = applications
    self.options = options
    self.gate = gate
    registry = SessionRegistry(
      reconnectTimeout: options.reconnectTimeout, limits: options.sessions, executor: options.http.executor,
      sessionPrefix: options.sessionPrefix, journals: try DevMode.current?.journal.map { try JournalChannel($0) })
    registry.metrics = metrics
    metrics.registry = registry
    polling = PollingSessions(options.sessions, maxPayloadSize: options.maxPayloadSize)
    registry.journals?.onRun = { [applications, weak registry] id, app, recorded in
      registry?.rehearse(applications[app], id, recorded)
    }
    registry.shell = { [options] in Self.page(of: $0, options, assets: options.cdn).shell }
    files = try options.staticDirectory.map {
      try StaticFiles(directory: $0, prefix: "\(options.prefix)/static/")
    }
  }

  func handle(_ exchange: HTTPExchange) {
    let request = exchange.request
    if let token = DevMode.metricsToken, request.fields[DevMode.metricsField] == token {
      return MetricsListener.respond(exchange, metrics.text)
    }
    if let refusal = gate.refusal(of: request, origin: exchange.origin) {
      return exchange.respond(.forbidden, text: refusal)
    }
    switch Route(request, prefix: options.prefix) {
    case .page: root(exchange)
    case .asset(let name): asset(exchange, name)
    case .file where files?.covers(request) == true: files?.handle(exchange)
    case .health: exchange.respond(.ok, text: "ok\n")
    case .readiness where metrics.isDraining: exchange.respond(.serviceUnavailable, text: "draining\n")
    case .readiness: exchange.respond(.ok, text: "ready\n")
    case .file, .nothing: exchange.respond(.notFound, text: "There is nothing at this address.\n")
    }
  }

  private func root(_ exchange: HTTPExchange) {
    let request = exchange.request
    if request.fields.contains("websocket", in: "Upgrade") { return openSocket(exchange) }
    if options.transport != .webSocket {
      if request.hasMethod("OPTIONS") { return preflight(exchange) }
      if request.fields.contains(PollingSessions.field) { return poll(exchange) }
    }
    guard request.isGet || request.isHead else {
      var fields = HTTPFields()
      fields.append("Allow", options.transport == .webSocket ? "GET, HEAD" : "GET, HEAD, OPTIONS, POST")
      return exchange.respond(.methodNotAllowed, fields, [])
    }
    // PyWebIO's pages ask this of a server whose transport they do not know.
    if request.queryValue("test") != nil { return exchange.respond(.ok, text: options.transport == .http ? "ok" : "") }
    let application = applications[request.queryValue("app")]
    let config = application.config ?? options.config
    if config.isInstallable, request.queryValue("manifest") != nil {
      let manifest = config.manifest(of: application, icon: config.icon ?? Page.defaultIcon)
      return exchange.respond(.ok, ["Content-Type": "application/manifest+json"], manifest.serialized)
    }
    let isFallback = request.queryValue("_pywebio_cdn") == "false"
    var page = Self.page(of: application, options, assets: isFallback ? nil : options.cdn)
    page.dev = isDeveloper(request) ? DevMode.current : nil
    if isFallback, let cdn = options.cdn {
      page.lostBase = cdn
      if !hasToldOfLostAssets {
        hasToldOfLostAssets = true
        Log.warning(AssetFallback.advice(cdn))
      }
    }
    page.backend = request.queryValue("pywebio_api").flatMap(Page.backend)
    let (html, policy) = page.render()
    var fields = HTTPFields()
    fields.append("Content-Type", "text/html; charset=utf-8")
    fields.append("Content-Security-Policy", policy)
    fields.append("X-Content-Type-Options", "nosniff")
    fields.append("Referrer-Policy", "same-origin")
    fields.append("Cache-Control", "no-cache")
    exchange.compresses = true
    exchange.respond(.ok, fields, html)
  }

  private static func page(of application: Application, _ options: ServerOptions, assets cdn: String?) -> Page {
    let config = application.config ?? options.config
    return Page(
      title: application.title, description: application.description, theme: config.theme ?? options.theme,
      app: application.name, transport: options.transport, config: config, base: cdn ?? options.prefix + assetPrefix,
      hasFallback: cdn != nil)
  }

  private func asset(_ exchange: HTTPExchange, _ name: String) {
    let isCore = name == "core.js"
    guard isCore || name.hasSuffix(".js"), let file = isCore ? [] : FrontendAssets.file(name).map(Array.init) else {
      return exchange.respond(.notFound, text: "There is nothing at this address.\n")
    }
    var fields = HTTPFields()
    fields.append("Content-Type", "text/javascript; charset=utf-8")
    fields.append("X-Content-Type-Options", "nosniff")
    fields.append("Cross-Origin-Resource-Policy", "cross-origin")
    // They are the same everywhere and tell nothing: a page of another host may load them.
    fields.append("Access-Control-Allow-Origin", "*")
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

  // MARK: Sessions

  private func openSocket(_ exchange: HTTPExchange) {
    guard options.transport != .http else {
      return exchange.respond(.badRequest, text: "This server opens no WebSockets: its sessions are HTTP requests.\n")
    }
    let visit = Visit(
      exchange, applications, options, transport: "websocket", isDeveloper: isDeveloper(exchange.request))
    guard hasRoom(visit) else { return refuseForNow(exchange) }
    guard let socket = exchange.upgradeToWebSocket(maxMessageSize: options.maxPayloadSize, compression: true) else { return }
    open(visit, socket)
  }

  private func preflight(_ exchange: HTTPExchange) {
    var fields = HTTPFields()
    fields.append("Allow", "GET, HEAD, OPTIONS, POST")
    CORS.allow(exchange.request, &fields)
    exchange.respond(.noContent, fields, [])
  }

  private func poll(_ exchange: HTTPExchange) {
    polling.handle(exchange) { [self] connection in
      let visit = Visit(
        exchange, applications, options, transport: "http", isDeveloper: isDeveloper(exchange.request))
      guard hasRoom(visit) else {
        refuseForNow(exchange)
        return false
      }
      open(visit, connection)
      return true
    }
  }

  private func hasRoom(_ visit: Visit) -> Bool {
    visit.id != "NEW" || registry.hasRoom(for: visit.info.userIP)
  }

  private func refuseForNow(_ exchange: HTTPExchange) {
    metrics.sessionsRefused += 1
    var fields = HTTPFields()
    fields.append("Retry-After", "30")
    CORS.allow(exchange.request, &fields)
    exchange.respond(.serviceUnavailable, fields, text: "There are too many visitors just now. Please come back later.\n")
  }

  private func open(_ visit: Visit, _ socket: any MessageSocket) {
    let application = visit.application
    if let script = options.script { return open(script, visit, socket) }
    let isRecorded = visit.isRecorded
    let limit = visit.isNumbered ? options.maxPayloadSize : nil
    guard visit.id != "NEW" else {
      let session = registry.start(application, visit.info, uploadLimit: limit, isRecorded: isRecorded)
      return join(session, visit, socket, isNew: true)
    }
    if let known = registry[visit.id] { return join(known, visit, socket, isNew: false) }
    guard isRecorded, let journals = registry.journals else { return refuse(socket) }
    journals.want(visit.id) { [self] recorded in
      guard socket.isOpen else { return }
      if let known = registry[visit.id] { return join(known, visit, socket, isNew: false) }
      guard let recorded else { return refuse(socket) }
      // Its page is that of older code. It loads itself again, and comes back with nothing received.
      guard visit.received == 0 else { return socket.close(code: 4002, reason: "the app is newer than this page") }
      let session = registry.start(
        application, visit.info, uploadLimit: limit, isRecorded: true, again: visit.id, recorded)
      join(session, visit, socket, isNew: true)
    }
  }

  /// There is one session, for whoever comes: a page that is opened anew gets it from its beginning.
  private func open(_ script: Script, _ visit: Visit, _ socket: any MessageSocket) {
    let session = script.session
    let isNew = visit.id == "NEW"
    guard isNew || visit.id == session.id, !session.isClosed || !session.isDelivered else { return refuse(socket) }
    registry.adopt(session)
    join(session, visit, socket, isNew: isNew)
    script.visited(visit.info, socket)
  }

  private func join(_ session: Session, _ visit: Visit, _ socket: any MessageSocket, isNew: Bool) {
    let link = PageLink(socket, session, registry, isNumbered: visit.isNumbered)
    // PyWebIO's page cannot come back over HTTP: it has made its id itself.
    if isNew, registry.canReconnect, visit.isNumbered || visit.info.transport == "websocket" { link.sendSessionID() }
    guard session.attach(link, received: isNew ? 0 : visit.received, page: visit.page) else { return refuse(socket) }
    registry.pageCame(session)
  }

  /// The id is unknown or has expired, which look the same from outside.
  private func refuse(_ socket: any MessageSocket) {
    socket.sendText(Command.encode("close_session"))
    socket.close(code: 1000, reason: "")
  }

  private func isDeveloper(_ request: HTTPRequestHead) -> Bool {
    guard let dev = DevMode.current, !dev.token.isEmpty else { return false }
    return request.fields["Webio-Developer"] == dev.token
  }

  /// The server that hands its requests here.
  func makeServer(countsRequests: Bool) throws -> HTTPServer {
    let log = try options.http.accessLog?.makeWriter()
    let server = HTTPServer(
      handler: self, limits: options.http.limits, options: options.http,
      accessLog: countsRequests ? metrics.counting(log) : log)
    server.onReport = { Log.warning($0) }
    metrics.server = server
    return server
  }

  func setDraining(_ isDraining: Bool) { metrics.isDraining = isDraining }

  var hasSessions: Bool { registry.count > 0 }

  func close() {
    polling.stop()
    registry.closeAll()
  }
}

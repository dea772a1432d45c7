import WebIOHTTP
import WebIOPosix

/// The local page that shows what public visitors ask and get. It has a port of its own on loopback, which no tunnel leads
/// to, and wants one of this machine's names and the run's token.
@EventLoop
package final class Inspector {
  package nonisolated static let defaultPort: UInt16 = 4040

  private let gateway: Gateway
  private let traffic: TrafficLog
  private let assets: [String: GatewayAsset]
  private let page: [UInt8]
  private let token = randomToken(32)
  private var server: HTTPServer!
  private var sockets: [ObjectIdentifier: WebSocketConnection] = [:]
  private var changed: Set<Int> = []
  private var flush: TimerToken?

  /// `assets` are by path.
  package init(_ gateway: Gateway, page: [UInt8], assets: [String: GatewayAsset]) {
    self.gateway = gateway
    self.page = page
    self.assets = assets
    traffic = TrafficLog()
    gateway.traffic = traffic
    server = HTTPServer(handler: Front(self), limits: HTTPLimits())
    traffic.onChange = { [weak self] in self?.note($0) }
  }

  private final class Front: HTTPRequestHandler {
    private weak var inspector: Inspector?
    init(_ inspector: Inspector) { self.inspector = inspector }
    func handle(_ exchange: HTTPExchange) {
      if let inspector { inspector.handle(exchange) } else { exchange.abort() }
    }
  }

  /// Listens on `port`, or on 4040 or the next free one, and gives the address to open. Throws `DevError`.
  package func start(port: UInt16?) throws -> String {
    do {
      let binding = try PortPicker(host: "localhost", first: Self.defaultPort).bind(explicit: port)
      for descriptor in binding.descriptors { try server.listen(inherited: descriptor) }
      return "http://localhost:\(binding.port)/?token=\(token)"
    } catch let error as DevError {
      throw DevError(error.code, error.message, advice: "Choose another port for the inspector: --inspect=PORT")
    }
  }

  package func stop(_ completion: @escaping @EventLoop () -> Void) {
    flush?.cancel()
    gateway.traffic = nil
    for socket in sockets.values { socket.close(code: WebSocketCloseCode.goingAway, reason: "") }
    server.stop(grace: .milliseconds(300), completion)
  }

  // MARK: Requests

  private static let fields: HTTPFields = [
    "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
  ]

  private func handle(_ exchange: HTTPExchange) {
    let request = exchange.request
    guard exchange.origin == .network, HostGate.isLoopback(request.host),
      exchange.peerAddress == "::1" || exchange.peerAddress.hasPrefix("127.")
    else { return refuse(exchange, .forbidden, "The inspector is for this machine only, by the name localhost.") }
    if let site = request.fields["Sec-Fetch-Site"], site != "same-origin", site != "none" {
      return refuse(exchange, .forbidden, "The inspector is for its own page only.")
    }
    if let asset = assets[request.path] {
      guard allow(exchange, ["GET", "HEAD"]) else { return }
      return respond(exchange, asset.contentType, asset.bytes)
    }
    switch request.path {
    case "/": showPage(exchange)
    case "/events": connect(exchange)
    case "/exchange", "/replay", "/clear": answer(exchange)
    default: refuse(exchange, .notFound, "There is nothing here.")
    }
  }

  private func allow(_ exchange: HTTPExchange, _ methods: [String]) -> Bool {
    if methods.contains(exchange.request.method) { return true }
    exchange.respond(.methodNotAllowed, ["Allow": methods.joined(separator: ", ")], text: "Not by this method.\n")
    return false
  }

  private func hasToken(_ text: String?) -> Bool { isEqualInConstantTime(text ?? "", token) }

  private func showPage(_ exchange: HTTPExchange) {
    guard allow(exchange, ["GET", "HEAD"]) else { return }
    guard hasToken(exchange.request.queryValue("token")) else {
      return refuse(exchange, .forbidden, "Open the address with the token that webio has printed.")
    }
    let policy = """
      default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'
      """
    respond(exchange, "text/html; charset=utf-8", page, ["Content-Security-Policy": policy])
  }

  private func connect(_ exchange: HTTPExchange) {
    let request = exchange.request
    guard HostGate.isOwn(origin: request.fields["Origin"], host: request.host), hasToken(request.queryValue("token"))
    else { return refuse(exchange, .forbidden, "The inspector is for its own page only.") }
    guard let socket = exchange.upgradeToWebSocket(maxMessageSize: 1024, compression: false) else { return }
    let key = ObjectIdentifier(socket)
    sockets[key] = socket
    socket.onClose = { [weak self] _, _ in self?.sockets[key] = nil }
    socket.sendText(message("hello", traffic.records))
  }

  /// What reads and changes: the token is in a field, which no foreign page can set.
  private func answer(_ exchange: HTTPExchange) {
    let request = exchange.request
    guard hasToken(request.fields["webio-token"]) else {
      return refuse(exchange, .forbidden, "The token is not that of this run of webio: open the printed address again.")
    }
    guard allow(exchange, [request.path == "/exchange" ? "GET" : "POST"]) else { return }
    if !request.isGet, !HostGate.isOwn(origin: request.fields["Origin"], host: request.host) {
      return refuse(exchange, .forbidden, "The inspector is for its own page only.")
    }
    if request.path == "/clear" {
      traffic.clear()
      for socket in sockets.values { socket.sendText(message("hello", [])) }
      return exchange.respond(.noContent)
    }
    guard let record = request.queryValue("id").flatMap(ASCII.decimal).flatMap({ traffic[$0] }) else {
      return refuse(exchange, .notFound, "This request is not kept any more.")
    }
    if request.path == "/exchange" { return respond(exchange, "application/json", record.details.serialized) }
    if let reason = gateway.replay(record) { return refuse(exchange, HTTPStatus(409), reason) }
    exchange.respond(.noContent)
  }

  private func respond(
    _ exchange: HTTPExchange, _ type: String, _ body: [UInt8], _ more: HTTPFields = HTTPFields()
  ) {
    var fields = Self.fields
    fields.set("Content-Type", type)
    for (name, value) in more.list { fields.set(name, value) }
    exchange.respond(.ok, fields, body)
  }

  private func refuse(_ exchange: HTTPExchange, _ status: HTTPStatus, _ text: String) {
    exchange.respond(status, Self.fields, text: "\(text)\n")
  }

  // MARK: News

  /// Ten times a second at most, however many requests there are.
  private func note(_ record: TrafficRecord) {
    guard !sockets.isEmpty else { return }
    changed.insert(record.id)
    guard flush == nil else { return }
    flush = Reactor.shared.schedule(after: .milliseconds(100)) { [weak self] in self?.tell() }
  }

  private func tell() {
    flush = nil
    let news = message("changed", traffic.records.filter { changed.contains($0.id) })
    changed = []
    // A page that does not read gets no more; what it misses it has again after a reload.
    for socket in sockets.values where socket.bufferedBytes <= highWaterMark { socket.sendText(news) }
  }

  private func message(_ event: String, _ records: [TrafficRecord]) -> [UInt8] {
    JSONValue.object([
      "event": .string(event), "first": .int(Int64(traffic.records.first?.id ?? 0)),
      "exchanges": .array(records.map(\.summary)),
    ]).serialized
  }
}

extension TrafficRecord {
  /// A line of the list.
  var summary: JSONValue {
    [
      "id": .int(Int64(id)), "method": .string(method), "target": .string(target), "from": .string(from),
      "at": .int(Int64(clock)), "status": status.map { .int(Int64($0)) } ?? nil,
      "ms": duration.map { .int(Int64($0.wholeMilliseconds)) } ?? nil, "isWebSocket": .bool(isWebSocket),
      "isCut": .bool(isCut), "requestSize": .int(Int64(requestBody.count)),
      "responseSize": .int(Int64(responseBody.count)), "frames": .int(Int64(frameCount)),
      "replayOf": replayOf.map { .int(Int64($0)) } ?? nil,
    ]
  }

  /// All that is kept.
  var details: JSONValue {
    func fields(_ list: [(name: String, value: String)]) -> JSONValue {
      .array(list.map { [.string($0.name), .string($0.value)] })
    }
    func body(_ body: Body) -> JSONValue {
      ["size": .int(Int64(body.count)), "base64": .string(Base64.encode(body.bytes)), "isWhole": .bool(body.isWhole)]
    }
    return [
      "exchange": summary,
      "request": ["fields": fields(requestFields), "body": body(requestBody)],
      "response": ["fields": fields(responseFields), "body": body(responseBody)],
      "frames": .array(
        frames.map { seen in
          [
            "isFromVisitor": .bool(seen.isFromVisitor), "ms": .int(Int64(seen.milliseconds)),
            "opcode": .int(Int64(seen.frame.opcode)), "isFinal": .bool(seen.frame.isFinal),
            "size": .int(Int64(seen.frame.length)), "base64": .string(Base64.encode(seen.frame.payload)),
          ]
        }),
    ]
  }
}

import WebIOHTTP
import WebIOPosix

/// The pages that speak by HTTP requests, by the ids that they have made. See Sources/Frontend/PROTOCOL.md, section 7.
@EventLoop
final class PollingSessions {
  /// Browsers send it to another host only when that host allows it, so a form of a foreign page cannot.
  nonisolated static let field = "webio-session-id"

  private let limits: SessionLimits
  private let maxPayloadSize: Int
  private var connections: [String: PollingConnection] = [:]
  private var isSweeping = false

  init(_ limits: SessionLimits, maxPayloadSize: Int) {
    self.limits = limits
    self.maxPayloadSize = maxPayloadSize
  }

  var count: Int { connections.count }

  /// Answers a request that has the field. `open` connects a new page to a session, or answers itself and gives false.
  func handle(_ exchange: HTTPExchange, open: (PollingConnection) -> Bool) {
    let request = exchange.request
    let field = request.fields[Self.field] ?? ""
    let isNew = field.utf8.starts(with: "NEW-".utf8)
    let id = isNew ? String(decoding: Array(field.utf8.dropFirst(4)), as: UTF8.self) : field
    guard Self.isValid(id) else {
      return exchange.respond(.badRequest, text: "webio-session-id is 16 to 64 letters, digits, \"-\" and \"_\".\n")
    }
    let batch = number(request, "ack") ?? -1
    if request.isGet {
      // A first request that comes twice: its answer was lost.
      if let known = connections[id] { return known.get(exchange, acknowledging: batch, isFirst: false) }
      guard isNew else { return refuse(exchange, batch) }
      let connection = PollingConnection(
        waits: request.queryValue("webio") == "1", longPoll: limits.longPoll
      ) { [weak self] in self?.connections[id] = nil }
      guard open(connection) else { return }
      if connection.isOpen {
        connections[id] = connection
        sweepLater()
      }
      return connection.get(exchange, acknowledging: batch, isFirst: true)
    }
    guard request.hasMethod("POST") else {
      var fields = HTTPFields()
      fields.append("Allow", "GET, OPTIONS, POST")
      return exchange.respond(.methodNotAllowed, fields, [])
    }
    guard let connection = connections[id] else {
      // Nothing that a page of another site could send begins a session.
      if isNew { return exchange.respond(.forbidden, text: "A session begins with a GET request.\n") }
      return refuse(exchange, batch)
    }
    guard let first = number(request, "seq"), first >= 0 else {
      return exchange.respond(.badRequest, text: "seq is the number of the first event.\n")
    }
    receive(exchange, connection, first, batch)
  }

  private func receive(_ exchange: HTTPExchange, _ connection: PollingConnection, _ first: Int, _ batch: Int) {
    let isBinary = exchange.request.fields["Content-Type"].map { ASCII.equalsIgnoringCase($0, "application/octet-stream") }
    exchange.readBody(limit: maxPayloadSize) { result in
      switch result {
      case .failure(let error): exchange.respond(error.status, text: "\(error.reason)\n")
      case .success(let body):
        if isBinary == true { return connection.post(exchange, from: first, acknowledging: batch, .files(body)) }
        guard let events = try? JSONParser.parse(body).array else {
          return exchange.respond(.badRequest, text: "The body is no JSON list of events.\n")
        }
        connection.post(exchange, from: first, acknowledging: batch, .events(events))
      }
    }
  }

  /// The id is unknown or has expired, which look the same from outside. Our page comes again with its session's id.
  private func refuse(_ exchange: HTTPExchange, _ batch: Int) {
    var window = PollingWindow()
    if exchange.request.queryValue("webio") == "1" {
      return PollingConnection.respond(exchange, window.answer(close: 1006))
    }
    let end = "{\"commands\":[[{\"command\":\"close_session\"}]],\"seq\":\(batch + 1)}"
    PollingConnection.respond(exchange, Array(end.utf8))
  }

  private func sweepLater() {
    guard !isSweeping, !connections.isEmpty else { return }
    isSweeping = true
    Reactor.shared.schedule(after: limits.cleanupInterval) { [weak self] in
      guard let self else { return }
      isSweeping = false
      let now = MonotonicTime.now
      for connection in connections.values where now - connection.lastSeen >= limits.expiry { connection.expire() }
      sweepLater()
    }
  }

  func stop() { for connection in connections.values { connection.stop() } }

  private static func isValid(_ id: String) -> Bool {
    (16...64).contains(id.utf8.count)
      && id.utf8.allSatisfy {
        ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
      }
  }

  private func number(_ request: HTTPRequestHead, _ name: String) -> Int? {
    guard let text = request.queryValue(name) else { return nil }
    if text == "-1" { return -1 }
    return ASCII.decimal(text).flatMap { $0 < 1 << 50 ? $0 : nil }
  }
}

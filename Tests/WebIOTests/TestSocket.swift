import WebIOHTTP
import WebIOPosix

@testable import WebIO

/// How a page of the tests speaks to its session.
enum Carrier: CaseIterable, Sendable {
  case webSocket, http
}

/// The page's end, of either kind.
@EventLoop
protocol TestSocket: AnyObject {
  func sendText(_ bytes: [UInt8])
  func sendBinary(_ bytes: [UInt8])
  /// The link is lost without a word.
  func abort()
  func close()
}

extension WebSocketConnection: TestSocket {
  func close() { close(code: 1000) }
}

/// What polling.js does: one request waits, others bring events, each on a connection of its own.
@EventLoop
final class TestPolling: TestSocket {
  private let port: UInt16
  private let fields: HTTPFields
  private var query: String
  private var id: String
  private var batch = -1
  private var event = 0
  private var queue: [(type: String, body: [UInt8])] = []
  private var isPushing = false
  private var waiting: HTTPClientConnection?
  private var waitingStream: (any ByteStream)?
  private var opened: (@EventLoop (Int) -> Void)?
  private(set) var isOver = false
  var onMessage: @EventLoop (JSONValue) -> Void = { _ in }
  var onClose: @EventLoop (UInt16) -> Void = { _ in }

  init(
    port: UInt16, query: String, fields: HTTPFields, id: String = randomToken(24), opened: @escaping @EventLoop (Int) -> Void
  ) {
    self.port = port
    self.query = query
    self.fields = fields
    self.id = "NEW-\(id)"
    self.opened = opened
    pull()
  }

  private func request(
    _ method: String, _ query: String, type: String? = nil, body: [UInt8] = [], waits: Bool,
    _ done: @escaping @EventLoop (Int, [UInt8]) -> Void
  ) {
    guard let address = SocketAddress(numericHost: "127.0.0.1", port: port) else { return }
    Connector.connect(to: address) { [self] result in
      guard case .success(let stream) = result else { return done(0, []) }
      // Lost between two requests: the server notices by the second.
      let isLost = isOver && waits
      guard !isOver || isLost else { return stream.close() }
      let client = HTTPClientConnection(stream: stream)
      if waits { (waiting, waitingStream) = (client, stream) }
      var status = 0
      var answer: [UInt8] = []
      client.onHead = { status = $0.status.code }
      client.onBody = { answer.append(contentsOf: $0) }
      // It keeps itself until then.
      client.onEnd = { error in
        _ = client
        done(error == nil ? status : 0, answer)
        client.onEnd = nil
        stream.close()
      }
      var fields = fields
      fields.append("webio-session-id", id)
      if let type { fields.append("Content-Type", type) }
      client.send(method, "/?\(query)", fields, bodyLength: method == "POST" ? body.count : nil)
      if method == "POST" { client.write(body) }
      if isLost { stream.close() }
    }
  }

  private func pull() {
    guard !isOver else { return }
    request("GET", "\(query)&ack=\(batch)", waits: true) { [self] status, body in
      opened?(status)
      opened = nil
      guard status == 200, take(body) else { return end(1006) }
      if id.hasPrefix("NEW-") {
        id.removeFirst(4)
        query = query.split(separator: "&").filter { !$0.hasPrefix("session=") }.joined(separator: "&")
      }
      pull()
    }
  }

  private func take(_ body: [UInt8]) -> Bool {
    guard !isOver, let answer = try? JSONParser.parse(body) else { return false }
    let first = answer["seq"]?.int ?? 0
    for (index, messages) in (answer["commands"]?.array ?? []).enumerated() where first + index > batch {
      batch = first + index
      for message in messages.array ?? [] {
        onMessage(message)
        // An ended session says so at every request.
        if message["command"]?.string == "close_session" { end(1000) }
      }
    }
    if let code = answer["close"]?.int { end(UInt16(code)) }
    return true
  }

  func sendText(_ bytes: [UInt8]) { send("application/json", Array("[".utf8) + bytes + Array("]".utf8)) }
  func sendBinary(_ bytes: [UInt8]) { send("application/octet-stream", bytes) }

  private func send(_ type: String, _ body: [UInt8]) {
    queue.append((type, body))
    if !isPushing { push() }
  }

  private func push() {
    guard !isOver, !queue.isEmpty else { return }
    isPushing = true
    let (type, body) = queue.removeFirst()
    request("POST", "\(query)&ack=\(batch)&seq=\(event)", type: type, body: body, waits: false) { [self] status, body in
      isPushing = false
      event += 1
      guard status == 200, take(body) else { return end(1006) }
      push()
    }
  }

  func abort() { end(1006) }
  func close() { end(1000) }

  private func end(_ code: UInt16) {
    guard !isOver else { return }
    isOver = true
    waitingStream?.abort()
    onClose(code)
  }
}

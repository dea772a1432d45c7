import WebIOHTTP
import WebIOPosix

/// One request's way to the upstream and its answer's way back, with back-pressure in both directions.
@EventLoop
final class ProxyTrip {
  enum Failure {
    /// Nothing of the request was taken: it can be sent again, elsewhere.
    case unreachable(SystemError)
    /// The connection ended before the answer's head; the request may have had an effect.
    case unanswered
    case broken(HTTPError)
  }

  let exchange: HTTPExchange
  let side: GatewaySide
  private(set) var isOver = false
  private(set) var lease: UpstreamLease?
  /// Sent to an app that died without an answer, and then to another one: once is enough.
  var wasRepeated = false
  /// Where `--inspect` keeps what passes; nil without it.
  var record: TrafficRecord?
  private var client: HTTPClientConnection?
  private var usesIdle = false
  private var forwarded: ForwardedFields?
  private let onFailure: @EventLoop (ProxyTrip, Failure) -> Void
  private let onSplice: @EventLoop (Splice) -> Void

  init(
    _ exchange: HTTPExchange, onSplice: @escaping @EventLoop (Splice) -> Void,
    onFailure: @escaping @EventLoop (ProxyTrip, Failure) -> Void
  ) {
    self.exchange = exchange
    side = GatewaySide(exchange.origin)
    self.onSplice = onSplice
    self.onFailure = onFailure
    // Both are over at the same time: the exchange lets go of this when it is.
    exchange.onClose = { [self] in end() }
  }

  /// Without a body, and with a method that changes nothing. RFC 9110 section 9.2.2.
  var isRepeatable: Bool {
    exchange.request.framing == .none && (exchange.request.isGet || exchange.request.isHead)
      && !exchange.request.wantsUpgrade
  }

  /// A session's request that waits for something to happen: its page asks the next app again, and no swap waits for it.
  private var onlyWaits: Bool { exchange.request.isGet && exchange.request.fields.contains("webio-session-id") }

  func start(on lease: UpstreamLease, _ forwarded: ForwardedFields) {
    self.lease = lease
    self.forwarded = forwarded
    if !onlyWaits { lease.begin() }
    // Only what may be sent twice: the other end may close an idle connection in the same moment.
    if isRepeatable, let client = lease.takeIdle() {
      usesIdle = true
      send(client, forwarded)
    } else {
      connect(lease, forwarded)
    }
  }

  private func connect(_ lease: UpstreamLease, _ forwarded: ForwardedFields) {
    usesIdle = false
    lease.connect { [self] result in
      switch result {
      case _ where isOver: if case .success(let stream) = result { stream.abort() }
      case .failure(let error): fail(.unreachable(error))
      case .success(let stream):
        lease.isDown = false
        send(HTTPClientConnection(stream: stream), forwarded)
      }
    }
  }

  private func send(_ client: HTTPClientConnection, _ forwarded: ForwardedFields) {
    let request = exchange.request
    self.client = client
    // They hold nothing but this object, so that none of them is an allocation.
    client.onInformational = { [self] in interim($0) }
    client.batch = { [self] in batch($0) }
    client.onHead = { [self] in receive($0) }
    client.onBody = { [self] bytes in
      record?.responseBody(bytes)
      exchange.write(bytes)
    }
    client.onEnd = { [self] in responseEnded($0) }
    exchange.onDrain = { client.setReading(true) }

    let upgrade = request.wantsUpgrade ? request.fields["Upgrade"] : nil
    let fields = forwarded.request(request, upgrade: upgrade)
    switch request.framing {
    case .none: client.send(request.method, target, fields)
    case .length(let count):
      client.send(request.method, target, fields, bodyLength: count)
      sendBody(to: client)
    case .chunked, .untilClose:
      client.send(request.method, target, fields, bodyLength: -1)
      sendBody(to: client)
    }
  }

  private func interim(_ head: HTTPResponseHead) {
    guard head.status.code != 100, let forwarded else { return }
    exchange.sendInformational(head.status, forwarded.response(head))
  }

  private func batch(_ body: () -> Void) {
    let client = client
    exchange.batch(body)
    // Not before all is written: what the stream has taken at once nobody will hear of again. A connection that has been
    // given back is read, or the next request on it would never be answered.
    if let client, client === self.client, exchange.bufferedBytes > exchange.highWater { client.setReading(false) }
  }

  /// In origin-form, which every server takes.
  private var target: String {
    let request = exchange.request
    let target = request.target
    if target.hasPrefix("/") || target == "*" { return target }
    return request.path + (request.query.map { "?\($0)" } ?? "")
  }

  private func sendBody(to client: HTTPClientConnection) {
    client.onDrain = { [exchange] in exchange.setBodyReading(true) }
    exchange.streamBody(
      onChunk: { [exchange, record] bytes in
        record?.requestBody(bytes)
        client.write(bytes)
        if client.bufferedBytes > highWaterMark { exchange.setBodyReading(false) }
      },
      onEnd: { error in
        if error == nil { client.finish() } else { client.close() }
      })
  }

  private func receive(_ head: HTTPResponseHead) {
    if head.status.code == 101 { return upgrade(head) }
    guard let forwarded else { return }
    var length: Int?
    if case .length(let count) = head.framing { length = count }
    if exchange.request.isHead || head.status == .notModified {
      length = head.fields["Content-Length"].flatMap { ASCII.decimal($0) }
    }
    let fields = forwarded.response(head)
    record?.responseBegan(head.status, fields)
    exchange.startResponse(head.status, fields, contentLength: length)
  }

  private func upgrade(_ head: HTTPResponseHead) {
    guard let client, exchange.request.wantsUpgrade else { return fail(.broken(.unaskedUpgrade)) }
    var bytes = Array("HTTP/1.1 101 Switching Protocols\r\n".utf8)
    for (name, value) in head.fields.list { bytes += Array("\(name): \(value)\r\n".utf8) }
    bytes += Array("\r\n".utf8)
    record?.becameWebSocket(head.fields)
    let upstream = client.takeOver()
    self.client = nil
    exchange.onClose = nil
    exchange.onDrain = nil
    guard let stream = exchange.takeOver(bytes) else {
      upstream.abort()
      record?.closed()
      return end()
    }
    // It is no request any more that a swap has to wait for.
    end()
    guard let record else { return onSplice(Splice(stream, upstream) {}) }
    onSplice(
      Splice(
        stream, upstream, leftTap: { record.frames($0, fromVisitor: true) },
        rightTap: { record.frames($0, fromVisitor: false) }, onClose: { record.closed() }))
  }

  private func responseEnded(_ error: HTTPError?) {
    guard let error else {
      exchange.finish()
      if let client, let lease, client.canSend {
        self.client = nil
        lease.keep(client)
      }
      return end()
    }
    if usesIdle, error.code == .closed, !exchange.hasStarted, !isOver, let lease, let forwarded {
      client = nil
      return connect(lease, forwarded)
    }
    guard !exchange.hasStarted else {
      end()
      return exchange.abort()
    }
    fail(error.code == .closed ? .unanswered : .broken(error))
  }

  private func fail(_ failure: Failure) {
    guard !isOver else { return }
    release()
    onFailure(self, failure)
  }

  /// Nothing more is to be done for this request, as when its client is gone.
  func end() {
    guard !isOver else { return }
    isOver = true
    release()
  }

  private func release() {
    let (client, lease) = (client, lease)
    self.client = nil
    self.lease = nil
    exchange.onDrain = nil
    client?.onEnd = nil
    client?.close()
    if !onlyWaits { lease?.end() }
  }
}

extension HTTPError {
  fileprivate static let unaskedUpgrade = HTTPError(.malformed, .badGateway, "an upgrade that nobody asked for")
}

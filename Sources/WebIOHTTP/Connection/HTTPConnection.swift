import WebIOPosix

/// A client's connection: reads requests one after the other, hands each to the handler, and writes what it answers.
///
/// While a request is being answered, what comes behind it is kept (up to 64 KiB) and not parsed, so that answers are in
/// order. All that is written during one turn of the loop goes out in one write.
@EventLoop
final class HTTPConnection: ByteStreamDelegate {
  enum Phase: UInt8 {
    /// Between requests.
    case idle
    /// A head has begun.
    case head
    case busy
    /// Our last answer is out, the peer may still be sending.
    case lingering
    case closed
  }

  let stream: any ByteStream
  let isSecure: Bool
  let server: HTTPServer
  var phase = Phase.idle
  /// Its place in the server's list.
  var listIndex = -1
  /// Grows with each connection that becomes idle: the lowest is idle for longest.
  var idleOrder: UInt64 = 0
  var closesAfterResponse = false

  // Unchecked are what each request touches several times: the run time's check for overlapping accesses, some twenty of them,
  // was as long as the parsing. Nothing that is called while one is open comes back to it.
  @exclusivity(unchecked) private var parser = HTTPRequestParser()
  var exchange: HTTPExchange?
  /// Read and not parsed yet.
  var pending = ByteQueue(keeping: 0)
  /// What the running parse has not used yet.
  var rest: UnsafeRawBufferPointer?
  var isParsing = false
  /// Requests begun since others had their turn: one that pipelines thousands must not hold them up.
  private var begun = 0
  private var isYielding = false
  static let requestsPerTurn = 8
  var inputEnded = false
  private var isReading = false
  @exclusivity(unchecked) var output: [UInt8] = []
  private var turns = 0
  var watch = StallWatch()
  var deadline = Deadline()

  init(_ stream: any ByteStream, _ server: HTTPServer, isSecure: Bool) {
    self.stream = stream
    self.server = server
    self.isSecure = isSecure
    closesAfterResponse = server.limits.idle == nil
    idleOrder = server.nextIdleOrder()
  }

  func start() {
    stream.delegate = self
    setReading(true)
  }

  var bufferedBytes: Int { stream.bufferedBytes + output.count }
  /// Part of the request's body is here already.
  var hasUnreadInput: Bool { !pending.isEmpty || rest?.isEmpty == false }

  // MARK: Reading

  func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
    guard phase != .lingering, phase != .closed else { return }
    if !isYielding { begun = 0 }
    if pending.isEmpty, wantsInput {
      turn { connection in
        let used = connection.parse(bytes)
        if used < bytes.count, connection.phase != .lingering, connection.phase != .closed {
          connection.pending.append(UnsafeRawBufferPointer(rebasing: bytes[used...]))
        }
      }
    } else {
      pending.append(bytes)
      if wantsInput { turn { $0.parsePending() } }
    }
    updateReading()
  }

  func streamDidEnd(_ stream: any ByteStream) {
    inputEnded = true
    // A peer may wait for its answer with its own direction closed.
    if phase == .lingering { close() } else { resume() }
    exchange?.onInputEnd?()
  }

  /// A request is awaited, or the current one's body.
  private var wantsInput: Bool {
    guard phase != .lingering, phase != .closed else { return false }
    guard let exchange else { return bufferedBytes <= highWaterMark && begun < Self.requestsPerTurn }
    return exchange.bodyState == .reading
  }

  func setReading(_ isOn: Bool) {
    guard isOn != isReading else { return }
    isReading = isOn
    stream.setReading(isOn)
  }

  private func updateReading() {
    switch phase {
    case .closed: return
    case .lingering: setReading(true)
    default: setReading(pending.count < 64 << 10 && (exchange?.bodyState != .paused || pending.isEmpty))
    }
  }

  private func parsePending() {
    guard !isParsing, !pending.isEmpty, wantsInput else { return }
    var input = ByteQueue(keeping: 0)
    swap(&input, &pending)
    var used = 0
    input.withLoopBytes { used = parse($0) }
    guard used < input.count, phase != .lingering, phase != .closed else { return }
    // Taking over empties `pending`, and parsing adds nothing to it.
    input.consume(used)
    pending = input
  }

  /// Goes on after an answer or a pause, outside of a read.
  func resume() {
    guard !isParsing else { return }
    turn { connection in
      connection.parsePending()
      connection.meetEnd()
    }
    updateReading()
  }

  /// The peer's end, once everything before it is used.
  private func meetEnd() {
    guard inputEnded, !isYielding, pending.isEmpty || phase != .busy else { return }
    switch phase {
    case .idle, .head: close()
    case .busy: if let exchange, exchange.bodyState == .reading { failBody(exchange, .closed) }
    case .lingering, .closed: break
    }
  }

  /// How much of `input` is used.
  private func parse(_ input: UnsafeRawBufferPointer) -> Int {
    isParsing = true
    defer {
      isParsing = false
      rest = nil
    }
    var position = 0
    while wantsInput {
      let event = parser.next(input, &position, server.limits)
      rest = UnsafeRawBufferPointer(rebasing: input[position...])
      switch consume event {
      case .needsMore:
        if phase == .idle, parser.isInHead { enter(.head) }
        return position
      case .head(let head): begin(head)
      case .body(let bytes):
        if let exchange, exchange.bodyReader?.receive(bytes) == false { failBody(exchange, nil) }
      case .end(let trailers):
        exchange?.trailers = trailers
        exchange?.bodyState = .ended
        exchange?.bodyReader?.end(nil)
      case .failed(let error):
        if let exchange { failBody(exchange, error) } else { refuse(error) }
        return position
      }
    }
    return position
  }

  private func begin(_ head: consuming HTTPRequestHead) {
    enter(.busy)
    begun += 1
    if begun == Self.requestsPerTurn { yield() }
    let exchange = HTTPExchange(head, self)
    if server.accessLog != nil { exchange.startTime = .now }
    self.exchange = exchange
    let isOld = server.options.maximumMinorVersion == 0 && !exchange.request.saidKeepAlive
    if !exchange.request.wantsKeepAlive || isOld || server.isStopping { closesAfterResponse = true }
    server.handler.handle(exchange)
  }

  /// Those that have used up their turn. A turn of the loop lets some go on, however many clients pipeline.
  private static var yielding: [HTTPConnection] = []
  static let connectionsATurn = 2

  private func yield() {
    isYielding = true
    Self.yielding.append(self)
    if Self.yielding.count == 1 { EventLoop.run { Self.resumeYielding() } }
  }

  private static func resumeYielding() {
    let connections = yielding.prefix(connectionsATurn)
    for connection in connections {
      connection.begun = 0
      connection.isYielding = false
      // It may come back at once, behind the others.
      connection.resume()
    }
    yielding.removeFirst(connections.count)
    if !yielding.isEmpty { EventLoop.run { resumeYielding() } }
  }

  /// The body cannot be read to its end: nothing behind it can be understood.
  func failBody(_ exchange: HTTPExchange, _ error: HTTPError?) {
    closesAfterResponse = true
    exchange.bodyState = .paused
    guard let error else { return }
    exchange.bodyReader?.end(error)
    if !exchange.hasStarted, self.exchange === exchange {
      exchange.respond(error.status, HTTPFields(), text: "\(error.reason)\n")
    }
  }

  /// Answers what cannot be handed to the handler, and closes.
  func refuse(_ error: HTTPError) {
    closesAfterResponse = true
    server.log(error, self)
    let body = Array("\(error.reason)\n".utf8)
    output.append("HTTP/1.1 ")
    output.append(status: error.status)
    output += LoopClock.shared.dateLine
    output.append("Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: ")
    output.append(decimal: body.count)
    output.append("\r\n\r\n")
    output += body
    linger()
  }

  /// Called by the exchange when its body is to be read, or read on.
  func bodyIsWanted() {
    resume()
  }

  // MARK: Writing

  /// Collects what `body` writes, and sends it when the outermost turn ends.
  func turn(_ body: (HTTPConnection) -> Void) {
    if turns == 0 {
      LoopClock.shared.refresh()
      if output.isEmpty { server.lendBuffer(to: &output) }
    }
    turns += 1
    body(self)
    turns -= 1
    if turns == 0 {
      flush()
      server.takeBackBuffer(&output)
    }
  }

  func flush() {
    guard !output.isEmpty else { return }
    if phase != .closed {
      watch.wrote(output.count)
      output.withLoopBytes { stream.write($0) }
    }
    output.removeAll(keepingCapacity: true)
  }

  /// Puts bytes on the wire, large ones without a copy.
  func write(_ bytes: UnsafeRawBufferPointer, _ exchange: HTTPExchange) {
    exchange.sentBytes += bytes.count
    if bytes.count < 16 << 10 {
      output.append(contentsOf: bytes)
      if output.count > 128 << 10 { flush() }
    } else {
      flush()
      guard phase != .closed else { return }
      watch.wrote(bytes.count)
      stream.write(bytes)
    }
  }

  func streamDidDrain(_ stream: any ByteStream) {
    exchange?.onDrain?()
    resume()
  }
}

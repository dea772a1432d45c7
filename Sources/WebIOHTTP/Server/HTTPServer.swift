import WebIOPosix

/// An HTTP/1.1 server on the event loop: any number of listening sockets, and streams that others bring.
@EventLoop
package final class HTTPServer {
  package let limits: HTTPLimits
  package let options: HTTPServerOptions
  let handler: any HTTPRequestHandler
  let accessLog: (@EventLoop (AccessLogEntry) -> Void)?
  /// Puts another protocol, which is TLS, between a socket and HTTP. Such connections count as secure.
  package var wrapStream: (@EventLoop (any ByteStream) -> any ByteStream)?
  /// Mistakes of the handler, one line each.
  package var onReport: (@EventLoop (String) -> Void)?

  private var listeners: [Listener] = []
  private var connections = ConnectionList<HTTPConnection>()
  private var webSockets = ConnectionList<WebSocketConnection>()
  private var spareBuffer: [UInt8] = []
  private var idleOrder: UInt64 = 0
  /// The first to go at the end, each with its order at that time: whoever has another one by now was busy meanwhile.
  private var longestIdle: [(connection: HTTPConnection, order: UInt64)] = []
  /// `idleOrder` when no connection was idle.
  private var fruitlessOrder: UInt64 = .max
  private var isSweeping = false
  private(set) var isStopping = false
  private var stopCompletion: (@EventLoop () -> Void)?

  static let sweepInterval = Duration.milliseconds(500)

  /// Throws what opening the access log's file throws.
  package convenience init(handler: any HTTPRequestHandler, options: HTTPServerOptions) throws {
    self.init(
      handler: handler, limits: options.limits, options: options, accessLog: try options.accessLog?.makeWriter())
  }

  package init(
    handler: any HTTPRequestHandler, limits: HTTPLimits = HTTPLimits(),
    options: HTTPServerOptions = HTTPServerOptions(), accessLog: (@EventLoop (AccessLogEntry) -> Void)? = nil
  ) {
    self.handler = handler
    self.limits = limits
    self.options = options
    self.accessLog = accessLog
  }

  /// Gives the address with the port that the kernel picked, where 0 was asked for.
  @discardableResult
  package func listen(on address: SocketAddress) throws -> SocketAddress {
    let listener = try Listener(address) { [weak self] in self?.acceptSocket($0) }
    listeners.append(listener)
    return listener.address
  }

  /// Takes over a socket that listens already: socket activation.
  @discardableResult
  package func listen(inherited descriptor: Int32) throws -> SocketAddress {
    let listener = try Listener(inherited: descriptor) { [weak self] in self?.acceptSocket($0) }
    listeners.append(listener)
    return listener.address
  }

  private func acceptSocket(_ stream: SocketStream) {
    if let wrapStream { accept(wrapStream(stream), isSecure: true) } else { accept(stream) }
  }

  /// Serves a stream from elsewhere: a tunnel's channel, or the two ends of a test.
  package func accept(_ stream: any ByteStream, isSecure: Bool = false) {
    guard !isStopping else { return stream.abort() }
    if connectionCount >= limits.connections, !shedIdle() {
      let line: StaticString = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
      stream.write(UnsafeRawBufferPointer(start: line.utf8Start, count: line.utf8CodeUnitCount))
      return stream.close()
    }
    let connection = HTTPConnection(stream, self, isSecure: isSecure)
    connections.add(connection)
    scheduleSweep()
    connection.start()
  }

  package var connectionCount: Int { connections.count + webSockets.count }
  package var webSocketCount: Int { webSockets.count }

  /// Makes room by closing the connection that has been idle for longest.
  ///
  /// Looking at all of them for each one that comes is what a flood would live on. So the next ones to go are noted as well,
  /// and nobody is looked for again while none has become idle.
  private func shedIdle() -> Bool {
    while true {
      while let (connection, order) = longestIdle.popLast() {
        guard connection.phase == .idle, connection.idleOrder == order else { continue }
        connection.close()
        return true
      }
      guard idleOrder != fruitlessOrder else { return false }
      noteIdle()
      if longestIdle.isEmpty { fruitlessOrder = idleOrder }
    }
  }

  private func noteIdle() {
    connections.forEach { if $0.phase == .idle { longestIdle.append(($0, $0.idleOrder)) } }
    longestIdle.sort { $0.order > $1.order }
    longestIdle.removeFirst(max(0, longestIdle.count - Self.sheddingBatch))
  }

  private static let sheddingBatch = 256

  // MARK: Stopping

  /// Takes no more connections, closes idle ones, lets busy ones finish and tells WebSockets 1001. What is not done
  /// after `grace` is cut off.
  package func stop(grace: Duration, _ completion: @escaping @EventLoop () -> Void) {
    guard !isStopping else { return completion() }
    isStopping = true
    stopCompletion = completion
    closeListeners()
    longestIdle = []
    connections.forEach { $0.stop() }
    webSockets.forEach { $0.close(code: WebSocketCloseCode.goingAway, reason: "") }
    Reactor.shared.schedule(after: grace) { [self] in
      connections.forEach { $0.stream.abort() }
      webSockets.forEach { $0.abort() }
      checkStopped()
    }
    checkStopped()
  }

  /// Stops listening only; connections that are open go on.
  package func closeListeners() {
    for listener in listeners { listener.close() }
    listeners = []
  }

  private func checkStopped() {
    guard isStopping, connectionCount == 0, let completion = stopCompletion else { return }
    stopCompletion = nil
    completion()
  }

  // MARK: What connections need

  func remove(_ connection: HTTPConnection) {
    connections.remove(connection)
    checkStopped()
  }

  func add(_ socket: WebSocketConnection) {
    webSockets.add(socket)
    socket.onRemoval = { [weak self] socket in
      self?.webSockets.remove(socket)
      self?.checkStopped()
    }
    if isStopping { socket.close(code: WebSocketCloseCode.goingAway, reason: "") }
    scheduleSweep()
  }

  func nextIdleOrder() -> UInt64 {
    idleOrder &+= 1
    return idleOrder
  }

  /// One large buffer goes from turn to turn, so that idle connections have none.
  func lendBuffer(to output: inout [UInt8]) { swap(&output, &spareBuffer) }

  func takeBackBuffer(_ output: inout [UInt8]) {
    if output.capacity > spareBuffer.capacity, output.capacity <= 256 << 10 { swap(&output, &spareBuffer) }
    output = []
  }

  func report(_ line: String) { onReport?(line) }

  // MARK: Deadlines

  private func scheduleSweep() {
    guard !isSweeping else { return }
    isSweeping = true
    Reactor.shared.schedule(after: Self.sweepInterval) { [weak self] in
      guard let self else { return }
      isSweeping = false
      sweep(.now)
      if connectionCount > 0 { scheduleSweep() }
    }
  }

  /// One pass over all connections, instead of timers for each.
  func sweep(_ now: MonotonicTime) {
    connections.forEach { $0.sweep(now) }
    webSockets.forEach { $0.sweep(now) }
  }

  // MARK: The log

  func log(_ exchange: HTTPExchange) {
    guard let accessLog else { return }
    accessLog(
      AccessLogEntry(
        request: exchange.request, peerAddress: exchange.peerAddress, peerPort: exchange.peerPort, origin: exchange.origin,
        status: exchange.status, bytes: exchange.sentBytes, duration: .now - exchange.startTime))
  }

  func log(_ error: HTTPError, _ connection: HTTPConnection) {
    guard let accessLog else { return }
    accessLog(
      AccessLogEntry(
        request: nil, peerAddress: connection.stream.peerAddress, peerPort: connection.stream.peerPort,
        origin: connection.stream.origin,
        status: error.status, bytes: 0, duration: .zero))
  }
}

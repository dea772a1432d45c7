import Glibc
import WebIOPosix

/// An HTTP server in a few lines.
///
///     import WebIOHTTP
///
///     let server = WebServer(port: 8080) { request in
///       switch (request.method, request.path) {
///       case ("GET", "/"): "Hello, \(request.query("name") ?? "world")!"
///       case ("POST", "/echo"): HTTPResponse(json: try request.json())
///       default: HTTPResponse(.notFound, "There is nothing here.\n")
///       }
///     }
///     try await server.run()
///
/// The closure runs on the cooperative pool, for many requests at once. What it throws becomes the status of an
/// `HTTPError`, or 500 with a line on stderr. HTTP/1.1 only; put a proxy or `WebIOTLS` in front for HTTPS.
public final class WebServer: Sendable {
  public typealias Handler = @Sendable (HTTPRequest) async throws -> HTTPResponse

  private let host: String
  private let port: Int
  private let server: LoopServer

  /// - Parameters:
  ///   - host: A numeric address; `localhost` is 127.0.0.1, and `""` all addresses of the machine.
  ///   - port: 0 picks a free one: `start` tells which.
  ///   - bodyLimit: Bytes of a request's body; a longer one is answered with 413.
  ///   - accessLog: Called with a line for each request; nil for none.
  ///   - showsErrors: The 500 answer tells what was thrown: for development only.
  ///   - executor: Where the closure runs; nil is the cooperative pool.
  public init(
    host: String = "localhost", port: Int = 8080, limits: HTTPLimits = HTTPLimits(), bodyLimit: Int = 16 << 20,
    accessLog: (@Sendable (String) -> Void)? = nil, showsErrors: Bool = false, executor: (any TaskExecutor)? = nil,
    _ handler: @escaping Handler
  ) {
    self.host = host
    self.port = port
    server = LoopServer(
      limits: limits, bodyLimit: bodyLimit, accessLog: accessLog, showsErrors: showsErrors, executor: executor,
      handler: handler)
  }

  /// Listens, and returns the port.
  @discardableResult
  public func start() async throws -> Int {
    let host = host == "localhost" ? "127.0.0.1" : host
    guard let port = UInt16(exactly: port), let address = SocketAddress(numericHost: host, port: port) else {
      throw SystemError("listen on \(host):\(port)", code: EINVAL)
    }
    return try await server.listen(address)
  }

  /// Listens and serves until the surrounding task is cancelled; then requests that are being answered get `grace`.
  public func run(grace: Duration = .seconds(5)) async throws {
    try await start()
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(86_400)) }
    await stop(grace: grace)
  }

  /// Takes no more requests, and returns when the last one is answered or `grace` is over.
  public func stop(grace: Duration = .seconds(5)) async { await server.stop(grace) }
}

@EventLoop
private final class LoopServer: HTTPRequestHandler {
  private let limits: HTTPLimits
  private let bodyLimit: Int
  private let accessLog: (@Sendable (String) -> Void)?
  private let showsErrors: Bool
  private let executor: (any TaskExecutor)?
  private let handler: WebServer.Handler
  private var server: HTTPServer?

  nonisolated init(
    limits: HTTPLimits, bodyLimit: Int, accessLog: (@Sendable (String) -> Void)?, showsErrors: Bool,
    executor: (any TaskExecutor)?, handler: @escaping WebServer.Handler
  ) {
    self.limits = limits
    self.bodyLimit = bodyLimit
    self.accessLog = accessLog
    self.showsErrors = showsErrors
    self.executor = executor
    self.handler = handler
  }

  func listen(_ address: SocketAddress) throws -> Int {
    var onEntry: (@EventLoop (AccessLogEntry) -> Void)?
    if let accessLog, let format = AccessLogFormat() {
      onEntry = { accessLog(String(decoding: format.line($0), as: UTF8.self)) }
    }
    let server = HTTPServer(handler: self, limits: limits, accessLog: onEntry)
    server.onReport = { Self.report($0) }
    let port = try server.listen(on: address).port
    self.server = server
    return Int(port)
  }

  func stop(_ grace: Duration) async {
    guard let server else { return }
    await withCheckedContinuation { done in server.stop(grace: grace) { done.resume() } }
    self.server = nil
  }

  func handle(_ exchange: HTTPExchange) {
    exchange.readBody(limit: bodyLimit) { [self] result in
      switch result {
      case .failure(let error): exchange.respond(error.status, text: "\(error.reason)\n")
      case .success(let body):
        let request = HTTPRequest(head: exchange.request, body: body, peerAddress: exchange.peerAddress)
        Task(executorPreference: executor) { await self.answer(exchange, request) }
      }
    }
  }

  private nonisolated func answer(_ exchange: HTTPExchange, _ request: HTTPRequest) async {
    do {
      let response = try await handler(request)
      guard let stream = response.stream else {
        return await exchange.respond(response.status, response.fields, response.body)
      }
      await exchange.startResponse(response.status, response.fields)
      try await stream(HTTPBodyWriter(exchange))
      await exchange.finish()
    } catch {
      await fail(exchange, error)
    }
  }

  private func fail(_ exchange: HTTPExchange, _ error: any Error) {
    // A body that has begun can only be cut off.
    if exchange.hasStarted { return exchange.abort() }
    if let error = error as? HTTPError { return exchange.respond(error.status, text: "\(error.reason)\n") }
    Self.report("\(exchange.request.method) \(exchange.request.path): \(error)")
    exchange.respond(.internalServerError, text: showsErrors ? "\(error)\n" : "Something went wrong.\n")
  }

  private nonisolated static func report(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = write(2, bytes, bytes.count)
  }
}

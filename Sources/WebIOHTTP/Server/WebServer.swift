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
///       case ("GET", "/count"): HTTPResponse { body in for number in 1...9 { try await body.write("\(number)\n") } }
///       case ("GET", "/talk"): .webSocket { socket in for await message in socket { try await socket.send(message) } }
///       default: HTTPResponse(.notFound, "There is nothing here.\n")
///       }
///     }
///     try await server.run()
///
/// The closure runs on a pool with a thread for each core, for many requests at once. What it throws becomes the status of an
/// `HTTPError`, or 500 with a line on stderr. HTTP/1.1; `tls:` makes it HTTPS.
public final class WebServer: Sendable {
  public typealias Handler = @Sendable (HTTPRequest) async throws -> HTTPResponse

  private let host: String
  private let port: Int
  private let server: LoopServer

  /// - Parameters:
  ///   - host: A numeric address; `localhost` is 127.0.0.1 and ::1, `""` all addresses of the machine, and
  ///     `unix:/run/app.sock` a unix socket.
  ///   - port: 0 picks a free one: `start` tells which.
  ///   - bodyLimit: A request's body; a longer one is answered with 413.
  ///   - showsErrors: The 500 answer tells what was thrown: for development only.
  ///   - staticDirectory: Its files are at `/static/`, with ranges, validators and gzip.
  ///   - tls: Certificate and key for HTTPS, from the product WebIOTLS.
  ///   - options: Limits and deadlines, the access log, where the closure runs, and more.
  public init(
    host: String = "localhost", port: Int = 8080, bodyLimit: ByteCount = "16M", showsErrors: Bool = false,
    staticDirectory: String? = nil, tls: TransportSecurity? = nil, options: HTTPServerOptions = HTTPServerOptions(),
    _ handler: @escaping Handler
  ) {
    self.host = host
    self.port = port
    server = LoopServer(
      bodyLimit: bodyLimit, showsErrors: showsErrors, staticDirectory: staticDirectory, tls: tls, options: options,
      handler: handler)
  }

  /// The same with a closure that answers on the event loop itself, between reading the request and writing the answer:
  /// nothing is faster. It must neither block nor compute for long, because all connections wait for it.
  ///
  ///     let server = WebServer(port: 8080, immediate: { request in "Hello" })
  public init(
    host: String = "localhost", port: Int = 8080, bodyLimit: ByteCount = "16M", showsErrors: Bool = false,
    staticDirectory: String? = nil, tls: TransportSecurity? = nil, options: HTTPServerOptions = HTTPServerOptions(),
    immediate handler: @escaping @Sendable (HTTPRequest) throws -> HTTPResponse
  ) {
    self.host = host
    self.port = port
    server = LoopServer(
      bodyLimit: bodyLimit, showsErrors: showsErrors, staticDirectory: staticDirectory, tls: tls, options: options,
      handler: handler, immediate: handler)
  }

  /// Listens, and returns the port, 0 for a unix socket. Throws a ``ListenError`` when it cannot.
  @discardableResult
  public func start() async throws -> Int {
    try await server.listen(host, port)
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
  private let bodyLimit: ByteCount
  private let showsErrors: Bool
  private let staticDirectory: String?
  private let tls: TransportSecurity?
  private let options: HTTPServerOptions
  private let handler: WebServer.Handler
  private let immediate: (@Sendable (HTTPRequest) throws -> HTTPResponse)?
  private var limit = 0
  private var files: StaticFiles?
  private var server: HTTPServer?

  nonisolated init(
    bodyLimit: ByteCount, showsErrors: Bool, staticDirectory: String?, tls: TransportSecurity?,
    options: HTTPServerOptions, handler: @escaping WebServer.Handler,
    immediate: (@Sendable (HTTPRequest) throws -> HTTPResponse)? = nil
  ) {
    self.bodyLimit = bodyLimit
    self.showsErrors = showsErrors
    self.staticDirectory = staticDirectory
    self.tls = tls
    self.options = options
    self.handler = handler
    self.immediate = immediate
  }

  func listen(_ host: String, _ port: Int) throws -> Int {
    limit = try bodyLimit.checked()
    files = try staticDirectory.map { try StaticFiles(directory: $0) }
    let addresses = try ListenAddress.all(host: host, port: port)
    let server = try HTTPServer(handler: self, options: options)
    server.onReport = { Self.report($0) }
    if let tls { server.wrapStream = try tls.prepare() }
    let bound = try server.listen(on: addresses)
    self.server = server
    return Int(bound)
  }

  func stop(_ grace: Duration) async {
    guard let server else { return }
    await withCheckedContinuation { done in server.stop(grace: grace) { done.resume() } }
    self.server = nil
  }

  func handle(_ exchange: HTTPExchange) {
    if let files, files.covers(exchange.request) { return files.handle(exchange) }
    if exchange.request.framing == .none { return handle(exchange, []) }
    exchange.readBody(limit: limit) { [self] result in
      switch result {
      case .failure(let error): exchange.respond(error.status, text: "\(error.reason)\n")
      case .success(let body): handle(exchange, body)
      }
    }
  }

  private func handle(_ exchange: HTTPExchange, _ body: [UInt8]) {
    let request = HTTPRequest(head: exchange.request, body: body, peerAddress: exchange.peerAddress)
    guard let immediate else { return start { await self.answer(exchange, request, self.handler) } }
    do {
      let response = try immediate(request)
      guard response.isWhole else { return start { await self.answer(exchange, request) { _ in response } } }
      exchange.respond(response.status, response.fields, response.body)
    } catch {
      fail(exchange, error)
    }
  }

  private func start(_ body: @escaping @Sendable () async -> Void) {
    Task.detached(executorPreference: options.executor ?? TaskPool.shared, operation: body)
  }

  private nonisolated func answer(
    _ exchange: HTTPExchange, _ request: HTTPRequest, _ handler: WebServer.Handler
  ) async {
    do {
      let response = try await handler(request)
      if let webSocket = response.webSocket { return try await run(webSocket, exchange) }
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

  private nonisolated func run(
    _ body: @Sendable (WebSocket) async throws -> Void, _ exchange: HTTPExchange
  ) async throws {
    guard let socket = await Self.upgrade(exchange) else { return }
    do {
      try await body(socket)
      await socket.close()
    } catch {
      await socket.close(code: 1011)
      if !(error is HTTPError) { Self.report("\(exchange.request.path): \(error)") }
    }
  }

  /// In one turn, so that no message is missed.
  private static func upgrade(_ exchange: HTTPExchange) -> WebSocket? {
    exchange.upgradeToWebSocket().map { WebSocket($0) }
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

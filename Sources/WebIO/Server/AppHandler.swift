import WebIOHTTP
import WebIOPosix

/// Apps without a server of their own: another server hands over requests and sends the answers.
///
///     let handler = try await AppHandler(bmi, prefix: "/bmi")
///     let response = try await handler.respond(to: AppRequest(target: "/bmi/", fields: [("Host", "example.org")]))
///
/// It is what `startServer` runs behind its sockets, so everything is as it is there: page, assets, sessions, both transports, and
/// the check of Host and Origin before them. `webio new` has adapters for other servers as templates; the one for ``WebServer``
/// is ``respond(to:)-(HTTPRequest)``.
///
/// The other server keeps what concerns sockets: TLS, deadlines, pings, compression of WebSockets. PyWebIO: `webio_handler`,
/// `wsgi_app`, `asgi_app`.
public final class AppHandler: Sendable {
  let server: HTTPServer
  private let router: AppRouter
  @EventLoop private var isClosed = false
  /// What a request's body may have at most, in bytes: `maxPayloadSize`.
  public let bodyLimit: Int

  /// Several apps, chosen by `?app=`. The parameters are those of ``startServer(_:host:port:debug:staticDirectory:theme:tls:remoteAccess:reconnectTimeout:allowedOrigins:checkOrigin:autoOpenBrowser:maxPayloadSize:transport:limits:config:cdn:prefix:trustedProxies:metrics:http:)``.
  ///
  /// - Parameters:
  ///   - allowedHosts: names beside those of this machine that requests may have as `Host`. Nil lets all in: right where the
  ///     other server is reachable by everybody. For one on loopback pass `[]`, against DNS rebinding.
  ///   - prefix: what the paths of all requests begin with: `/tools`.
  ///
  /// Throws ``WebIOError/invalidArgument(_:)``, and a `SystemError` for a `staticDirectory` that cannot be opened.
  public init(
    _ apps: [Application], debug: Bool = false, staticDirectory: String? = nil, theme: String = "auto",
    reconnectTimeout: Duration? = nil, allowedHosts: [String]? = nil, allowedOrigins: [String] = [],
    checkOrigin: (@Sendable (String) -> Bool)? = nil, maxPayloadSize: ByteCount? = nil, transport: Transport = .auto,
    limits: ServerLimits = ServerLimits(), config: PageConfig = PageConfig(), cdn: String? = nil, prefix: String = "/",
    trustedProxies: [String] = [],
    http: HTTPServerOptions = HTTPServerOptions()
  ) async throws {
    Script.isNotNeeded()
    var options = try ServerOptions(
      debug: debug, staticDirectory: staticDirectory, theme: theme, reconnectTimeout: reconnectTimeout,
      allowedOrigins: allowedOrigins, checkOrigin: checkOrigin, maxPayloadSize: maxPayloadSize, http: http,
      transport: transport, limits: limits, trustedProxies: trustedProxies, config: config, cdn: cdn, prefix: prefix)
    // A peer within the process is always there.
    options.http.limits.webSocketPing = nil
    bodyLimit = options.maxPayloadSize
    let table = try ApplicationTable(apps)
    let gate = OriginGate(
      allowedHosts: allowedHosts?.map { HostName($0).name }, allowedOrigins: allowedOrigins, checkOrigin: checkOrigin)
    (server, router) = try await Self.make(table, options, gate)
  }

  /// One app.
  public convenience init(
    _ app: @escaping @Sendable () async throws -> Void, debug: Bool = false, staticDirectory: String? = nil,
    theme: String = "auto", reconnectTimeout: Duration? = nil, allowedHosts: [String]? = nil,
    allowedOrigins: [String] = [], checkOrigin: (@Sendable (String) -> Bool)? = nil, maxPayloadSize: ByteCount? = nil,
    transport: Transport = .auto, limits: ServerLimits = ServerLimits(), config: PageConfig = PageConfig(), cdn: String? = nil,
    prefix: String = "/",
    trustedProxies: [String] = [], http: HTTPServerOptions = HTTPServerOptions()
  ) async throws {
    try await self.init(
      [Application("index", app)], debug: debug, staticDirectory: staticDirectory, theme: theme,
      reconnectTimeout: reconnectTimeout, allowedHosts: allowedHosts, allowedOrigins: allowedOrigins, checkOrigin: checkOrigin,
      maxPayloadSize: maxPayloadSize, transport: transport, limits: limits, config: config, cdn: cdn, prefix: prefix,
      trustedProxies: trustedProxies,
      http: http)
  }

  @EventLoop
  private static func make(
    _ table: ApplicationTable, _ options: ServerOptions, _ gate: OriginGate
  ) throws -> (HTTPServer, AppRouter) {
    let router = try AppRouter(table, options, gate: gate)
    return (try router.makeServer(countsRequests: true), router)
  }

  /// Answers a request. It returns with the head; the body comes as it is read.
  ///
  /// Whoever drops the answer without reading it, or cancels the task, ends the request. A WebSocket that is dropped is closed,
  /// and its session waits `reconnectTimeout` for its page. Throws `CancellationError`, and an `HTTPError` when the answer
  /// broke off before its head.
  public func respond(to request: AppRequest) async throws -> AppResponse { try await answer(request) }

  @EventLoop
  private func answer(_ request: AppRequest) async throws -> AppResponse {
    guard !isClosed else { return AppResponse(503, text: "This server is about to end.\n") }
    guard let fields = request.forwarded else { return AppResponse(400, text: "This is no request of HTTP.\n") }
    let (client, end) = MemoryStream.pair(peerAddress: request.peerAddress)
    server.accept(end)
    return try await AppExchange(client, body: request.body).send(request, fields)
  }

  /// Its metrics in Prometheus' text format, version 0.0.4, for an address of the other server that only Prometheus reaches.
  public func metrics() async -> String { await router.metrics.text }

  /// What `/readyz` says from now on: 503 while the other server is about to end, so that a load balancer takes new visitors
  /// elsewhere. Everything else goes on.
  public func setDraining(_ isDraining: Bool) async { await router.setDraining(isDraining) }

  /// Ends it: no request is answered any more, pages are told, and the sessions end. What is being answered gets `grace`.
  public func close(grace: Duration = .seconds(5)) async { await stop(grace) }

  @EventLoop
  private func stop(_ grace: Duration) async {
    guard !isClosed else { return }
    isClosed = true
    await withCheckedContinuation { done in
      server.stop(grace: grace) { done.resume() }
      router.close()
    }
  }
}

extension AppHandler {
  /// The adapter for WebIO's own `WebServer`:
  ///
  ///     let bmi = try await AppHandler(bmi, prefix: "/bmi")
  ///     let server = WebServer(port: 8080) { request in
  ///       request.path.hasPrefix("/bmi") ? try await bmi.respond(to: request) : "Hello"
  ///     }
  public func respond(to request: HTTPRequest) async throws -> HTTPResponse {
    let response = try await respond(
      to: AppRequest(
        method: request.method, target: request.head.target, fields: request.fields.list, body: request.body,
        peerAddress: request.peerAddress))
    if let socket = response.webSocket {
      return .webSocket { visitor in
        let end = await socket.relay(visitor) { try await visitor.send($0) }
        await visitor.close(code: end.code, reason: end.reason)
      }
    }
    var fields = HTTPFields()
    for (name, value) in response.fields { fields.append(name, value) }
    let status = HTTPStatus(response.status)
    // What is small goes with its length.
    if let length = response.contentLength, length <= 1 << 20, request.method != "HEAD" {
      return HTTPResponse(status, fields, body: try await response.body.bytes())
    }
    return HTTPResponse(status, fields) { writer in
      for try await piece in response.body { try await writer.write(piece) }
    }
  }
}

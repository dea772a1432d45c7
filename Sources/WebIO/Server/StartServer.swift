import WebIOHTTP
import WebIOPosix

/// Serves an app until the process is told to stop. PyWebIO: `start_server`.
///
///     try await startServer(main, port: 8080)
///
/// - Parameters:
///   - host: the address to listen on. `localhost` is this machine only, with a check of the Host field against DNS
///     rebinding; `0.0.0.0` or `""` is every network; `unix:/run/app.sock` is a unix socket.
///   - port: 0 picks a free one; the URL is printed.
///   - debug: visitors see the details of errors. `webio dev` shows them to you without it.
///   - staticDirectory: its files are at `/static/`.
///   - theme: `auto`, `light`, `dark`, `paper`, `mint`, `sea` or `plum`.
///   - tls: certificate and key for HTTPS, from the product WebIOTLS.
///   - remoteAccess: a public address through a tunnel, from the product WebIOTunnel.
///   - reconnectTimeout: how long a session waits for a page that lost its connection or is refreshed; `limits.reconnect`
///     without it, which is 10 seconds.
///   - allowedOrigins: patterns as in fnmatch(3) of other sites whose pages may open sessions.
///   - checkOrigin: decides on other sites instead of `allowedOrigins`.
///   - autoOpenBrowser: opens the page in the browser of this machine.
///   - maxPayloadSize: of one message from a page, and of the files of a field without limits of its own: `"200M"`, `"40K"`, or a number of bytes;
///     `limits.payload` without it, which is 200M.
///   - transport: WebSockets, HTTP requests, or what passes.
///   - limits: all that is limited, in one value.
///   - config: the page's theme, icon, style sheets and scripts, for apps without one of their own.
///   - cdn: the URL below which browsers find the page's own assets: that of a network that takes them from `/_webio/` here.
///     When it does not answer within five seconds, the page takes them from here, and the log says so. PyWebIO: `cdn`.
///   - prefix: what the paths of all requests begin with, behind a proxy that passes on the whole path: `/tools`.
///   - trustedProxies: addresses of proxies before this server, which need not name a unix socket: the visitor's address is then
///     the last one in `X-Forwarded-For` that is none of theirs.
///   - metrics: where Prometheus finds the server's metrics: a port of this machine. PyWebIO has none.
///   - http: the access log, the executor of the task functions, and more.
///
/// `/healthz` answers 200 as long as the process lives, `/readyz` as long as it takes visitors.
///
/// It returns after SIGTERM or SIGINT, or when its task is cancelled: with `limits.drain` it first serves on for a while, with a
/// 503 at `/readyz`; then it takes no more visitors, finishes the answers it has begun, and tells the pages, within five seconds. A
/// second signal ends the process. Under systemd it takes the
/// sockets that are passed to it (`LISTEN_FDS`), says when it is ready, and feeds the watchdog.
///
/// Throws ``WebIOError/invalidArgument(_:)``, and a `ListenError` that tells who has the port when it cannot listen. A program
/// whose main code lets them through says the sentence and exits, with 3 where the port is taken.
public func startServer(
  _ app: @escaping @Sendable () async throws -> Void, host: String = "localhost", port: Int = 8080,
  debug: Bool = false, staticDirectory: String? = nil, theme: String = "auto", tls: TransportSecurity? = nil,
  remoteAccess: RemoteAccess? = nil,
  reconnectTimeout: Duration? = nil, allowedOrigins: [String] = [],
  checkOrigin: (@Sendable (String) -> Bool)? = nil, autoOpenBrowser: Bool = false, maxPayloadSize: ByteCount? = nil,
  transport: Transport = .auto, limits: ServerLimits = ServerLimits(), config: PageConfig = PageConfig(),
  cdn: String? = nil, prefix: String = "/", trustedProxies: [String] = [], metrics: MetricsAddress? = nil,
  http: HTTPServerOptions = HTTPServerOptions()
) async throws {
  try await startServer(
    [Application("index", app)], host: host, port: port, debug: debug, staticDirectory: staticDirectory, theme: theme,
    tls: tls, remoteAccess: remoteAccess, reconnectTimeout: reconnectTimeout, allowedOrigins: allowedOrigins,
    checkOrigin: checkOrigin, autoOpenBrowser: autoOpenBrowser, maxPayloadSize: maxPayloadSize, transport: transport,
    limits: limits, config: config, cdn: cdn, prefix: prefix, trustedProxies: trustedProxies, metrics: metrics, http: http)
}

/// Serves an app whose function blocks; each visitor gets a thread. PyWebIO: `start_server`.
public func startServer(
  _ app: @escaping @Sendable () throws -> Void, host: String = "localhost", port: Int = 8080,
  debug: Bool = false, staticDirectory: String? = nil, theme: String = "auto", tls: TransportSecurity? = nil,
  remoteAccess: RemoteAccess? = nil,
  reconnectTimeout: Duration? = nil, allowedOrigins: [String] = [],
  checkOrigin: (@Sendable (String) -> Bool)? = nil, autoOpenBrowser: Bool = false, maxPayloadSize: ByteCount? = nil,
  transport: Transport = .auto, limits: ServerLimits = ServerLimits(), config: PageConfig = PageConfig(),
  cdn: String? = nil, prefix: String = "/", trustedProxies: [String] = [], metrics: MetricsAddress? = nil,
  http: HTTPServerOptions = HTTPServerOptions()
) async throws {
  try await startServer(
    [Application("index", blocking: app)], host: host, port: port, debug: debug, staticDirectory: staticDirectory,
    theme: theme, tls: tls, remoteAccess: remoteAccess, reconnectTimeout: reconnectTimeout, allowedOrigins: allowedOrigins,
    checkOrigin: checkOrigin, autoOpenBrowser: autoOpenBrowser, maxPayloadSize: maxPayloadSize, transport: transport,
    limits: limits, config: config, cdn: cdn, prefix: prefix, trustedProxies: trustedProxies, metrics: metrics, http: http)
}

/// Serves several apps by name, chosen by `?app=`. PyWebIO: `start_server`.
///
///     try await startServer(["index": menu, "bmi": bmi])
///
/// Without an app named `index` there is a page that lists them, in their order.
public func startServer(
  _ apps: KeyValuePairs<String, @Sendable () async throws -> Void>, host: String = "localhost", port: Int = 8080,
  debug: Bool = false, staticDirectory: String? = nil, theme: String = "auto", tls: TransportSecurity? = nil,
  remoteAccess: RemoteAccess? = nil,
  reconnectTimeout: Duration? = nil, allowedOrigins: [String] = [],
  checkOrigin: (@Sendable (String) -> Bool)? = nil, autoOpenBrowser: Bool = false, maxPayloadSize: ByteCount? = nil,
  transport: Transport = .auto, limits: ServerLimits = ServerLimits(), config: PageConfig = PageConfig(),
  cdn: String? = nil, prefix: String = "/", trustedProxies: [String] = [], metrics: MetricsAddress? = nil,
  http: HTTPServerOptions = HTTPServerOptions()
) async throws {
  try await startServer(
    apps.map { Application($0.key, $0.value) }, host: host, port: port, debug: debug,
    staticDirectory: staticDirectory, theme: theme, tls: tls, remoteAccess: remoteAccess, reconnectTimeout: reconnectTimeout,
    allowedOrigins: allowedOrigins, checkOrigin: checkOrigin, autoOpenBrowser: autoOpenBrowser,
    maxPayloadSize: maxPayloadSize, transport: transport,
    limits: limits, config: config, cdn: cdn, prefix: prefix, trustedProxies: trustedProxies, metrics: metrics, http: http)
}

/// Serves several apps, with titles and descriptions. PyWebIO: `start_server` with `config`.
public func startServer(
  _ apps: [Application], host: String = "localhost", port: Int = 8080, debug: Bool = false,
  staticDirectory: String? = nil, theme: String = "auto", tls: TransportSecurity? = nil, remoteAccess: RemoteAccess? = nil,
  reconnectTimeout: Duration? = nil, allowedOrigins: [String] = [],
  checkOrigin: (@Sendable (String) -> Bool)? = nil, autoOpenBrowser: Bool = false, maxPayloadSize: ByteCount? = nil,
  transport: Transport = .auto, limits: ServerLimits = ServerLimits(), config: PageConfig = PageConfig(),
  cdn: String? = nil, prefix: String = "/", trustedProxies: [String] = [], metrics: MetricsAddress? = nil,
  http: HTTPServerOptions = HTTPServerOptions()
) async throws {
  Script.isNotNeeded()
  guard (0...65_535).contains(port) else {
    throw WebIOError.invalidArgument("\(port) is no port. Ports go from 0 to 65535.")
  }
  var options = try ServerOptions(
    debug: debug, staticDirectory: staticDirectory, theme: theme, reconnectTimeout: reconnectTimeout,
    allowedOrigins: allowedOrigins, checkOrigin: checkOrigin, maxPayloadSize: maxPayloadSize, http: http,
    transport: transport, limits: limits, trustedProxies: trustedProxies, config: config, cdn: cdn,
    prefix: Environment["WEBIO_PREFIX"] ?? prefix)
  // `webio run --port --host` outranks what the app says.
  options.host = Environment["WEBIO_HOST"] ?? host
  options.port = Environment["WEBIO_PORT"].flatMap { ASCII.decimal($0) } ?? port
  options.metrics = try Environment["WEBIO_METRICS"].map { try MetricsAddress(checking: $0) } ?? metrics
  options.tls = tls
  options.remoteAccess = remoteAccess
  options.autoOpenBrowser = autoOpenBrowser
  let running = try await AppServer.start(ApplicationTable(apps), options)
  await running.untilStopped()
}

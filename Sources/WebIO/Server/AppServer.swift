import Glibc
import WebIOHTTP
import WebIOPosix

/// A server that is running: its sockets, its handler, its tunnel.
@EventLoop
final class AppServer {
  private let handler: AppRouter
  private let server: HTTPServer
  private var stopped: CheckedContinuation<Void, Never>?
  private var isStopping = false
  private var isStopped = false
  /// 0 behind a gateway, and on a unix socket.
  private(set) var port: UInt16 = 0

  static func start(_ applications: ApplicationTable, _ options: ServerOptions) throws -> AppServer {
    if let dev = DevMode.current { return try AppServer(applications, options, dev) }
    return try AppServer(applications, options)
  }

  /// By itself: it listens where it is told to, and says so.
  private init(_ applications: ApplicationTable, _ options: ServerOptions) throws {
    let inherited = ServiceManager.takeListeners()
    let addresses = try inherited.isEmpty ? ListenAddress.all(host: options.host, port: options.port) : []
    // What a service manager listens on is seldom this machine only.
    let isLoopback = inherited.isEmpty && addresses.allSatisfy { $0.isLoopback }
    var options = options
    options.isBehindProxy =
      try addresses.allSatisfy { $0.isUnix } && inherited.allSatisfy { try SocketAddress.local(of: $0).isUnix }
    let gate = OriginGate(
      allowedHosts: isLoopback ? [] : nil, allowedOrigins: options.allowedOrigins, checkOrigin: options.checkOrigin)
    handler = try AppRouter(applications, options, gate: gate)
    server = try HTTPServer(handler: handler, options: options.http)
    server.onReport = { Log.warning($0) }
    if let tls = options.tls { server.wrapStream = try tls.prepare() }
    for descriptor in inherited { port = try server.listen(inherited: descriptor).port }
    if inherited.isEmpty { port = try server.listen(on: addresses) }
    announce(options, isLoopback: isLoopback)
    options.remoteAccess?.start { [server] stream in server.accept(stream) }
    ServiceManager.notify("READY=1")
    ServiceManager.startWatchdog()
    // A script ends by them as any program does.
    guard options.script == nil else { return }
    for signal in [SIGTERM, SIGINT] { try ProcessSignals.observe(signal, once: true) { [weak self] in self?.stop() } }
  }

  private func announce(_ options: ServerOptions, isLoopback: Bool) {
    if let path = ListenAddress.unixPath(options.host), port == 0 {
      return Log.note("WebIO is serving at the unix socket \(path)")
    }
    let host = isLoopback ? "localhost" : Self.shownHost(options.host)
    let url = "\(options.tls == nil ? "http" : "https")://\(host):\(port)"
    Log.note("WebIO is serving at \(url)")
    if options.autoOpenBrowser { Browser.open(url) }
  }

  /// Behind the gateway of `webio dev`, which has checked the host.
  private init(_ applications: ApplicationTable, _ options: ServerOptions, _ dev: DevMode) throws {
    let gate = OriginGate(
      allowedHosts: nil, allowedOrigins: options.allowedOrigins, checkOrigin: options.checkOrigin)
    handler = try AppRouter(applications, options, gate: gate)
    server = try HTTPServer(handler: handler, options: options.http)
    _ = try server.listen(inherited: dev.listener)
    OutputBuffering.byLine()
    let ready = Array("ready\n".utf8)
    _ = write(dev.readiness, ready, ready.count)
    Glibc.close(dev.readiness)
  }

  private static func shownHost(_ host: String) -> String {
    host.isEmpty || host == "0.0.0.0" || host == "::"
      ? "localhost" : host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
  }

  /// Returns when the surrounding task is cancelled, or after a signal to stop.
  func untilStopped() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if isStopped { continuation.resume() } else { stopped = continuation }
      }
    } onCancel: {
      EventLoop.run { self.stop() }
    }
  }

  /// Pages are told 1001 first: they try to come back, where the end of a session would be final.
  private func stop() {
    guard !isStopping else { return }
    isStopping = true
    ServiceManager.notify("STOPPING=1")
    server.stop(grace: .seconds(5)) { [self] in
      isStopped = true
      stopped?.resume()
      stopped = nil
    }
    handler.close()
  }
}

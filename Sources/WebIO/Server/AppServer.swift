import Glibc
import WebIOHTTP
import WebIOPosix

/// A server that is running: its sockets, its handler, its tunnel.
@EventLoop
final class AppServer {
  private let handler: AppRouter
  private let server: HTTPServer
  private let drain: Duration
  private let drainNotice: Duration
  private let metrics: MetricsListener?
  private var stopped: CheckedContinuation<Void, Never>?
  private var isStopping = false
  private var isStopped = false
  /// 0 behind a gateway, and on a unix socket.
  private(set) var port: UInt16 = 0

  static func start(_ applications: ApplicationTable, _ options: ServerOptions) throws -> AppServer {
    ProcessFigures.raiseDescriptorLimit()
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
    // Where it listens on unix sockets only, nobody but a proxy on this machine speaks.
    if try addresses.allSatisfy({ $0.isUnix }) && inherited.allSatisfy({ try SocketAddress.local(of: $0).isUnix }) {
      options.trustedProxies = TrustedProxies(addresses: options.trustedProxies.addresses + ["unix"])
    }
    let gate = OriginGate(
      allowedHosts: isLoopback ? [] : nil, allowedOrigins: options.allowedOrigins, checkOrigin: options.checkOrigin)
    handler = try AppRouter(applications, options, gate: gate)
    server = try handler.makeServer(countsRequests: options.metrics != nil)
    (drain, drainNotice) = (options.drain, min(options.drain, options.drainNotice))
    metrics = try options.metrics.map { [handler] in try MetricsListener($0, handler.metrics) }
    if let tls = options.tls { server.wrapStream = try tls.prepare() }
    let passed = try inherited.map { try server.listen(inherited: $0) }
    port = try passed.last?.port ?? server.listen(on: addresses)
    // Before anybody hears that it serves. A script ends by them as any program does.
    for signal in options.script == nil ? [SIGTERM, SIGINT] : [] {
      try ProcessSignals.observe(signal, once: true) { [weak self] in self?.stop() }
    }
    announce(options, passed, isLoopback: isLoopback)
    options.remoteAccess?.start { [server] stream in server.accept(stream) }
    ServiceManager.notify("READY=1")
    ServiceManager.startWatchdog()
  }

  /// `passed` is what a service manager listens on for it.
  private func announce(_ options: ServerOptions, _ passed: [SocketAddress], isLoopback: Bool) {
    defer { if let metrics { Log.note("Its metrics are at port \(metrics.port), below /metrics") } }
    guard passed.isEmpty else {
      return Log.note(
        "WebIO is serving at \(passed.map(\.description).joined(separator: " and ")), passed by its service manager")
    }
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
    // Of several apps' gateway, which tells the metrics of all.
    server = try handler.makeServer(countsRequests: DevMode.metricsToken != nil)
    // Its gateway goes on at once, and has the listener of the metrics.
    (drain, drainNotice, metrics) = (.zero, .zero, nil)
    _ = try server.listen(inherited: dev.listener)
    OutputBuffering.byLine()
    dev.tell("ready")
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

  /// Begins the end: at once, or after a load balancer has noticed and sessions have had time to finish.
  private func stop() {
    guard !isStopping else { return }
    isStopping = true
    ServiceManager.notify("STOPPING=1")
    guard drain > .zero else { return close() }
    handler.setDraining(true)
    Log.note("WebIO is draining for at most \(drain.wholeMilliseconds / 1_000) seconds. A second signal ends it at once.")
    // systemd kills what takes longer than it expects. sd_notify(3)
    ServiceManager.notify("EXTEND_TIMEOUT_USEC=\(drain.wholeNanoseconds / 1_000 + 10_000_000)")
    let end = MonotonicTime.now + drain
    Reactor.shared.schedule(after: drainNotice) { [self] in closeWhenEmpty(end) }
  }

  private func closeWhenEmpty(_ end: MonotonicTime) {
    guard handler.hasSessions, .now < end else { return close() }
    Reactor.shared.schedule(after: min(end - .now, .milliseconds(250))) { [self] in closeWhenEmpty(end) }
  }

  /// Pages are told 1001 first: they try to come back, where the end of a session would be final.
  private func close() {
    server.stop(grace: .seconds(5)) { [self] in
      metrics?.stop()
      isStopped = true
      stopped?.resume()
      stopped = nil
    }
    handler.close()
  }
}

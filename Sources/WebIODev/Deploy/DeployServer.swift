import Glibc
import WebIOHTTP
import WebIOPosix

/// A directory of apps: each Swift file is one at its own path, in a process of its own. PyWebIO: `path_deploy`.
@EventLoop
package final class DeployServer {
  package struct Options: Sendable {
    /// Absolute and without links.
    package var directory: String
    package var toolkit: Project.Toolkit
    package var isRelease = true
    /// Lists of what is in directories without an `index.swift`.
    package var hasIndex = true
    /// An app that is run for each of these directories instead: a Swift file, or an executable. Absolute.
    package var indexApp: String?
    /// Names by which the server may be asked; nil is every one.
    package var hostGate: HostGate? = HostGate()
    /// Whose browser sees diagnostics.
    package var token = randomToken(32)
    /// An app that nobody has used for so long is stopped.
    package var idleTime = Duration.seconds(900)
    /// What one app may allocate, in bytes; nil is all there is.
    package var memoryLimit: Int? = 1 << 30
    /// How long a visitor's browser waits before it sees a page that tells to wait.
    package var patience = Duration.seconds(2)
    /// Where Prometheus finds the metrics, and those of each app; nil is nowhere.
    package var metrics: [SocketAddress]?
    package var log: @EventLoop @Sendable (String) -> Void = { _ in }
    /// A compiler begins with a file, and has ended after so many milliseconds, with success or not.
    package var onBuild: @EventLoop @Sendable (String, (milliseconds: Int, isGood: Bool)?) -> Void = { _, _ in }

    /// Tells an app who asks for its metrics.
    let metricsToken = randomToken(32)

    package init(directory: String, toolkit: Project.Toolkit) {
      self.directory = directory
      self.toolkit = toolkit
    }
  }

  private let options: Options
  private let builds: DeployBuilds
  private var apps: [String: DeployedApp] = [:]
  private var server: HTTPServer!
  private let metrics = DeployMetrics()
  private var metricsListener: MetricsListener?
  private var files: StaticFiles?
  private static let cookie = "webio-developer"

  package init(_ options: Options) throws {
    self.options = options
    let metrics = metrics
    builds = DeployBuilds(options.toolkit, isRelease: options.isRelease) { file, result in
      if let result { metrics.count(build: result.milliseconds, isGood: result.isGood) }
      options.onBuild(file, result)
    }
    let shared = Path.join(options.directory, "static")
    if Files.isDirectory(shared) { files = try StaticFiles(directory: shared) }
    var limits = HTTPLimits()
    limits.body = .max
    server = HTTPServer(handler: Front(self), limits: limits) { metrics.count($0) }
    if let addresses = options.metrics {
      let gate = addresses.allSatisfy { $0.isLoopback } ? HostGate() : nil
      metricsListener = try MetricsListener(
        on: addresses, refusal: { gate?.allows($0.request.host) == false ? "This host is not allowed here.\n" : nil }
      ) { [weak self] completion in self?.collect(completion) }
    }
    sweepLater()
  }

  /// Of the metrics' listener; nil without one.
  package var metricsPort: UInt16? { metricsListener?.port }

  /// The processes are asked at the same time.
  private func collect(_ completion: @escaping @EventLoop (String) -> Void) {
    var merge = MetricsMerge()
    merge.add(metrics.text(states: DeployedApp.count(apps.values), server))
    var left = 1
    let done: @EventLoop () -> Void = {
      left -= 1
      if left == 0 { completion(merge.text) }
    }
    for (_, app) in apps.sorted(by: { $0.key < $1.key }) {
      guard let address = app.address else { continue }
      left += 1
      _ = MetricsQuestion(address, token: options.metricsToken) { text in
        if let text { merge.add(text, label: ("app", app.path)) }
        done()
      }
    }
    done()
  }

  private final class Front: HTTPRequestHandler {
    private weak var server: DeployServer?
    init(_ server: DeployServer) { self.server = server }
    func handle(_ exchange: HTTPExchange) {
      if let server { server.handle(exchange) } else { exchange.abort() }
    }
  }

  @discardableResult
  package func listen(on addresses: [SocketAddress]) throws -> UInt16 { try server.listen(on: addresses) }

  package func stop(_ completion: @escaping @EventLoop () -> Void) {
    builds.stop()
    metricsListener?.stop()
    for app in apps.values { app.stop() }
    server.stop(grace: .seconds(1), completion)
  }

  // MARK: Requests

  private func handle(_ exchange: HTTPExchange) {
    let request = exchange.request
    if let gate = options.hostGate, !gate.allows(request.host) {
      return exchange.respond(.forbidden, text: "This host is not allowed here; webio serve --host names one.\n")
    }
    if request.path == "/healthz" { return exchange.respond(.ok, text: "ok\n") }
    if request.isGet, request.queryValue("webio-token").map({ isEqualInConstantTime($0, options.token) }) == true {
      return becomeDeveloper(exchange)
    }
    if let files, files.covers(request) { return files.handle(exchange) }
    let base = options.directory
    let path = DeployPath(
      request.path, hasIndexApp: options.indexApp != nil, isFile: { Self.within(base, $0).map(Files.isFile) == true },
      isDirectory: { Self.within(base, $0).map(Files.isDirectory) == true })
    switch path {
    case .nothing: nothing(exchange)
    case .redirect(let location): exchange.respond(HTTPStatus(308), ["Location": location], [])
    case .listing(let directory, let prefix):
      guard let index = options.indexApp, let real = directory.isEmpty ? base : Self.within(base, directory) else {
        return list(exchange, directory)
      }
      let key = "\(directory)/index of"
      open(exchange, apps[key] ?? DeployedApp(index, prefix, options, builds, metrics, indexOf: real), key, prefix)
    case .app(let file, let prefix):
      guard let real = Self.within(base, file) else { return nothing(exchange) }
      open(exchange, apps[file] ?? DeployedApp(real, prefix, options, builds, metrics), file, prefix)
    }
  }

  private func open(_ exchange: HTTPExchange, _ app: DeployedApp, _ key: String, _ prefix: String) {
    let path = exchange.request.path
    // The app knows its own path in one spelling only; `%c3` and `%C3` are the same letter.
    guard path.utf8.starts(with: prefix.utf8) else {
      let rest = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        .dropFirst(prefix.utf8.count { $0 == UInt8(ascii: "/") } + 1)
      let target = prefix + rest.map { "/" + String(Substring($0)) }.joined()
      let query = exchange.request.query.map { "?\($0)" } ?? ""
      return exchange.respond(HTTPStatus(308), ["Location": target + query], [])
    }
    apps[key] = app
    app.touch()
    serve(exchange, app, until: .now + options.patience)
  }

  /// The file itself: a link that leads out of the directory is not there.
  private static func within(_ base: String, _ relative: String) -> String? {
    guard let real = Files.resolve(Path.join(base, relative)) else { return nil }
    return real.utf8.starts(with: "\(base)/".utf8) ? real : nil
  }

  private func nothing(_ exchange: HTTPExchange) {
    exchange.respond(.notFound, text: "There is nothing at this address.\n")
  }

  private func serve(_ exchange: HTTPExchange, _ app: DeployedApp, until deadline: MonotonicTime) {
    if let lease = app.lease { return proxy(exchange, app, lease) }
    switch app.state {
    case .broken(let lines): return broken(exchange, lines)
    case .idle: return wait(exchange, app)
    case .building, .starting, .serving: break
    }
    let left = deadline - .now
    guard left > .zero else { return wait(exchange, app) }
    var isDone = false
    let again: @EventLoop () -> Void = { [weak self] in
      guard !isDone else { return }
      isDone = true
      self?.serve(exchange, app, until: deadline)
    }
    app.whenChanged(again)
    Reactor.shared.schedule(after: left, again)
  }

  private func wait(_ exchange: HTTPExchange, _ app: DeployedApp) {
    let page = WaitingPage(template: nil, token: "").plain(saying: app.progress)
    exchange.respond(.serviceUnavailable, page.fields, page.body)
  }

  private func proxy(_ exchange: HTTPExchange, _ app: DeployedApp, _ lease: UpstreamLease) {
    let trip = ProxyTrip(
      exchange,
      onSplice: { splice in
        app.spliced()
        splice.onEnd = { app.spliceEnded() }
      }
    ) { [weak self] trip, _ in
      // It may have crashed a moment ago: a page that asks again finds the next one.
      if trip.exchange.request.isGet, !trip.exchange.request.wantsUpgrade { self?.wait(trip.exchange, app) }
      trip.exchange.respond(.badGateway, ["Cache-Control": "no-store"], text: "The app gave no answer.\n")
      trip.end()
    }
    let forwarded = ForwardedFields(
      side: trip.side, peerAddress: exchange.peerAddress, isSecure: exchange.isSecure, developerToken: nil,
      keepsConnection: trip.isRepeatable)
    trip.start(on: lease, forwarded)
  }

  // MARK: What went wrong

  /// The address with the token is printed where the server was started. From then on the browser has a cookie.
  private func becomeDeveloper(_ exchange: HTTPExchange) {
    exchange.respond(
      HTTPStatus(303),
      [
        "Location": exchange.request.path, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
        "Set-Cookie": "\(Self.cookie)=\(options.token); Path=/; HttpOnly; SameSite=Strict",
      ], [])
  }

  private func isDeveloper(_ request: HTTPRequestHead) -> Bool {
    request.fields.all("Cookie").contains { field in
      field.utf8.split(separator: UInt8(ascii: ";")).contains { part in
        let text = String(decoding: Array(part.drop { $0 == UInt8(ascii: " ") }), as: UTF8.self)
        return isEqualInConstantTime(text, "\(Self.cookie)=\(options.token)")
      }
    }
  }

  private func broken(_ exchange: HTTPExchange, _ lines: [String]) {
    let text = isDeveloper(exchange.request) ? lines.joined(separator: "\n") : "This app is out of order."
    exchange.respond(
      .internalServerError, ["Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"], text: "\(text)\n")
  }

  // MARK: Lists

  private func list(_ exchange: HTTPExchange, _ directory: String) {
    guard options.hasIndex, let real = directory.isEmpty ? options.directory : Self.within(options.directory, directory),
      let names = try? Files.list(real)
    else { return nothing(exchange) }
    var items: [String] = []
    for name in names.sorted() where DeployPath.isPlain(name) {
      guard let path = Self.within(options.directory, directory + name) else { continue }
      if Files.isDirectory(path), !(directory.isEmpty && name == "static") {
        items.append("\(name)/")
      } else if Files.isFile(path), Path.suffix(of: name) == "swift", name != "Package.swift" {
        items.append(String(decoding: Array(name.utf8.dropLast(6)), as: UTF8.self))
      }
    }
    // Nothing that plain names have means anything in HTML.
    let links = items.map { name in
      let file = Self.within(options.directory, "\(directory)\(name).swift")
      let description = file.flatMap { AppDescriptions(file: $0).texts["index"] }.map {
        "<br><small>\(Self.escaped($0))</small>"
      }
      return "<li><a href=\"\(name)\">\(name)</a>\(description ?? "")</li>\n"
    }.joined()
    let html = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>Apps</title>
      <style>body { max-width: 40rem; margin: 3rem auto; padding: 0 1rem; font: 1.1rem/1.8 system-ui, sans-serif; }</style>
      </head>
      <body><h1>Apps</h1>
      <ul>
      \(links)</ul>
      </body>
      </html>

      """
    exchange.respond(
      .ok,
      [
        "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
      ], Array(html.utf8))
  }

  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { html, character in
      switch character {
      case "&": html += "&amp;"
      case "<": html += "&lt;"
      case ">": html += "&gt;"
      default: html.append(character)
      }
    }
  }

  private func sweepLater() {
    Reactor.shared.schedule(after: .seconds(1)) { [weak self] in
      guard let self else { return }
      let now = MonotonicTime.now
      for app in apps.values { app.evict(now: now) }
      sweepLater()
    }
  }
}

import WebIOHTTP
import WebIOPosix

/// The one HTTP front of `webio dev` and `webio share`: it outlives the app, holds requests while there is none, and tells
/// the developer's side from the public one.
@EventLoop
package final class Gateway {
  package struct Options: Sendable {
    /// Of this run; the app marks its page for the developer with it.
    package var token = randomToken(32)
    package var hostGate = HostGate()
    package var publicGate = PublicGate()
    /// By path: `/__webio/dev.js`.
    package var assets: [String: GatewayAsset] = [:]
    /// The template of the page that stands in for an app; see `WaitingPage`.
    package var waitingPage: [UInt8]?
    /// The project whose files may be opened in the editor.
    package var projectDirectory: String?
    package var openableFiles: Set<String> = []
    /// How long a request waits for an app.
    package var hold = Duration.seconds(10)
    /// How long the developer's browser does before it sees a page that tells what is going on.
    package var patience = Duration.milliseconds(800)

    package init() {}
  }

  /// An answered request, for the log.
  package struct LogEntry: Sendable {
    package let method: String
    package let path: String
    package let status: Int
    package let milliseconds: Int
    /// The peer's address; from a tunnel the one that the relay saw.
    package let from: String
    package let side: GatewaySide
  }

  package let options: Options
  package let channel = DevChannel()
  /// After each request but those of the dev page itself.
  package var onRequest: (@EventLoop (LogEntry) -> Void)?
  /// Starts the editor; another one for tests.
  package var openEditor: @EventLoop (EditorCommand) -> Bool = { $0.launch() }
  /// Writes a session into a file.
  var onSave: (@EventLoop (String, @escaping @EventLoop (Result<String, DevError>) -> Void) -> Void)?
  /// Takes back the last answer of a session.
  var onTakeBack: (@EventLoop (String) -> Bool)?
  /// The last lines that the app printed.
  var onOutputWanted: (@EventLoop () -> [String])?
  package var publicGate: PublicGate
  /// Keeps what public visitors ask and get, for the inspector; nil keeps nothing.
  package var traffic: TrafficLog?
  /// The server that somebody else runs stopped taking connections. Told once until it answers again.
  package var onUpstreamDown: (@EventLoop (SystemError) -> Void)?
  nonisolated static let replayName: StaticString = "Webio-Replay"
  nonisolated static let replayField = "\(replayName)"
  package private(set) var server: HTTPServer!

  private var endpoints: DevEndpoints!
  private var lease = UpstreamLease(.none)
  private var held: [(trip: ProxyTrip, timer: TimerToken)] = []
  private let waitingPage: WaitingPage
  private var isStopping = false
  private static let heldLimit = 2_000

  package init(_ options: Options = Options()) {
    self.options = options
    publicGate = options.publicGate
    waitingPage = WaitingPage(template: options.waitingPage, token: options.token)
    var limits = HTTPLimits()
    // What an app takes is its own affair; bytes pass through here without being kept.
    limits.body = .max
    server = HTTPServer(handler: Front(self), limits: limits) { [weak self] in self?.log($0) }
    endpoints = DevEndpoints(
      channel: channel, token: options.token, assets: options.assets,
      files: options.projectDirectory.map { OpenableFiles(package: $0, single: options.openableFiles) }
    ) { [weak self] in self?.openEditor($0) ?? false }
    endpoints.save = { [weak self] in self?.onSave?($0, $1) }
    endpoints.output = { [weak self] in self?.onOutputWanted?() ?? [] }
    endpoints.takeBack = { [weak self] in self?.onTakeBack?($0) ?? false }
  }

  /// The server keeps its handler alive, and the gateway its server.
  private final class Front: HTTPRequestHandler {
    private weak var gateway: Gateway?
    init(_ gateway: Gateway) { self.gateway = gateway }
    func handle(_ exchange: HTTPExchange) {
      if let gateway { gateway.handle(exchange) } else { exchange.abort() }
    }
  }

  @discardableResult
  package func listen(on address: SocketAddress) throws -> SocketAddress { try server.listen(on: address) }

  // MARK: The upstream

  package var upstream: Upstream { lease.upstream }

  /// Sends new requests, and those that wait, to another upstream. `drained` is called when the one before has answered
  /// what it had begun, or after `limit`: then it can be stopped without a request failing.
  package func use(
    _ upstream: Upstream, drainLimit limit: Duration = .seconds(5), drained: @escaping @EventLoop () -> Void = {}
  ) {
    let before = lease
    lease = UpstreamLease(upstream)
    before.replaced()
    if case .none = upstream {} else { releaseHeld() }
    before.drain(limit: limit, drained)
  }

  private func releaseHeld() {
    let waiting = held
    held = []
    for (trip, timer) in waiting {
      timer.cancel()
      if !trip.isOver { start(trip) }
    }
  }

  /// Waits for running requests, closes everything.
  package func stop(grace: Duration = .seconds(1), _ completion: @escaping @EventLoop () -> Void) {
    isStopping = true
    channel.closeAll()
    let waiting = held
    held = []
    for (trip, timer) in waiting {
      timer.cancel()
      unavailable(trip)
    }
    server.stop(grace: grace, completion)
  }

  // MARK: A request

  private func handle(_ exchange: HTTPExchange) {
    var record: TrafficRecord?
    switch GatewaySide(exchange.origin) {
    case .local:
      guard options.hostGate.allows(exchange.request.host) else { return refuseHost(exchange) }
      if DevEndpoints.owns(exchange.request) { return endpoints.handle(exchange) }
    case .public:
      record = traffic?.begin(exchange)
      if let record {
        exchange.onFinish = { [weak exchange] isWhole in
          record.ended(exchange?.status ?? .badGateway, isWhole: isWhole)
        }
      }
      guard admit(exchange) else { return }
      if DevEndpoints.owns(exchange.request) { return exchange.respond(.notFound, text: "There is nothing here.\n") }
    }
    guard !exchange.request.hasMethod("CONNECT") else {
      return exchange.respond(.methodNotAllowed, text: "This is no proxy for other hosts.\n")
    }
    let trip = ProxyTrip(exchange, onSplice: { _ in }, onFailure: failed)
    trip.record = record
    start(trip)
  }

  private func refuseHost(_ exchange: HTTPExchange) {
    let host = exchange.request.host ?? ""
    let shown = host.utf8.count <= 255 ? host : "that name"
    exchange.respond(
      .forbidden, ["X-Content-Type-Options": "nosniff"],
      text: "webio does not serve the host \"\(shown)\": it could be a foreign page that borrows your browser.\n"
        + "If the name is yours, start with: webio dev --host \(shown)\n")
  }

  private func admit(_ exchange: HTTPExchange) -> Bool {
    guard !publicGate.isOpen else { return true }
    let fields = exchange.request.fields
    let verdict = publicGate.verdict(
      authorization: fields["Authorization"], forwardedFor: fields.last("X-Forwarded-For"), at: .sinceBoot)
    switch verdict {
    case .allowed: return true
    case .unauthorized:
      exchange.respond(
        .unauthorized, ["WWW-Authenticate": "Basic realm=\"webio\", charset=\"UTF-8\""], text: "A password is needed.\n"
      )
    case .forbidden: exchange.respond(.forbidden, text: "Not from your address.\n")
    case .expired: exchange.respond(HTTPStatus(410), text: "This address was shared for a while, which is over.\n")
    }
    return false
  }

  private func start(_ trip: ProxyTrip) {
    if isAhead(trip) { return hold(trip) }
    let exchange = trip.exchange
    var forwarded = ForwardedFields(
      side: trip.side, peerAddress: exchange.peerAddress, isSecure: exchange.isSecure,
      developerToken: lease.isApp && isDeveloper(trip) ? options.token : nil)
    forwarded.host = lease.host
    forwarded.keepsConnection = trip.isRepeatable
    forwarded.hidesExtensions = trip.record != nil
    forwarded.hidesAuthorization = trip.side == .public && publicGate.credentials != nil
    trip.start(on: lease, forwarded)
  }

  /// A page of ours, a typed address, or a link that leads here: not another site's script or frame.
  private func isDeveloper(_ trip: ProxyTrip) -> Bool {
    guard trip.side == .local else { return false }
    let request = trip.exchange.request
    if let origin = request.fields["Origin"], !HostGate.isOwn(origin: origin, host: request.host) { return false }
    guard let site = request.fields["Sec-Fetch-Site"], site != "same-origin", site != "none" else { return true }
    return request.isGet && request.fields["Sec-Fetch-Mode"] == "navigate"
      && request.fields["Sec-Fetch-Dest"] == "document"
  }

  // MARK: Waiting

  /// Nothing serves, or not yet what this is for: the session of a page that has heard which build is about to come.
  private func isAhead(_ trip: ProxyTrip) -> Bool {
    if case .none = lease.upstream { return true }
    let request = trip.exchange.request
    guard let generation = lease.upstream.generation, trip.side == .local,
      request.wantsUpgrade || request.fields.contains("webio-session-id"), request.queryValue("webio") == "1",
      let wanted = request.queryValue("generation").flatMap({ ASCII.decimal($0) })
    else { return false }
    return wanted > generation
  }

  private func hold(_ trip: ProxyTrip) {
    held.removeAll { $0.trip.isOver }
    guard held.count < Self.heldLimit, !isStopping else { return unavailable(trip) }
    var limit = options.hold
    if trip.side == .local, isNavigation(trip), options.waitingPage != nil {
      limit = min(limit, isHopeless ? .zero : options.patience)
    }
    let timer = Reactor.shared.schedule(after: limit) { [weak self, weak trip] in
      guard let self, let trip else { return }
      held.removeAll { $0.trip === trip }
      if !trip.isOver { unavailable(trip) }
    }
    held.append((trip, timer))
  }

  /// Nothing will come before the next save.
  private var isHopeless: Bool {
    switch channel.state {
    case .failed, .crashed: true
    case .idle, .building: false
    }
  }

  /// A browser that wants a page to show.
  private func isNavigation(_ trip: ProxyTrip) -> Bool {
    let request = trip.exchange.request
    guard request.isGet || request.isHead, !request.wantsUpgrade else { return false }
    if let mode = request.fields["Sec-Fetch-Mode"] { return mode == "navigate" }
    return request.fields.contains("text/html", in: "Accept")
  }

  private func unavailable(_ trip: ProxyTrip) {
    defer { trip.end() }
    guard isNavigation(trip) else {
      return trip.exchange.respond(.serviceUnavailable, ["Retry-After": "1"], text: "The app is not running.\n")
    }
    let page = isDeveloper(trip) ? waitingPage.developer() : waitingPage.plain()
    trip.exchange.respond(.serviceUnavailable, page.fields, page.body)
  }

  private func failed(_ trip: ProxyTrip, _ failure: ProxyTrip.Failure) {
    guard !trip.isOver else { return }
    switch failure {
    case .unreachable(let error):
      // An app that does not take connections is on its way out, and the next one is on its way in.
      if case .none = lease.upstream { return hold(trip) }
      if lease.isApp, !trip.wasRepeated { return retry(trip) }
      if !lease.isApp, !lease.isDown {
        lease.isDown = true
        onUpstreamDown?(error)
      }
      if isNavigation(trip) { return unavailable(trip) }
      respond(trip, "Nothing answers behind this address (\(error)).")
    case .unanswered:
      if trip.isRepeatable, !trip.wasRepeated { return retry(trip) }
      // It died over this: a page to look at asks again by itself, anything else may have had its effect.
      if isNavigation(trip) { return unavailable(trip) }
      respond(trip, "The app ended the connection without an answer.")
    case .broken(let error): respond(trip, "The app's answer cannot be read: \(error.reason).")
    }
  }

  /// In a moment, when it is known whether the app is gone.
  private func retry(_ trip: ProxyTrip) {
    trip.wasRepeated = true
    Reactor.shared.schedule(after: .milliseconds(100)) { [weak self] in
      if !trip.isOver { self?.start(trip) }
    }
  }

  private func respond(_ trip: ProxyTrip, _ text: String) {
    trip.exchange.respond(.badGateway, ["Cache-Control": "no-store"], text: "\(text)\n")
    trip.end()
  }

  // MARK: The log

  private func log(_ entry: AccessLogEntry) {
    guard let onRequest, let request = entry.request, !DevEndpoints.owns(request) else { return }
    let side = GatewaySide(entry.origin)
    let client = side == .public ? PublicGate.client(of: request.fields.last("X-Forwarded-For")) : entry.peerAddress
    onRequest(
      LogEntry(
        method: request.method, path: request.path, status: entry.status.code,
        milliseconds: entry.duration.wholeMilliseconds, from: client ?? "", side: side))
  }
}

import WebIOPosix

/// A public address for what `accept` serves: keeps a connection to a server that forwards visitors, and when it is gone
/// makes the next one, for ever.
///
/// ```
/// let tunnel = Tunnel(configuration, accept: { visitor in server.serve(visitor) }, onEvent: { print($0) })
/// tunnel.start()
/// ```
/// The first connection has one attempt, so that a wrong name or key is told at once; from then on only errors that no
/// retry can heal are final.
@EventLoop
package final class Tunnel {
  private enum State { case idle, connecting, open, waiting, ended }

  private let configuration: TunnelConfiguration
  private let accept: @EventLoop (any ByteStream) -> Void
  private let onEvent: @EventLoop (TunnelEvent) -> Void
  private var state = State.idle
  private var link: (any TunnelLink)?
  private var schedule: ReconnectSchedule
  private var attempt = 0
  private var attemptStart = MonotonicTime.now
  private var wasOpen = false
  private var keptPort = KeptPort()
  /// The server's session told the address, and not we made it of the port.
  private var hasSaidAddress = false
  private var boundPort: UInt16 = 0
  private var timer: TimerToken?
  private var announcements: AnnouncementReader
  private var usesOpenSSH: Bool
  private var network: NetworkWatch?
  private var report = OutageReport()
  /// Where the server was found last: a resolver may be the last one to notice that the network is back.
  private var serverAddress: SocketAddress?
  private var staleConnection: StaleConnection?

  package init(
    _ configuration: TunnelConfiguration, accept: @escaping @EventLoop (any ByteStream) -> Void,
    onEvent: @escaping @EventLoop (TunnelEvent) -> Void
  ) {
    self.configuration = configuration
    self.accept = accept
    self.onEvent = onEvent
    let provider = configuration.target.provider
    schedule = ReconnectSchedule(
      quickPeriod: provider == .plain ? .seconds(600) : .seconds(60),
      nameCooldown: configuration.name == nil ? .zero : provider.nameCooldown)
    announcements = AnnouncementReader(configuration)
    usesOpenSSH = configuration.engine == .ssh
  }

  package func start() {
    guard state == .idle else { return }
    do {
      try configuration.validate()
    } catch {
      return fail(error as? TunnelError ?? .connectionLost("\(error)"))
    }
    // Where the kernel does not tell, as in some sandboxes, the clock has to do.
    network = try? NetworkWatch { [weak self] in self?.networkDidChange() }
    connect()
  }

  /// Ends the tunnel; `completion` comes on the loop, after `closed` or `failed`.
  package func stop(_ completion: @escaping @EventLoop () -> Void = {}) {
    guard state != .ended else { return completion() }
    let link = link
    shutDown()
    link?.close()
    onEvent(.closed)
    completion()
  }

  private func shutDown() {
    state = .ended
    timer?.cancel()
    network?.close()
    network = nil
    staleConnection?.reset()
    link = nil
  }

  private func fail(_ error: TunnelError) {
    shutDown()
    onEvent(.failed(error))
  }

  // MARK: Connecting

  private func connect() {
    attempt += 1
    attemptStart = .now
    state = .connecting
    onEvent(.connecting(attempt: attempt))
    guard state == .connecting else { return }
    announcements = AnnouncementReader(configuration)
    do {
      let request = LinkRequest(
        configuration: configuration, checker: try HostKeyChecker(configuration),
        port: keptPort.number ?? configuration.forwardPort, isRetry: wasOpen, lastAddress: serverAddress,
        staleConnection: staleConnection)
      let link: any TunnelLink =
        usesOpenSSH ? OpenSSHLink(request, delegate: self) : SSHLink(request, delegate: self)
      self.link = link
      link.start()
    } catch {
      fail(error as? TunnelError ?? .connectionLost("\(error)"))
    }
  }

  /// Where libssh2 cannot go on and ssh can, ssh carries the tunnel from now on.
  private func switchEngine(_ error: TunnelError) -> Bool {
    guard error.otherEngineMayHelp, configuration.engine == .auto, !usesOpenSSH,
      Environment.executable("ssh") != nil, Environment.executable("ssh-keyscan") != nil
    else { return false }
    usesOpenSSH = true
    onEvent(.notice("using the system's ssh: \(error.problem)"))
    if state != .ended { connect() }
    return true
  }

  private func retry(_ error: TunnelError) {
    if switchEngine(error) { return }
    if error.isFinal || !wasOpen { return fail(error) }
    if error.code == .forwardRefused, keptPort.number != nil, configuration.remotePort == 0 {
      // Where the port is no part of the address, any other will do.
      if hasSaidAddress {
        keptPort.release()
        return connect()
      }
      keptPort.refused()
    }
    let jitter = Double(randomBytes(1)[0]) / 255
    var delay = schedule.failed(at: .now, wasAnswered: error.wasAnswered, jitter: jitter)
    // Each second an attempt: one that waited for an answer in vain has waited enough.
    if !error.wasAnswered { delay = max(delay - (.now - attemptStart), .milliseconds(200)) }
    state = .waiting
    wait(until: .now + delay, suspension: SystemClock.suspension)
    guard report.tells(error.problem, at: .now) else { return }
    onEvent(.reconnecting(attempt: schedule.attempt, reason: error.problem, delay: delay))
  }

  /// In slices, because the timer's clock stands still while the machine sleeps: after that, nobody waits for it.
  private func wait(until end: MonotonicTime, suspension: Duration) {
    let slice = min(max(end - .now, .zero), .seconds(1))
    timer = Reactor.shared.schedule(after: slice) { [weak self] in
      guard let self, state == .waiting else { return }
      let hasSlept = SystemClock.suspension - suspension > .seconds(1)
      if MonotonicTime.now >= end || hasSlept { connect() } else { wait(until: end, suspension: suspension) }
    }
  }

  /// There may be a way now where there was none, and a connection may have lost its own.
  private func networkDidChange() {
    switch state {
    case .waiting where schedule.isUnanswered:
      timer?.cancel()
      connect()
    case .connecting: link?.networkDidChange()
    case .open:
      // The same address may come back with the same network; with another one in its place it will not.
      if let address = link?.localAddress, !NetworkAddress.isAssigned(address) {
        keptPort.moved()
        drop(.connectionLost("this machine's address \(address.host) is gone"))
      } else {
        link?.networkDidChange()
      }
    case .idle, .waiting, .ended: break
    }
  }

  // MARK: Open

  private func announce(_ url: String) {
    timer?.cancel()
    if state == .connecting { schedule.connected(at: .now) }
    state = .open
    wasOpen = true
    report = OutageReport()
    serverAddress = link?.serverAddress ?? serverAddress
    keptPort.opened()
    onEvent(.open(url: url, provider: configuration.target.description))
  }

  /// A plain server has given its port and nothing more: the address is what we know of it.
  private func announcePort() {
    guard state == .connecting, boundPort != 0 else { return }
    let target = configuration.target
    guard !configuration.needsVisitorAddresses else {
      let link = link
      fail(.barePort(target))
      link?.close()
      return
    }
    let host = configuration.domain ?? target.host
    let isSixth = host.utf8.contains(UInt8(ascii: ":"))
    announce("http://\(isSixth ? "[\(host)]" : host):\(boundPort)")
  }

  private func handle(_ announcement: Announcement) {
    switch announcement {
    case .address(let address):
      hasSaidAddress = true
      guard state == .connecting, !address.isSecure, configuration.target.provider != .plain else {
        return announce(address.url)
      }
      // Where there are two, the one with TLS comes right after.
      timer?.cancel()
      timer = Reactor.shared.schedule(after: .milliseconds(300)) { [weak self] in self?.announce(address.url) }
    case .none:
      announcements.didEnd = true
      announcePort()
    case .notice(let text): onEvent(.notice(text))
    case .refused(let text):
      guard state == .connecting else { return onEvent(.notice(text)) }
      drop(
        TunnelError(
          .forwardRefused, "\(configuration.target) gave no address: \(text)",
          advice: "Is the name taken, or does it need an account? Try again without --name and --domain."))
    }
  }

  private func drop(_ error: TunnelError) {
    let link = link
    self.link = nil
    timer?.cancel()
    link?.close()
    retry(error)
  }
}

extension Tunnel: TunnelLinkDelegate {
  func link(_ link: any TunnelLink, didTrustOnFirstUse key: HostKey) {
    guard link === self.link else { return }
    onEvent(
      .firstUse(
        host: configuration.target.endpoint, fingerprint: key.fingerprint, keyType: key.type,
        file: configuration.rememberedHostsFile))
  }

  func link(_ link: any TunnelLink, didBind port: UInt16) {
    guard link === self.link else { return }
    boundPort = port
    let isPlain = configuration.target.provider == .plain
    if isPlain { keptPort.bound(port) }
    guard state == .connecting, !announcements.hasAddress else { return }
    // A forced command of a relay of one's own may have an address to tell; a shell has not.
    timer = Reactor.shared.schedule(after: isPlain ? .seconds(3) : .seconds(20)) { [weak self] in
      guard let self, self.state == .connecting else { return }
      if isPlain { announcePort() } else { drop(.noAddress(configuration.target, said: announcements.lastLine)) }
    }
    if announcements.didEnd { linkSessionDidEnd(link) }
  }

  func link(_ link: any TunnelLink, didReceive text: [UInt8]) {
    guard link === self.link else { return }
    for announcement in announcements.receive(text) where link === self.link { handle(announcement) }
  }

  func linkSessionDidEnd(_ link: any TunnelLink) {
    guard link === self.link else { return }
    announcements.didEnd = true
    for announcement in announcements.finish() where link === self.link { handle(announcement) }
    guard link === self.link, boundPort != 0 else { return }
    if configuration.target.provider == .plain { return announcePort() }
    // Everybody's client is ssh, which ends with its session: no provider keeps a tunnel without one.
    let target = configuration.target
    drop(
      state == .connecting
        ? .noAddress(target, said: announcements.lastLine) : .connectionLost("\(target) ended the session"))
  }

  func link(_ link: any TunnelLink, didAccept visitor: any ByteStream) {
    // Before the address is known it is not known either who writes the visitors' addresses.
    guard link === self.link, state == .open || !configuration.needsVisitorAddresses else { return visitor.abort() }
    accept(visitor)
  }

  func linkDidEnd(_ link: any TunnelLink, error: TunnelError) {
    guard link === self.link else { return }
    self.link = nil
    timer?.cancel()
    boundPort = 0
    if let stale = link.staleConnection {
      staleConnection?.reset()
      staleConnection = stale
    }
    if !wasOpen, error.code == .connectionLost || error.code == .forwardRefused, let said = announcements.lastLine {
      return retry(TunnelError(error.code, "\(error.problem); it said: \(said)", advice: error.advice))
    }
    retry(error)
  }
}

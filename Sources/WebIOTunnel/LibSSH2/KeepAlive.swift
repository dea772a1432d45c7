import WebIOPosix

/// Watches over an open connection: asks a server that has fallen silent for a sign of life, and tells the link when there is
/// none.
@EventLoop
final class KeepAlive {
  private unowned let link: SSHLink
  private let socket: TransportSocket
  private let setup: SSHSetup
  private let probe: LinkProbe
  private var watch = LinkWatch(now: .now, suspension: SystemClock.suspension)
  private var losses = LossWatch()
  private var watchTimer: TimerToken?
  private var lossTimer: TimerToken?

  init(_ link: SSHLink, _ session: SSHSession, _ socket: TransportSocket, _ setup: SSHSetup) {
    self.link = link
    self.socket = socket
    self.setup = setup
    probe = LinkProbe(session, isOpenSSH: session.serverVersion.hasPrefix("SSH-2.0-OpenSSH"))
    tickSoon()
  }

  func cancel() {
    watchTimer?.cancel()
    lossTimer?.cancel()
  }

  /// The server has taken something.
  func progressed() { watch.received(at: .now) }

  func received() {
    let now = MonotonicTime.now
    watch.received(at: now)
    if let delay = losses.received(at: now) { lookSoon(delay) }
  }

  /// Goes on with a question that is under way. Called when bytes have come in.
  func advance() { probe.advance() }

  func networkDidChange() { carryOut(watch.networkDidChange(at: .now)) }

  private func tickSoon() {
    watchTimer = Reactor.shared.schedule(after: LinkWatch.interval) { [weak self] in
      guard let self, link.isOpen else { return }
      tickSoon()
      carryOut(watch.tick(now: .now, suspension: SystemClock.suspension))
    }
  }

  private func carryOut(_ action: LinkWatch.Action) {
    switch action {
    case .none: break
    case .probe:
      if !probe.send() { watch.received(at: .now) }
      if probe.leaks >= LinkWatch.leakLimit { watch.goSlow() }
      link.flushSoon()
    case .dead: link.fallSilent()
    }
  }

  private func lookSoon(_ delay: Duration) {
    lossTimer = Reactor.shared.schedule(after: delay) { [weak self] in
      guard let self, link.isOpen else { return }
      let (sends, next) = losses.look(at: .now) { packetsOutOfOrder(socket.descriptor) }
      if sends {
        if !probe.acknowledge() { setup.acknowledge() }
        link.flushSoon()
      }
      if let next { lookSoon(next) }
    }
  }
}

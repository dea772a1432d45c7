import CLibSSH2
import Glibc
import WebIOPosix

/// A connection by libssh2: connect, handshake, host key, login, forward, and then the visitors' channels.
///
/// libssh2 is driven by one function for each stage, called whenever bytes have come in, until it says that it needs
/// more. It reads and writes memory only (`TransportBuffers`), which `TransportSocket` moves to and from the kernel.
@EventLoop
final class SSHLink: TunnelLink {
  private enum Stage { case idle, connecting, handshake, login, setup, open, ended }

  private let request: LinkRequest
  private weak var delegate: (any TunnelLinkDelegate)?
  private var stage = Stage.idle
  private var dialer: Dialer?
  private var socket: TransportSocket?
  private var session: SSHSession?
  private var login: SSHLogin?
  private var setup: SSHSetup?
  private var deadline: TimerToken?
  private var keepAlive: KeepAlive?

  /// The visitors.
  private(set) lazy var channels = ChannelSet(self)
  private var isRefused = false
  private var isTurnScheduled = false
  private var isFlushScheduled = false
  private(set) var staleConnection: StaleConnection?

  init(_ request: LinkRequest, delegate: any TunnelLinkDelegate) {
    self.request = request
    self.delegate = delegate
  }

  var isOpen: Bool { stage == .open }
  private var endpoint: String { request.configuration.target.endpoint }

  // MARK: Connecting

  func start() {
    stage = .connecting
    dialer = Dialer(request) { [weak self] result in
      switch result {
      case .success(let descriptor): self?.connected(descriptor)
      case .failure(let error): self?.end(error)
      }
    }
  }

  private func connected(_ descriptor: Int32) {
    dialer = nil
    request.staleConnection?.reset()
    do {
      let session = try SSHSession(hostKeyTypes: request.checker.keyTypes)
      self.session = session
      socket = try TransportSocket(descriptor, session.buffers) { [weak self] in self?.handle($0) }
    } catch {
      Glibc.close(descriptor)
      return end(error as? TunnelError ?? .connectionLost("\(error)"))
    }
    enter(.handshake, seconds: 10)
    advance()
  }

  private func enter(_ stage: Stage, seconds: Int) {
    self.stage = stage
    deadline?.cancel()
    deadline = Reactor.shared.schedule(after: .seconds(seconds)) { [weak self] in self?.stageTimedOut() }
  }

  private func stageTimedOut() {
    switch stage {
    case .handshake where session?.buffers.greeting.starts(withASCII: "SSH-") != true:
      end(.notAnSSHServer(endpoint, said: session?.buffers.greeting ?? []))
    case .handshake: end(.connectionLost("\(endpoint) did not finish the key exchange in time"))
    case .login where login?.waitsForAgent == true: enter(.login, seconds: 60)
    case .login: end(.connectionLost("\(endpoint) did not answer the login in time"))
    default: end(.connectionLost("\(endpoint) did not answer the forward request in time"))
    }
  }

  // MARK: The socket

  private func handle(_ event: TransportSocket.Event) {
    switch event {
    case .received:
      keepAlive?.received()
      channels.hasInput = true
      advance()
    case .progressed:
      keepAlive?.progressed()
      if channels.waitsForRoom, acceptsOutput { turnSoon() }
    case .ended(let code):
      channels.hasInput = true
      advance()
      end(hangup(code))
    }
  }

  private func hangup(_ code: Int32?) -> TunnelError {
    let greeting = session?.buffers.greeting ?? []
    if stage == .handshake, !greeting.starts(withASCII: "SSH-") { return .notAnSSHServer(endpoint, said: greeting) }
    guard let farewell = session?.buffers.farewell, !farewell.text.isEmpty else { return .connectionLost(endpoint, code) }
    // OpenSSH gives a protocol error (2) for too many keys; the others say that no method is left, or nobody of that name.
    if stage == .login, [2, 14, 15].contains(farewell.reason) {
      return .loginRefused(request.configuration, said: farewell.text)
    }
    return .connectionLost("the connection to \(endpoint) is gone (it said: \(farewell.text))")
  }

  private func flush() {
    socket?.flush()
    if channels.waitsForRoom, acceptsOutput { turnSoon() }
  }

  /// What has been encrypted goes out in its order: a visitor's byte waits behind all of it.
  private static let outputMark = 32 << 10

  /// Whether the transport buffer is below its mark.
  var acceptsOutput: Bool { (session?.buffers.output.count ?? 0) < Self.outputMark }

  /// One send(2) for everything that is written in this turn of the loop.
  func flushSoon() {
    guard !isFlushScheduled else { return }
    isFlushScheduled = true
    EventLoop.run { [self] in
      isFlushScheduled = false
      guard stage == .open else { return }
      if channels.pumpWriters() { turnSoon() }
      flush()
    }
  }

  func turnSoon() {
    guard !isTurnScheduled else { return }
    isTurnScheduled = true
    EventLoop.run { [self] in
      isTurnScheduled = false
      advance()
    }
  }

  // MARK: Stages

  private func advance() {
    if stage == .handshake { handshake() }
    if stage == .login { logIn() }
    if stage == .setup { setUp() }
    if stage == .open { turn() }
    flush()
  }

  private func handshake() {
    guard let session, let socket else { return }
    let code = libssh2_session_handshake(session.pointer, socket.descriptor)
    if code == LIBSSH2_ERROR_EAGAIN { return }
    guard code == 0 else {
      return end(session.handshakeError(code, endpoint, hostKeyTypes: request.checker.keyTypes))
    }
    guard let key = session.hostKey else { return end(.connectionLost("\(endpoint) showed no host key")) }
    do {
      if try request.checker.check(key) == .firstUse { delegate?.link(self, didTrustOnFirstUse: key) }
      guard stage == .handshake else { return }
      session.buffers.forgetGreeting()
      login = try SSHLogin(request.configuration, session) { [weak self] in self?.turnSoon() }
    } catch {
      return end(error as? TunnelError ?? .connectionLost("\(error)"))
    }
    enter(.login, seconds: 20)
  }

  private func logIn() {
    switch login?.advance() {
    case .waiting, nil: return
    case .failed(let error): end(error)
    case .done:
      login = nil
      guard let session else { return }
      setup = SSHSetup(request, session)
      enter(.setup, seconds: 15)
    }
  }

  private func setUp() {
    guard let setup else { return }
    switch setup.advance() {
    case .waiting: readSession()
    case .failed(let error): refused(error)
    case .bound(let port):
      deadline?.cancel()
      stage = .open
      if let session, let socket { keepAlive = KeepAlive(self, session, socket, setup) }
      delegate?.link(self, didBind: port)
    }
  }

  /// A provider says in its session why it refuses; there is a moment to hear it.
  private func refused(_ error: TunnelError) {
    readSession()
    guard stage == .setup, !isRefused else { return }
    isRefused = true
    guard request.configuration.target.provider != .plain else { return end(error) }
    deadline?.cancel()
    deadline = Reactor.shared.schedule(after: .milliseconds(500)) { [weak self] in self?.end(error) }
  }

  // MARK: Open

  private func turn() {
    acceptVisitors()
    readSession()
    if stage == .open { keepAlive?.advance() }
    channels.pumpReaders()
    guard stage == .open else { return }
    let hasMore = channels.pumpWriters()
    channels.freeClosed()
    if hasMore { turnSoon() }
  }

  private func acceptVisitors() {
    while stage == .open, let session, let listener = setup?.listener {
      guard let pointer = libssh2_channel_forward_accept(listener) else {
        // Anything else than a wish for more bytes is a broken stream: a wrong MAC, a packet out of bounds.
        if session.lastError != LIBSSH2_ERROR_EAGAIN, !session.buffers.isEnded {
          end(.connectionLost("\(endpoint) broke the SSH protocol (\(session.lastErrorText))"))
        }
        return
      }
      guard channels.count < request.configuration.maximumChannels else {
        channels.turnAway(pointer)
        continue
      }
      delegate?.link(self, didAccept: channels.add(pointer))
    }
  }

  private func readSession() {
    guard let setup else { return }
    let (text, didEnd) = setup.readSession()
    if setup.hasStarted { socket?.acknowledgesAtOnce = false }
    if !text.isEmpty { delegate?.link(self, didReceive: text) }
    if didEnd, stage != .ended { delegate?.linkSessionDidEnd(self) }
  }

  /// The server gives no sign of life any more.
  func fallSilent() {
    staleConnection = socket?.abandon()
    end(.connectionLost("\(endpoint) does not answer any more"))
  }

  func networkDidChange() {
    dialer?.dialAgain()
    if stage == .open { keepAlive?.networkDidChange() }
  }

  var localAddress: SocketAddress? { socket.flatMap { try? SocketAddress.local(of: $0.descriptor) } }
  var serverAddress: SocketAddress? { socket.flatMap { try? SocketAddress.peer(of: $0.descriptor) } }

  // MARK: The end

  func close() {
    guard stage != .ended else { return }
    delegate = nil
    if stage == .open || stage == .setup {
      _ = channels.pumpWriters()
      session?.sendDisconnect()
      flush()
    }
    end(.connectionLost("closed"))
  }

  private func end(_ error: TunnelError) {
    guard stage != .ended else { return }
    stage = .ended
    dialer?.cancel()
    dialer = nil
    login?.cancel()
    deadline?.cancel()
    keepAlive?.cancel()
    socket?.close()
    socket = nil
    session?.buffers.isEnded = true
    channels.end(SystemError("tunnel", code: ECONNRESET))
    // Not now: this may be a delegate's call from within a loop over the channels.
    EventLoop.run { [self] in
      setup = nil
      login = nil
      keepAlive = nil
      session?.free()
      session = nil
      delegate?.linkDidEnd(self, error: error)
      delegate = nil
    }
  }
}

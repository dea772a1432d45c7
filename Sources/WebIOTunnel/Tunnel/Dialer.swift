import Glibc
import WebIOPosix

/// Connects to a name: its addresses in turn, the next one a quarter of a second after the one before it, and the first
/// that answers wins. See RFC 8305.
@EventLoop
final class Dialer {
  static let stagger: Duration = .milliseconds(250)
  static let repetition: Duration = .seconds(1)
  static let attemptLimit = 16

  private let endpoint: String
  private let port: UInt16
  /// All that are known, and those that have not been tried in this round.
  private var addresses: [SocketAddress] = []
  private var waiting: [SocketAddress] = []
  private let dialsAgain: Bool
  private var attempts: [Attempt] = []
  private var stagger: TimerToken?
  private var deadline: TimerToken?
  private var lastError = SystemError("connect", code: ETIMEDOUT)
  private var completion: (@EventLoop (Result<Int32, TunnelError>) -> Void)?

  /// Calls `completion` once with a connected, non-blocking descriptor that is then the caller's.
  init(_ request: LinkRequest, _ completion: @escaping @EventLoop (Result<Int32, TunnelError>) -> Void) {
    let target = request.configuration.target
    endpoint = target.endpoint
    port = target.port
    dialsAgain = request.isRetry
    self.completion = completion
    deadline = Reactor.shared.schedule(after: request.connectTimeout) { [weak self] in self?.giveUp() }
    if let address = request.lastAddress {
      Reactor.shared.schedule(after: Self.stagger) { [weak self] in
        guard let self, addresses.isEmpty else { return }
        start([address])
      }
    }
    Resolver.resolve(host: target.host, port: target.port) { [weak self] result in
      switch result {
      case .success(let addresses): self?.start(addresses)
      case .failure(let error): self?.unresolved(error)
      }
    }
  }

  func cancel() {
    completion = nil
    finish(.failure(.connectionLost("cancelled")))
  }

  /// A new attempt for each address beside those that are under way: the kernel's own repetition of a lost SYN comes
  /// ever more rarely.
  func dialAgain() {
    guard completion != nil, waiting.isEmpty, !addresses.isEmpty, attempts.count < Self.attemptLimit else { return }
    waiting = addresses
    next()
  }

  private func unresolved(_ error: ResolutionError) {
    // The address of the last time may do.
    if attempts.isEmpty { finish(.failure(.unresolvable(error))) }
  }

  private func start(_ found: [SocketAddress]) {
    guard completion != nil else { return }
    let new = found.filter { address in !addresses.contains { $0.description == address.description } }
    guard !new.isEmpty else { return }
    addresses += new
    // The other family second: if one of them is broken here, the second attempt is not.
    let first = new.first?.family
    let same = new.filter { $0.family == first }
    let other = new.filter { $0.family != first }
    for index in 0..<max(same.count, other.count) {
      if index < same.count { waiting.append(same[index]) }
      if index < other.count { waiting.append(other[index]) }
    }
    next()
  }

  private func next() {
    stagger?.cancel()
    guard completion != nil else { return }
    guard !waiting.isEmpty else {
      if attempts.isEmpty { return finish(.failure(.unreachable(endpoint, port: port, lastError))) }
      return dialAgainSoon()
    }
    let address = waiting.removeFirst()
    do {
      attempts.append(try Attempt(address) { [weak self] attempt, error in self?.ended(attempt, error) })
    } catch {
      if let error = error as? SystemError { lastError = error }
      return next()
    }
    if waiting.isEmpty { return dialAgainSoon() }
    stagger = Reactor.shared.schedule(after: Self.stagger) { [weak self] in self?.next() }
  }

  private func dialAgainSoon() {
    guard dialsAgain else { return }
    stagger = Reactor.shared.schedule(after: Self.repetition) { [weak self] in self?.dialAgain() }
  }

  private func ended(_ attempt: Attempt, _ error: SystemError?) {
    attempts.removeAll { $0 === attempt }
    if let error {
      lastError = error
      next()
    } else {
      finish(.success(attempt.takeDescriptor()))
    }
  }

  private func giveUp() {
    finish(.failure(.unreachable(endpoint, port: port, SystemError("connect", code: ETIMEDOUT))))
  }

  private func finish(_ result: Result<Int32, TunnelError>) {
    stagger?.cancel()
    deadline?.cancel()
    attempts.forEach { $0.cancel() }
    attempts = []
    let completion = completion
    self.completion = nil
    completion?(result)
  }
}

/// One non-blocking connect(2).
@EventLoop
private final class Attempt: EventSource {
  private var descriptor: Int32
  private var registration: Registration?
  private let ended: @EventLoop (Attempt, SystemError?) -> Void

  init(_ address: SocketAddress, _ ended: @escaping @EventLoop (Attempt, SystemError?) -> Void) throws {
    self.ended = ended
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    descriptor = socket(address.family, type, 0)
    guard descriptor >= 0 else { throw SystemError("socket") }
    configure()
    let code = address.withSockaddr { connect(descriptor, $0, $1) }
    if code != 0, errno != EINPROGRESS {
      let error = SystemError("connect")
      close(descriptor)
      throw error
    }
    do {
      registration = try Reactor.shared.add(descriptor, [.writable], self)
    } catch {
      close(descriptor)
      throw error
    }
  }

  /// The kernel gives up on a silent path too, after `LinkWatch` would have: asked after 5 s without traffic, and failed when
  /// anything stays unacknowledged for 20 s. See tcp(7).
  private func configure() {
    let tcp = Int32(IPPROTO_TCP)
    TransportOptions.set(descriptor)
    setOption(descriptor, tcp, TCP_USER_TIMEOUT, 20_000)
    setOption(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
    setOption(descriptor, tcp, TCP_KEEPIDLE, 5)
    setOption(descriptor, tcp, TCP_KEEPINTVL, 3)
    setOption(descriptor, tcp, TCP_KEEPCNT, 3)
  }

  func descriptorIsReady(_ readiness: Readiness) {
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
    if code != 0 { cancel() } else { unregister() }
    ended(self, code == 0 ? nil : SystemError("connect", code: code))
  }

  func takeDescriptor() -> Int32 {
    defer { descriptor = -1 }
    return descriptor
  }

  func cancel() {
    unregister()
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
  }

  private func unregister() {
    if let registration { Reactor.shared.remove(registration) }
    registration = nil
  }
}

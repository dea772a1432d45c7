import Glibc
import WebIOPosix

/// Connects to a name: its addresses in turn, the next one a quarter of a second after the one before it, and the first
/// that answers wins. See RFC 8305.
@EventLoop
final class Dialer {
  static let stagger: Duration = .milliseconds(250)

  private let endpoint: String
  private let port: UInt16
  private var waiting: [SocketAddress] = []
  private var attempts: [Attempt] = []
  private var stagger: TimerToken?
  private var deadline: TimerToken?
  private var lastError = SystemError("connect", code: ETIMEDOUT)
  private var completion: (@EventLoop (Result<Int32, TunnelError>) -> Void)?

  /// Calls `completion` once with a connected, non-blocking descriptor that is then the caller's.
  init(
    _ target: TunnelTarget, timeout: Duration,
    _ completion: @escaping @EventLoop (Result<Int32, TunnelError>) -> Void
  ) {
    endpoint = target.endpoint
    port = target.port
    self.completion = completion
    deadline = Reactor.shared.schedule(after: timeout) { [weak self] in self?.giveUp() }
    Resolver.resolve(host: target.host, port: target.port) { [weak self] result in
      switch result {
      case .success(let addresses): self?.start(addresses)
      case .failure(let error): self?.finish(.failure(.unresolvable(error)))
      }
    }
  }

  func cancel() {
    completion = nil
    finish(.failure(.connectionLost("cancelled")))
  }

  private func start(_ addresses: [SocketAddress]) {
    guard completion != nil else { return }
    // The other family second: if one of them is broken here, the second attempt is not.
    let first = addresses.first?.family
    let same = addresses.filter { $0.family == first }
    let other = addresses.filter { $0.family != first }
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
      if attempts.isEmpty { finish(.failure(.unreachable(endpoint, port: port, lastError))) }
      return
    }
    let address = waiting.removeFirst()
    do {
      attempts.append(try Attempt(address) { [weak self] attempt, error in self?.ended(attempt, error) })
    } catch {
      if let error = error as? SystemError { lastError = error }
      return next()
    }
    if !waiting.isEmpty { stagger = Reactor.shared.schedule(after: Self.stagger) { [weak self] in self?.next() } }
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

  /// Small packets go out at once, and the kernel gives up on a silent path: asked after 5 s without traffic, and
  /// failed when anything stays unacknowledged for 10 s. See tcp(7).
  private func configure() {
    let tcp = Int32(IPPROTO_TCP)
    setOption(descriptor, tcp, TCP_NODELAY, 1)
    setOption(descriptor, tcp, TCP_USER_TIMEOUT, 10_000)
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

import Glibc
import WebIOHTTP
import WebIOPosix

/// What is behind the gateway.
package enum Upstream {
  /// Nothing yet: requests wait.
  case none
  case app(AppSocket, generation: Int)
  /// Any HTTP server of this machine or its network. `host` is a name or an address; with `rewritesHost` it is told that
  /// name instead of the public one.
  case server(host: String, port: UInt16, rewritesHost: Bool)

  package var generation: Int? {
    if case .app(_, let generation) = self { return generation }
    return nil
  }
}

/// One upstream while it is in use: counts the requests that it has not answered yet.
@EventLoop
final class UpstreamLease {
  let upstream: Upstream
  private(set) var running = 0
  /// The last connection was refused, and that has been told.
  var isDown = false
  private var onDrained: (@EventLoop () -> Void)?
  private var idle: [(client: HTTPClientConnection, since: MonotonicTime)] = []
  private var sweep: TimerToken?
  private var isReplaced = false
  private static let idleCount = 256
  /// Shorter than what servers usually allow, so that they seldom close one while it is taken.
  private static let idleTime = Duration.seconds(4)

  init(_ upstream: Upstream) { self.upstream = upstream }

  /// Whether it is an app of ours, which may know who the developer is.
  var isApp: Bool { upstream.generation != nil }

  /// The `Host` that it wants to see.
  var host: String? {
    guard case .server(let host, let port, true) = upstream else { return nil }
    return host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  // MARK: Connections that wait for the next request

  /// The one that was used last; nil when a new one is needed.
  func takeIdle() -> HTTPClientConnection? {
    while let (client, since) = idle.popLast() {
      if client.canSend, MonotonicTime.now - since < Self.idleTime { return client }
      client.close()
    }
    return nil
  }

  func keep(_ client: HTTPClientConnection) {
    client.onInformational = nil
    client.onHead = nil
    client.onBody = nil
    client.onEnd = nil
    client.onDrain = nil
    client.batch = nil
    guard !isReplaced, client.canSend, idle.count < Self.idleCount else { return client.close() }
    client.setReading(true)
    idle.append((client, .now))
    if sweep == nil { sweepSoon() }
  }

  private func sweepSoon() {
    sweep = Reactor.shared.schedule(after: Self.idleTime) { [weak self] in
      guard let self else { return }
      sweep = nil
      let now = MonotonicTime.now
      for (client, since) in idle where now - since >= Self.idleTime { client.close() }
      idle.removeAll { !$0.client.canSend || now - $0.since >= Self.idleTime }
      if !idle.isEmpty { sweepSoon() }
    }
  }

  /// Another upstream takes over: nothing waits here any more.
  func replaced() {
    isReplaced = true
    sweep?.cancel()
    for (client, _) in idle { client.close() }
    idle = []
  }

  func begin() { running += 1 }

  func end() {
    running -= 1
    if running == 0, let onDrained {
      self.onDrained = nil
      onDrained()
    }
  }

  /// Calls `completion` when the last running request is answered, or when `limit` is over.
  func drain(limit: Duration, _ completion: @escaping @EventLoop () -> Void) {
    guard running > 0 else { return completion() }
    onDrained = completion
    Reactor.shared.schedule(after: limit) { [self] in
      guard let onDrained else { return }
      self.onDrained = nil
      onDrained()
    }
  }

  func connect(_ completion: @escaping @EventLoop (Result<SocketStream, SystemError>) -> Void) {
    switch upstream {
    case .none: completion(.failure(SystemError("connect", code: ENOTCONN)))
    case .app(let socket, _): connect(to: [socket.address], attempts: 50, completion)
    case .server("localhost", let port, _):
      let addresses = ["127.0.0.1", "::1"].compactMap { SocketAddress(numericHost: $0, port: port) }
      connect(to: addresses, attempts: 8, completion)
    case .server(let host, let port, _):
      Resolver.resolve(host: host, port: port) { [self] result in
        switch result {
        case .success(let addresses): connect(to: addresses, attempts: 8, completion)
        case .failure(let error): completion(.failure(SystemError(error.description, code: EHOSTUNREACH)))
        }
      }
    }
  }

  /// Tries the addresses in turn, and all of them again after a moment: a server that restarts refuses, and a unix socket
  /// whose backlog is full says EAGAIN.
  private func connect(
    to addresses: [SocketAddress], attempts: Int, from index: Int = 0,
    _ completion: @escaping @EventLoop (Result<SocketStream, SystemError>) -> Void
  ) {
    guard index < addresses.count else {
      return completion(.failure(SystemError("connect", code: EADDRNOTAVAIL)))
    }
    Connector.connect(to: addresses[index], timeout: .seconds(5)) { [self] result in
      guard case .failure(let error) = result else { return completion(result) }
      if index + 1 < addresses.count { return connect(to: addresses, attempts: attempts, from: index + 1, completion) }
      let isPassing = isApp ? error.code == EAGAIN : error.code == ECONNREFUSED
      guard isPassing, attempts > 1 else { return completion(result) }
      Reactor.shared.schedule(after: isApp ? .milliseconds(10) : .milliseconds(250)) {
        self.connect(to: addresses, attempts: attempts - 1, completion)
      }
    }
  }
}

import CWebIOLinux
import Glibc

/// A listening socket. Each accepted connection is handed on as a stream with its peer's address.
@EventLoop
package final class Listener: EventSource {
  package let address: SocketAddress
  package let descriptor: Int32
  private var registration: Registration?
  private let accept: @EventLoop (SocketStream) -> Void
  /// Given up for a moment when descriptors run out, so that the waiting connection can be taken and closed.
  private var reserve: Int32
  private var isPaused = false
  /// Of a unix socket that we made.
  private var path: String?

  /// Binds and listens. With `port` 0 the kernel picks a free one: read it from `address`.
  package convenience init(
    _ address: SocketAddress, backlog: Int32 = 1024, accept: @escaping @EventLoop (SocketStream) -> Void
  ) throws {
    try self.init(inherited: Self.bind(address, backlog: backlog), accept: accept)
    path = address.unixPath
  }

  /// Takes over a socket that is already listening, as systemd and `webio dev` pass it.
  package init(inherited descriptor: Int32, accept: @escaping @EventLoop (SocketStream) -> Void) throws {
    self.descriptor = descriptor
    self.accept = accept
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    // Connections inherit it.
    setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    reserve = open("/dev/null", O_RDONLY | O_CLOEXEC)
    address = try SocketAddress.local(of: descriptor)
    registration = try Reactor.shared.add(descriptor, [.readable], self)
  }

  /// A listening descriptor without a listener: for a child process to inherit.
  package nonisolated static func bind(_ address: SocketAddress, backlog: Int32 = 1024) throws -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(address.family, type, 0)
    guard descriptor >= 0 else { throw SystemError("socket") }
    if !address.isUnix { setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) }
    if address.family == AF_INET6 { setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
    if address.isUnix { removeStaleSocket(address) }
    guard address.withSockaddr({ Glibc.bind(descriptor, $0, $1) }) == 0, listen(descriptor, backlog) == 0 else {
      let failure = SystemError("listen on \(address)")
      Glibc.close(descriptor)
      throw failure
    }
    return descriptor
  }

  /// A server that was killed leaves its socket's file, which nobody answers at any more.
  private nonisolated static func removeStaleSocket(_ address: SocketAddress) {
    guard let path = address.unixPath, Files.status(path).map({ $0.st_mode & S_IFMT == S_IFSOCK }) == true else { return }
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard probe >= 0 else { return }
    defer { Glibc.close(probe) }
    if address.withSockaddr({ connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED { unlink(path) }
  }

  package func close() {
    guard let registration else { return }
    self.registration = nil
    Reactor.shared.remove(registration)
    if let path { unlink(path) }
    Glibc.close(descriptor)
    if reserve >= 0 { Glibc.close(reserve) }
  }

  package func descriptorIsReady(_ readiness: Readiness) {
    // Bounded, so that a flood of connections does not starve the ones that are open.
    for _ in 0..<16 where registration != nil {
      let (connection, peer) = acceptConnection(descriptor)
      if connection >= 0 {
        let stream = try? SocketStream(
          descriptor: connection, peerAddress: peer.host, peerPort: peer.port, isAccepted: true)
        if let stream { accept(stream) }
        continue
      }
      switch errno {
      case EMFILE, ENFILE: return shed()
      case ENOBUFS, ENOMEM: return pause()
      case EAGAIN: return
      default: continue
      }
    }
  }

  /// Level-triggered epoll would spin on a connection that cannot be accepted: take it, close it, rest a moment.
  private func shed() {
    if reserve >= 0 { Glibc.close(reserve) }
    let connection = Glibc.accept(descriptor, nil, nil)
    if connection >= 0 { Glibc.close(connection) }
    reserve = open("/dev/null", O_RDONLY | O_CLOEXEC)
    pause()
  }

  private func pause() {
    guard let registration, !isPaused else { return }
    isPaused = true
    Reactor.shared.modify(registration, [])
    Reactor.shared.schedule(after: .milliseconds(50)) { [self] in
      isPaused = false
      if let registration = self.registration { Reactor.shared.modify(registration, [.readable]) }
    }
  }
}

package func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
  var value = value
  setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
}

import Glibc
import WebIOPosix

/// A unix socket in a private directory, on which `ssh` hands over visitors. What comes in by it is marked as coming from
/// the tunnel.
@EventLoop
final class VisitorSocket: EventSource {
  let directory: String
  var path: String { directory + "/visitors" }
  private let descriptor: Int32
  private var registration: Registration?
  private let accept: @EventLoop (SocketStream) -> Void

  /// The directory is mode 0700: nobody else on this machine can pose as a visitor.
  init(accept: @escaping @EventLoop (SocketStream) -> Void) throws {
    self.accept = accept
    directory = try Files.makeTemporaryDirectory("webio-tunnel")
    do {
      descriptor = try Listener.bind(SocketAddress(unixPath: directory + "/visitors"))
    } catch {
      try? Files.remove(directory)
      throw error
    }
    registration = try Reactor.shared.add(descriptor, [.readable], self)
  }

  func close() {
    guard let registration else { return }
    self.registration = nil
    Reactor.shared.remove(registration)
    Glibc.close(descriptor)
    try? Files.remove(directory)
  }

  func descriptorIsReady(_ readiness: Readiness) {
    for _ in 0..<64 where registration != nil {
      let connection = acceptConnection(descriptor).descriptor
      if connection >= 0 {
        if let stream = try? SocketStream(descriptor: connection, origin: .tunnel) { accept(stream) }
      } else if errno == EAGAIN {
        return
      } else if errno != EINTR, errno != ECONNABORTED {
        return rest()
      }
    }
  }

  /// Out of descriptors or memory: the connection stays in the queue for a moment.
  private func rest() {
    guard let registration else { return }
    Reactor.shared.modify(registration, [])
    Reactor.shared.schedule(after: .milliseconds(50)) { [weak self] in
      if let registration = self?.registration { Reactor.shared.modify(registration, [.readable]) }
    }
  }
}

import Glibc
import WebIOHTTP
import WebIOPosix

/// The socket that `ssh` has to the server, held by us too. See pidfd_getfd(2).
///
/// ssh leaves small packets waiting for acknowledgements until its session runs, which is 40 ms twice before there is an
/// address; and when it ends over a silent connection, nobody could tell the server that this one is over.
@EventLoop
final class BorrowedSocket {
  private var descriptor: Int32
  let localAddress: SocketAddress
  let serverAddress: SocketAddress

  /// Nil where the kernel does not allow it, as in some containers, and where ssh goes through a proxy.
  init?(of process: pid_t, to address: SocketAddress) {
    for name in (try? Files.list("/proc/\(process)/fd")) ?? [] {
      guard let number = ASCII.decimal(name).flatMap(Int32.init(exactly:)), number > 2 else { continue }
      let copy = borrowDescriptor(number, of: process)
      // Not allowed for one is not allowed for any.
      if copy < 0, errno == EPERM || errno == ENOSYS { return nil }
      guard copy >= 0 else { continue }
      if let peer = try? SocketAddress.peer(of: copy), peer.description == address.description,
        let local = try? SocketAddress.local(of: copy)
      {
        descriptor = copy
        localAddress = local
        serverAddress = peer
        TransportOptions.set(copy)
        acknowledge()
        return
      }
      close(copy)
    }
    return nil
  }

  /// What has come in until now is acknowledged at once: the server's next small packet waits for that.
  func acknowledge() {
    if descriptor >= 0 { setOption(descriptor, Int32(IPPROTO_TCP), TCP_QUICKACK, 1) }
  }

  /// Lets go of it; the connection ends when ssh has.
  func release() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
  }

  /// For a connection that has fallen silent.
  func abandon() -> StaleConnection? {
    guard descriptor >= 0 else { return nil }
    defer { descriptor = -1 }
    return StaleConnection(descriptor)
  }
}

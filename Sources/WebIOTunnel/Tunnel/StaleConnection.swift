import Glibc
import WebIOPosix

/// The socket of a connection that has fallen silent. The server may still believe in it, and holds the port or the name that
/// we want again.
///
/// Closed at once, its end would be lost like everything else. It is kept until the server can be reached, and then reset: that
/// the server hears, and before our next request.
@EventLoop
final class StaleConnection {
  private var descriptor: Int32

  /// Takes over the descriptor.
  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    // The kernel would give it up without a word.
    setOption(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, 0)
    setOption(descriptor, SOL_SOCKET, SO_KEEPALIVE, 0)
  }

  func reset() {
    guard descriptor >= 0 else { return }
    var setting = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &setting, socklen_t(MemoryLayout<linger>.size))
    close(descriptor)
    descriptor = -1
  }
}

import Glibc
import WebIOPosix

/// The unix socket that an app listens on: bound here, inherited by the app, and never visible as a file.
///
/// It is bound in a private directory and unlinked at once. The descriptor that was opened with `O_PATH` in between
/// keeps the inode, and /proc/self/fd gives it a path to connect to. See open(2), unix(7), proc(5).
@EventLoop
package final class AppSocket {
  /// For the app to inherit; -1 once it has.
  private(set) var listener: Int32
  private let inode: Int32
  /// To connect to, from this process, as long as this object lives.
  package private(set) var address: SocketAddress

  package init() throws {
    let directory = try Files.makeTemporaryDirectory("webio")
    defer { rmdir(directory) }
    let path = Path.join(directory, "app")
    let listener = try Listener.bind(SocketAddress(unixPath: path))
    defer { unlink(path) }
    let inode = open(path, pathOnly | O_CLOEXEC)
    guard inode >= 0 else {
      let failure = SystemError("open \(path)")
      Glibc.close(listener)
      throw failure
    }
    self.listener = listener
    self.inode = inode
    address = try SocketAddress(unixPath: "/proc/self/fd/\(inode)")
  }

  /// The app alone holds the listener then: when it dies, connections are refused instead of waiting for ever.
  func closeListener() {
    if listener >= 0 { Glibc.close(listener) }
    listener = -1
  }

  /// It serves at a port of its own, as frameworks do that bind to nothing they are given.
  func moves(to port: UInt16) {
    if let own = SocketAddress(numericHost: "127.0.0.1", port: port) { address = own }
  }

  isolated deinit {
    closeListener()
    Glibc.close(inode)
  }
}

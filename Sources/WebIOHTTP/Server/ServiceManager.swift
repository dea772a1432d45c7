import Glibc
import WebIOPosix

/// What systemd and its like hand to a service, and want to be told. See sd_listen_fds(3) and sd_notify(3).
package enum ServiceManager {
  /// Listening sockets that were passed to this process. The variables are removed, so that children do not take them
  /// for theirs.
  package static func takeListeners() -> [Int32] {
    defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) } }
    guard let pid = Environment["LISTEN_PID"].flatMap({ ASCII.decimal($0) }), pid == Int(getpid()),
      let count = Environment["LISTEN_FDS"].flatMap({ ASCII.decimal($0) }), 1...1_000 ~= count
    else { return [] }
    let descriptors = (3..<3 + Int32(count)).map { $0 }
    for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    return descriptors
  }

  /// Sends a state such as `READY=1` or `STOPPING=1`; false when nobody asked for it.
  @discardableResult
  package static func notify(_ state: String) -> Bool {
    guard let path = Environment["NOTIFY_SOCKET"], var bytes = Optional(Array(path.utf8)), bytes.count > 1 else {
      return false
    }
    // An abstract socket's name starts with NUL, which is written as @.
    if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    let message = Array(state.utf8)
    let sent = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, length)
      }
    }
    return sent == message.count
  }

  /// How often a sign of life is wanted at the latest; nil when none is.
  package static var watchdogInterval: Duration? {
    guard let microseconds = Environment["WATCHDOG_USEC"].flatMap({ ASCII.decimal($0) }), microseconds > 0 else {
      return nil
    }
    if let pid = Environment["WATCHDOG_PID"].flatMap({ ASCII.decimal($0) }), pid != Int(getpid()) { return nil }
    return .microseconds(microseconds)
  }

  /// Tells the watchdog twice an interval that the event loop turns.
  @EventLoop
  package static func startWatchdog() {
    guard let interval = watchdogInterval else { return }
    notify("WATCHDOG=1")
    Reactor.shared.schedule(after: interval / 2) { startWatchdog() }
  }
}

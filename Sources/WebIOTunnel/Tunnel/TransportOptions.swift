import Glibc
import WebIOPosix

/// How the kernel treats the connection to a server. See tcp(7).
enum TransportOptions {
  /// TCP_RTO_MIN_US, of Linux 6.15; the headers here are older, and an older kernel refuses it.
  private static let shortestRetransmission: Int32 = 45
  /// What the kernel may hold and has not sent. A visitor's byte waits behind it: with the kernel's own choice of some
  /// megabytes for seconds, where the path is slow.
  private static let unsentLimit: Int32 = 64 << 10

  static func set(_ descriptor: Int32) {
    let tcp = Int32(IPPROTO_TCP)
    setOption(descriptor, tcp, TCP_NODELAY, 1)
    setOption(descriptor, tcp, TCP_NOTSENT_LOWAT, unsentLimit)
    // What is lost twice is sent a third time as soon as the second, as long as little is on its way, and everything that
    // is lost sooner than after 200 ms: no Linux delays an acknowledgement for longer than 40 ms or the round trip.
    setOption(descriptor, tcp, TCP_THIN_LINEAR_TIMEOUTS, 1)
    setOption(descriptor, tcp, shortestRetransmission, 60_000)
  }
}

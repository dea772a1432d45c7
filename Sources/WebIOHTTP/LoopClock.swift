import Glibc
import WebIOPosix

/// The time as far as a server needs it: read from the kernel's coarse clocks (4 ms), the `Date` line made once a second.
@EventLoop
final class LoopClock {
  static let shared = LoopClock()

  private var second = 0
  /// `Date: Sun, 06 Nov 1994 08:49:37 GMT` with its line end.
  private(set) var dateLine: [UInt8] = []

  private init() { refresh() }

  func refresh() {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME_COARSE, &time)
    guard time.tv_sec != second else { return }
    second = time.tv_sec
    dateLine.removeAll(keepingCapacity: true)
    dateLine.append("Date: ")
    dateLine += HTTPDate(seconds: second).bytes
    dateLine.append("\r\n")
  }

  static var now: MonotonicTime {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
    return MonotonicTime(nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
  }
}

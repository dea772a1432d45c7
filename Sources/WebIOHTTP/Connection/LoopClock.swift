import Glibc
import WebIOPosix

/// The `Date` line, made once a second. The kernel's coarse clock (4 ms) costs a read of shared memory.
@EventLoop
final class LoopClock {
  static let shared = LoopClock()

  private var second = 0
  /// `Date: Sun, 06 Nov 1994 08:49:37 GMT` with its line end.
  @exclusivity(unchecked) private(set) var dateLine: [UInt8] = []

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
}

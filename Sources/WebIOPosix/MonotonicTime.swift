import Glibc

/// A moment on CLOCK_MONOTONIC, in nanoseconds: unmoved by changes of the wall clock. See clock_gettime(2).
package struct MonotonicTime: Comparable, Hashable, Sendable {
  package let nanoseconds: UInt64

  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  package static var now: MonotonicTime { read(CLOCK_MONOTONIC) }

  /// The moment on CLOCK_BOOTTIME, which goes on while the machine sleeps. Not to be compared with `now`.
  package static var sinceBoot: MonotonicTime { read(CLOCK_BOOTTIME) }

  private static func read(_ clock: clockid_t) -> MonotonicTime {
    var time = timespec()
    clock_gettime(clock, &time)
    return MonotonicTime(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
  }

  package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

  /// A later moment; a negative or too large duration stays within the clock's range.
  package static func + (left: MonotonicTime, right: Duration) -> MonotonicTime {
    let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.wholeNanoseconds)
    return MonotonicTime(nanoseconds: overflow ? .max : sum)
  }

  package static func - (left: MonotonicTime, right: MonotonicTime) -> Duration {
    left >= right
      ? .nanoseconds(Int64(clamping: left.nanoseconds - right.nanoseconds))
      : .nanoseconds(-Int64(clamping: right.nanoseconds - left.nanoseconds))
  }
}

extension Duration {
  /// Never negative, never trapping.
  package var wholeNanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : product + UInt64(attoseconds / 1_000_000_000)
  }

  package var wholeMilliseconds: Int { Int(clamping: wholeNanoseconds / 1_000_000) }
}

import WebIOPosix

/// One line a second, and some at once.
struct LineBudget {
  private let burst: Int
  /// When the budget was, or will have been, empty.
  private var empty = MonotonicTime(nanoseconds: 0)
  private var leftOut = 0

  init(burst: Int) { self.burst = burst }

  /// Whether a line may be written, and how many were not since the last one.
  mutating func admits(_ now: MonotonicTime) -> (Bool, leftOut: Int) {
    let start = max(empty, MonotonicTime(nanoseconds: now.nanoseconds - min(now.nanoseconds, UInt64(burst) * 1_000_000_000)))
    guard start + .seconds(1) <= now else {
      leftOut += 1
      return (false, 0)
    }
    empty = start + .seconds(1)
    defer { leftOut = 0 }
    return (true, leftOut)
  }
}

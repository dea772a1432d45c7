import WebIOHTTP
import WebIOPosix

/// One line a second, and some at once.
struct LineBudget {
  private var bucket: TokenBucket
  private var leftOut = 0

  init(burst: Int) { bucket = TokenBucket(rate: 1, burst: Double(burst)) }

  /// Whether a line may be written, and how many were not since the last one.
  mutating func admits(_ now: MonotonicTime) -> (Bool, leftOut: Int) {
    guard bucket.take(now) else {
      leftOut += 1
      return (false, 0)
    }
    defer { leftOut = 0 }
    return (true, leftOut)
  }
}

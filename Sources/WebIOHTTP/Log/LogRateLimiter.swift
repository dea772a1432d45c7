import WebIOPosix

/// A token bucket for each peer, so that one that floods does not fill the log. Who comes when all buckets are in use
/// shares one with the others that do: many addresses are no way around it.
struct LogRateLimiter {
  private let full: TokenBucket
  private let capacity: Int
  private var buckets: [String: TokenBucket] = [:]
  private var others: TokenBucket
  private var suppressed: [String: Int] = [:]
  private var suppressedOthers = 0

  /// Lines a second, and how many at once.
  init(rate: Int, burst: Int, capacity: Int = 4_096) {
    full = TokenBucket(rate: Double(rate), burst: Double(burst))
    others = full
    self.capacity = capacity
  }

  mutating func admits(_ peer: String, _ now: MonotonicTime) -> Bool {
    if buckets[peer] == nil, buckets.count >= capacity { removeFull(now) }
    guard buckets[peer] != nil || buckets.count < capacity else {
      let isAdmitted = others.take(now)
      if !isAdmitted { suppressedOthers += 1 }
      return isAdmitted
    }
    let isAdmitted = buckets[peer, default: full].take(now)
    if !isAdmitted { suppressed[peer, default: 0] += 1 }
    return isAdmitted
  }

  /// One line for each peer of which lines were left out since the last call.
  mutating func takeReport() -> [String] {
    defer {
      suppressed = [:]
      suppressedOthers = 0
    }
    var lines = suppressed.sorted { $0.key < $1.key }.map { "\($0.key) - - \($0.value) more requests are not logged" }
    if suppressedOthers > 0 { lines.append("- - - \(suppressedOthers) more requests of many others are not logged") }
    return lines
  }

  /// A full bucket is as good as none.
  private mutating func removeFull(_ now: MonotonicTime) {
    buckets = buckets.filter { !$0.value.isFull(now) }
  }
}

import WebIOPosix

/// A token bucket for each peer, so that one that floods does not fill the log. Who comes when all buckets are in use
/// shares one with the others that do: many addresses are no way around it.
struct LogRateLimiter {
  private struct Bucket {
    var tokens: Double
    var time: MonotonicTime
  }

  private let rate: Double
  private let burst: Double
  private let capacity: Int
  private var buckets: [String: Bucket] = [:]
  private var others: Bucket?
  private var suppressed: [String: Int] = [:]
  private var suppressedOthers = 0

  /// Lines a second, and how many at once.
  init(rate: Int, burst: Int, capacity: Int = 4_096) {
    self.rate = Double(rate)
    self.burst = Double(burst)
    self.capacity = capacity
  }

  mutating func admits(_ peer: String, _ now: MonotonicTime) -> Bool {
    if buckets[peer] == nil, buckets.count >= capacity { removeFull(now) }
    guard buckets[peer] != nil || buckets.count < capacity else {
      let isAdmitted = take(&others, now)
      if !isAdmitted { suppressedOthers += 1 }
      return isAdmitted
    }
    let isAdmitted = take(&buckets[peer], now)
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

  private func take(_ bucket: inout Bucket?, _ now: MonotonicTime) -> Bool {
    var tokens = bucket.map { level($0, now) } ?? burst
    let isAdmitted = tokens >= 1
    if isAdmitted { tokens -= 1 }
    bucket = Bucket(tokens: tokens, time: now)
    return isAdmitted
  }

  private func level(_ bucket: Bucket, _ now: MonotonicTime) -> Double {
    min(burst, bucket.tokens + Double((now - bucket.time).wholeMilliseconds) / 1_000 * rate)
  }

  /// A full bucket is as good as none.
  private mutating func removeFull(_ now: MonotonicTime) {
    buckets = buckets.filter { level($0.value, now) < burst }
  }
}

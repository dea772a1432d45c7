import WebIOPosix

/// So many at once, and so many a second from then on.
package struct TokenBucket: Sendable {
  private let rate: Double
  private let burst: Double
  private var tokens: Double
  private var time: MonotonicTime?

  /// It is full.
  package init(rate: Double, burst: Double) {
    self.rate = rate
    self.burst = burst
    tokens = burst
  }

  /// False when it is empty.
  package mutating func take(_ now: MonotonicTime) -> Bool {
    let level = level(now)
    guard level >= 1 else { return false }
    tokens = level - 1
    time = now
    return true
  }

  func isFull(_ now: MonotonicTime) -> Bool { level(now) >= burst }

  private func level(_ now: MonotonicTime) -> Double {
    time.map { min(burst, tokens + Double((now - $0).wholeNanoseconds) / 1e9 * rate) } ?? tokens
  }
}

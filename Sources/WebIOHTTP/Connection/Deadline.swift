import WebIOPosix

/// A deadline that starts with the first look at it after it was reset. The sweep looks, so that a connection need not
/// read the clock for each request.
struct Deadline {
  private var time: UInt64 = 0

  mutating func reset() { time = 0 }

  mutating func isDue(_ now: MonotonicTime, _ limit: Duration) -> Bool {
    if time == 0 { time = (now + limit).nanoseconds }
    return now.nanoseconds >= time
  }
}

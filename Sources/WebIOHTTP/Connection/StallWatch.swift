import WebIOPosix

/// Tells when a peer has taken nothing for too long of what waits for it.
struct StallWatch {
  private var written = 0
  private var taken = 0
  private var since: UInt64 = 0

  mutating func wrote(_ count: Int) { written &+= count }

  /// `buffered` is what waits now. The time starts with the first call that sees something waiting.
  mutating func isStalled(_ now: MonotonicTime, buffered: Int, _ limit: Duration) -> Bool {
    let takenNow = written &- buffered
    defer { taken = takenNow }
    guard buffered > 0, takenNow == taken, since != 0 else {
      since = buffered > 0 ? now.nanoseconds : 0
      return false
    }
    return now.nanoseconds >= (MonotonicTime(nanoseconds: since) + limit).nanoseconds
  }
}

import WebIOPosix

/// Finds the moments in which the server waits for an acknowledgement that was lost.
///
/// What the server's kernel believes lost it sends again after 0.2 s, then 0.4 s, 0.8 s, and all visitors wait with it.
/// When only our acknowledgement has not arrived, any packet of ours brings it: so in a silence after losses a few are
/// sent. Without losses there are none.
struct LossWatch {
  /// A silence in a transfer.
  static let silence: Duration = .milliseconds(80)
  /// After so many packets the rest is the server's affair.
  static let limit = 4
  /// Losses are a reason for so long.
  static let memory: Duration = .seconds(2)

  private var isArmed = false
  private var lastReceived = MonotonicTime(nanoseconds: 0)
  private var lastLoss: MonotonicTime?
  private var seen: UInt32 = 0
  private var sent = 0

  /// Bytes have come in. The result is when `look` is to be called, if that is not on its way already.
  mutating func received(at now: MonotonicTime) -> Duration? {
    lastReceived = now
    sent = 0
    if isArmed { return nil }
    isArmed = true
    return Self.silence
  }

  /// Whether a packet is to be sent, and when to look again. `outOfOrder` counts the packets of this connection that came
  /// before one that was sent earlier.
  mutating func look(at now: MonotonicTime, outOfOrder: () -> UInt32) -> (sends: Bool, next: Duration?) {
    let age = now - lastReceived
    if age < Self.silence { return (false, Self.silence - age) }
    let count = outOfOrder()
    if count != seen { lastLoss = now }
    seen = count
    guard let lastLoss, now - lastLoss < Self.memory else {
      isArmed = false
      return (false, nil)
    }
    sent += 1
    isArmed = sent < Self.limit
    return (true, isArmed ? Self.silence * (1 << sent) : nil)
  }
}

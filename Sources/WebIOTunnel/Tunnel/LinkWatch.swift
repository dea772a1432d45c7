import WebIOPosix

/// Tells a dead connection from a silent one, by the time of the last byte that came in.
///
/// A cut cable is the kernel's to notice (TCP keep-alive and user timeout, set on the socket). This here finds the peer
/// that is frozen while its kernel goes on acknowledging, and asks early when this machine has been asleep.
struct LinkWatch {
  enum Action: Equatable {
    case none
    case probe
    case dead
  }

  static let interval: Duration = .seconds(1)
  /// A silent peer is asked after this.
  static let silence: Duration = .seconds(8)
  /// So many answers may stay in libssh2's queue (`LinkProbe`) before a silent peer is asked only every minute.
  static let leakLimit = 500
  static let slowSilence: Duration = .seconds(60)
  /// And has this long to say anything at all: 8 + 1 + 4 + 1 is within the 15 s that a dead link may go unnoticed.
  static let patience: Duration = .seconds(4)
  /// After a sleep the connection is dead more often than not, and somebody has just opened the lid.
  static let patienceAfterSleep: Duration = .seconds(2)
  /// News of the network may be that of an access point that is gone for some seconds, and the connection goes on behind it.
  static let patienceAfterNews: Duration = .seconds(8)
  /// A tick that comes so much too late means that the process or the machine stood still.
  static let gap: Duration = .seconds(6)

  private var lastReceived: MonotonicTime
  private var lastTick: MonotonicTime
  private var lastSuspension: Duration
  private var probedAt: MonotonicTime?
  private var patience = Self.patience
  private var silence = Self.silence

  /// `suspension` is how long the machine has slept since it was started.
  init(now: MonotonicTime, suspension: Duration) {
    lastReceived = now
    lastTick = now
    lastSuspension = suspension
  }

  mutating func goSlow() { silence = Self.slowSilence }

  mutating func received(at now: MonotonicTime) {
    lastReceived = now
    probedAt = nil
  }

  mutating func tick(now: MonotonicTime, suspension: Duration) -> Action {
    let stoodStill = now - lastTick > Self.gap || suspension - lastSuspension > .seconds(1)
    lastTick = now
    lastSuspension = suspension
    if stoodStill {
      // What the peer sent meanwhile may not have been read yet: the clock of its patience starts now.
      return probe(now, patience: Self.patienceAfterSleep)
    }
    if let probedAt { return now - probedAt >= patience ? .dead : .none }
    guard now - lastReceived >= silence else { return .none }
    return probe(now, patience: Self.patience)
  }

  /// The machine's network is another one: is the peer still there? A question that is out stays the one that counts.
  mutating func networkDidChange(at now: MonotonicTime) -> Action {
    probedAt == nil ? probe(now, patience: Self.patienceAfterNews) : .none
  }

  private mutating func probe(_ now: MonotonicTime, patience: Duration) -> Action {
    probedAt = now
    self.patience = patience
    return .probe
  }
}

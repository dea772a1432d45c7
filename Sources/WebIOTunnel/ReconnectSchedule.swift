import WebIOPosix

/// When to try again: quickly while the outage is young, because most are a restart, then ever more slowly.
///
/// 0.2 s, 0.5 s, then 1 s until the outage is `quickPeriod` old, then 2, 4, 8, 16, 30 s; each with up to 20 % on top, so
/// that many clients of one server do not come back in the same moment.
struct ReconnectSchedule {
  /// After so long a time without trouble the next outage is a new one.
  static let healthyAfter: Duration = .seconds(60)
  static let longest: Duration = .seconds(30)

  private let quickPeriod: Duration
  /// The shortest wait when a fixed name was held: the server lets go of it only when it has missed us.
  private let nameCooldown: Duration
  private var outageStart: MonotonicTime?
  private var connectedAt: MonotonicTime?
  private(set) var attempt = 0
  private var slowSteps = 0

  init(quickPeriod: Duration = .seconds(60), nameCooldown: Duration = .zero) {
    self.quickPeriod = quickPeriod
    self.nameCooldown = nameCooldown
  }

  mutating func connected(at now: MonotonicTime) { connectedAt = now }

  /// The wait before the next attempt. `jitter` is between 0 and 1.
  mutating func failed(at now: MonotonicTime, jitter: Double) -> Duration {
    let heldAName = connectedAt != nil
    if let connectedAt, now - connectedAt >= Self.healthyAfter { outageStart = nil }
    connectedAt = nil
    if outageStart == nil {
      outageStart = now
      attempt = 0
      slowSteps = 0
    }
    attempt += 1
    let age = now - (outageStart ?? now)
    var delay: Duration
    switch attempt {
    case 1: delay = .milliseconds(200)
    case 2: delay = .milliseconds(500)
    case _ where age < quickPeriod: delay = .seconds(1)
    default:
      slowSteps += 1
      delay = slowSteps < 5 ? .seconds(1 << slowSteps) : Self.longest
    }
    delay += delay * (max(0, min(jitter, 1)) * 0.2)
    return heldAName ? max(delay, nameCooldown) : delay
  }
}

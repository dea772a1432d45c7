import WebIOPosix

/// When to try again: quickly while the outage is young, because most are a restart, and for as long as nobody answers;
/// ever more slowly where a server answers and does not let us in.
///
/// 0.2 s, 0.5 s, then 0.35 s for a minute and 0.7 s for ever while nobody answers. Where a server answers it is 1 s, or 0.7 s
/// if the tunnel was open, until the outage is `quickPeriod` old, then 2, 4, 8, 16, 30 s. Each has up to 20 % on top, so
/// that many clients of one server do not come back in the same moment. An attempt that meets no SSH server costs a packet
/// or two and nobody's work, so those go on: a relay is found again soon however long it was gone.
struct ReconnectSchedule {
  /// After so long a time without trouble the next outage is a new one.
  static let healthyAfter: Duration = .seconds(60)
  static let longest: Duration = .seconds(30)
  /// Most relays that are restarted are back within this.
  static let young: Duration = .seconds(60)
  /// So many attempts without an answer, and the server that answers then has just been started.
  static let silentAttempts = 3

  private let quickPeriod: Duration
  /// The shortest wait when a fixed name was held: the server lets go of it only when it has missed us.
  private let nameCooldown: Duration
  private var outageStart: MonotonicTime?
  private var connectedAt: MonotonicTime?
  private(set) var attempt = 0
  private var slowSteps = 0
  private var unanswered = 0

  init(quickPeriod: Duration = .seconds(60), nameCooldown: Duration = .zero) {
    self.quickPeriod = quickPeriod
    self.nameCooldown = nameCooldown
  }

  /// A change of the network is a reason to try at once: the last attempt found nobody.
  var isUnanswered: Bool { unanswered > 0 }

  mutating func connected(at now: MonotonicTime) {
    connectedAt = now
    unanswered = 0
  }

  /// The wait before the next attempt. `jitter` is between 0 and 1; `wasAnswered`: an SSH server said hello.
  mutating func failed(at now: MonotonicTime, wasAnswered: Bool, jitter: Double) -> Duration {
    let wasOpen = connectedAt != nil
    if let connectedAt, now - connectedAt >= Self.healthyAfter { outageStart = nil }
    connectedAt = nil
    if outageStart == nil {
      outageStart = now
      attempt = 0
      slowSteps = 0
    }
    attempt += 1
    if !wasAnswered {
      unanswered += 1
    } else {
      if unanswered >= Self.silentAttempts {
        outageStart = now
        slowSteps = 0
      }
      unanswered = 0
    }
    let age = now - (outageStart ?? now)
    var delay: Duration
    switch attempt {
    case 1: delay = .milliseconds(200)
    case 2: delay = .milliseconds(500)
    case _ where !wasAnswered: delay = .milliseconds(age < Self.young ? 350 : 700)
    case _ where age < quickPeriod: delay = .milliseconds(wasOpen ? 700 : 1000)
    default:
      slowSteps += 1
      delay = slowSteps < 5 ? .seconds(1 << slowSteps) : Self.longest
    }
    delay += delay * (max(0, min(jitter, 1)) * 0.2)
    return wasOpen ? max(delay, nameCooldown) : delay
  }
}

/// Which failed attempts of an outage are told: the first three, a new reason now and then, and one a minute.
struct OutageReport {
  static let period: Duration = .seconds(60)
  static let reasonPeriod: Duration = .seconds(5)

  private var count = 0
  private var reason = ""
  private var toldAt = MonotonicTime(nanoseconds: 0)

  mutating func tells(_ reason: String, at now: MonotonicTime) -> Bool {
    count += 1
    guard count <= 3 || now - toldAt >= (reason == self.reason ? Self.period : Self.reasonPeriod) else { return false }
    self.reason = reason
    toldAt = now
    return true
  }
}

import WebIOPosix

/// When a crashed app is started again without a save: a crash of an app that ran well may be a passing thing, but one that
/// crashes again and again, or at its start, waits for the developer.
struct CrashThrottle {
  enum Decision: Equatable {
    case restart(after: Duration)
    case waitForSave
  }

  /// An app that served for so long is healthy.
  var healthy = Duration.seconds(5)
  var limit = 3
  private var crashes = 0

  init() {}

  /// `served` is nil when the app never said that it serves.
  mutating func crashed(afterServing served: Duration?) -> Decision {
    guard let served else {
      crashes = limit
      return .waitForSave
    }
    crashes = served >= healthy ? 1 : crashes + 1
    guard crashes <= limit else { return .waitForSave }
    return .restart(after: .milliseconds(100 << (2 * (crashes - 1))))
  }

  /// New code deserves new trust.
  mutating func built() { crashes = 0 }
}

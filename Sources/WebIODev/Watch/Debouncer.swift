import WebIOPosix

/// Decides when a save is over.
///
/// One known file that was written and closed after a while of quiet is a save at once. What is new, and more that follows,
/// waits a moment for what else may come, such as a formatter's second file; what is half done (a file gone or just created, many files) waits for quiet, but no longer than `longest`. A
/// checkout of a whole tree gets more time, for a build in its middle is wasted.
struct Debouncer {
  /// After the last note when all pending files are whole: a rename and its clean-up come within it.
  var settle: Duration = .milliseconds(6)
  /// After the last note when something is half done.
  var quiet: Duration = .milliseconds(50)
  var longest: Duration = .milliseconds(300)
  /// So long after the last note a file is not taken for one more of a series.
  var calm: Duration = .milliseconds(300)
  var longestCheckout: Duration = .seconds(3)
  /// More files than these are a burst: a checkout, not a save.
  var burst = 3
  var checkout = 20

  private var pending: [String: State] = [:]
  private var first: MonotonicTime?
  private var last: MonotonicTime?
  /// Of the save before.
  private var before: MonotonicTime?

  private enum State { case halfDone, whole, saved }

  /// Notes a change of `path`; `isWhole` says whether the file's contents are known to be complete, `isKnown` whether it was
  /// there before.
  mutating func receive(_ path: String, isWhole: Bool, isKnown: Bool = false, at now: MonotonicTime) {
    pending[path] = !isWhole ? .halfDone : isKnown ? .saved : .whole
    if first == nil { first = now }
    last = now
  }

  /// Nothing has come of a change.
  mutating func forget(_ path: String) {
    pending[path] = nil
    if pending.isEmpty { (first, last) = (nil, nil) }
  }

  /// When to look again; nil while nothing is pending.
  var deadline: MonotonicTime? {
    guard let first, let last else { return nil }
    if pending.count == 1, pending.first?.value == .saved, before.map({ first - $0 >= calm }) ?? true { return last }
    let isHalfDone = isBurst || pending.values.contains(.halfDone)
    return min(last + (isHalfDone ? quiet : settle), first + (pending.count > checkout ? longestCheckout : longest))
  }

  /// Many files: a tool is at work, not a person.
  var isBurst: Bool { pending.count > burst }

  /// Has waited for as long as anything may.
  func isOverdue(at now: MonotonicTime) -> Bool { first.map { now >= $0 + longestCheckout } ?? false }

  /// The paths of the save, when it is over at `now`.
  mutating func take(at now: MonotonicTime) -> [String]? {
    guard let deadline, deadline <= now else { return nil }
    defer {
      pending = [:]
      before = last
      first = nil
      last = nil
    }
    return pending.keys.sorted()
  }
}

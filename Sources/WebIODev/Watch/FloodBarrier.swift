import WebIOPosix

/// Holds back what changes again and again without anybody having typed it, until it has come to rest.
@EventLoop
final class FloodBarrier {
  private let release: @EventLoop ([FileChange]) -> Void
  private var flood = FloodGuard()
  /// Files that the app seems to write itself.
  private(set) var written: Set<String> = []
  private var held: [String: FileChange] = [:]
  private var timer: TimerToken?

  /// `release` gets what was held back when nothing more has come for a while.
  init(release: @escaping @EventLoop ([FileChange]) -> Void) { self.release = release }

  /// A source is never held back, for its newest contents are what is to run; only one that changes each time just after the
  /// app has started, `appAge` ago, is told of.
  func receive(
    _ change: FileChange, isSource: Bool, appAge: Duration?, at now: MonotonicTime = .now
  ) -> (passes: Bool, floodBegins: Bool) {
    if isSource, appAge.map({ $0 > .milliseconds(1_500) }) ?? true { return (true, false) }
    let verdict = flood.receive(change.path, at: now)
    let passes = isSource || verdict == .change
    if !passes { hold(change) }
    if verdict == .floodBegins { written.insert(change.path) }
    return (passes, verdict == .floodBegins)
  }

  static func warning(of path: String) -> String {
    "\(path) changes again and again: does the app write it? Files that it writes belong outside of the sources, resources "
      + "and static files"
  }

  private func hold(_ change: FileChange) {
    held[change.path] = change
    timer?.cancel()
    timer = Reactor.shared.schedule(after: flood.window) { [weak self] in
      guard let self else { return }
      let changes = held.values.sorted { $0.path < $1.path }
      held = [:]
      release(changes)
    }
  }

  func stop() { timer?.cancel() }
}

import WebIOPosix

/// Holds back what changes again and again without anybody having typed it, until it has come to rest.
@EventLoop
final class FloodBarrier {
  private let release: @EventLoop ([FileChange]) -> Void
  private var flood = FloodGuard()
  private var held: [String: FileChange] = [:]
  private var timer: TimerToken?

  /// `release` gets what was held back when nothing more has come for a while.
  init(release: @escaping @EventLoop ([FileChange]) -> Void) { self.release = release }

  /// A source is never held back, for its newest contents are what is to run.
  func receive(_ change: FileChange, isSource: Bool, at now: MonotonicTime = .now) -> (passes: Bool, floodBegins: Bool) {
    let verdict = flood.receive(change.path, at: now)
    let passes = isSource || verdict == .change
    if !passes { hold(change) }
    return (passes, verdict == .floodBegins)
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

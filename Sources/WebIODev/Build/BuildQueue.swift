/// Which build runs: never two at once, and a request during a build calls it off and starts anew.
struct BuildQueue {
  enum Action: Equatable {
    case start(Int)
    case cancel(Int)
    /// The build with this number ended by itself, and its result counts.
    case report(Int)
  }

  private enum State {
    case idle
    case running(Int)
    /// Called off; its end is awaited, for two compilers must not write to the same place.
    case ending(Int, isNextWanted: Bool)
  }

  private var state = State.idle
  private var number = 0

  var isBusy: Bool {
    if case .idle = state { return false }
    return true
  }

  /// Whether a build is still wanted, and not called off.
  func isRunning(_ build: Int) -> Bool {
    if case .running(build) = state { return true }
    return false
  }

  mutating func request() -> [Action] {
    switch state {
    case .idle: return [start()]
    case .running(let build):
      state = .ending(build, isNextWanted: true)
      return [.cancel(build)]
    case .ending(let build, _):
      state = .ending(build, isNextWanted: true)
      return []
    }
  }

  mutating func stop() -> [Action] {
    switch state {
    case .idle: return []
    case .running(let build):
      state = .ending(build, isNextWanted: false)
      return [.cancel(build)]
    case .ending(let build, _):
      state = .ending(build, isNextWanted: false)
      return []
    }
  }

  mutating func ended(_ build: Int) -> [Action] {
    switch state {
    case .running(build):
      state = .idle
      return [.report(build)]
    case .ending(build, let isNextWanted):
      state = .idle
      return isNextWanted ? [start()] : []
    default: return []
    }
  }

  private mutating func start() -> Action {
    number += 1
    state = .running(number)
    return .start(number)
  }
}

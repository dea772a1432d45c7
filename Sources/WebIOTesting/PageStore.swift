import Synchronization
import WebIO

/// The page's contents, which the event loop writes and the test reads, and those who wait for a change.
final class PageStore: Sendable {
  private struct State {
    var page: TestPage
    var waiters: [Int: Waiter] = [:]
    var nextWaiter = 0
  }

  private struct Waiter {
    let condition: (TestPage) -> Bool
    let done: CheckedContinuation<Bool, Never>
    /// Ends it when nothing else does.
    var timer: Task<Void, any Error>?
  }

  private let state: Mutex<State>

  init(_ browser: TestBrowser) { state = Mutex(State(page: TestPage(browser))) }

  func receive(_ number: Int, _ command: JSON) -> [JSON] {
    state.withLock { $0.page.receive(number, command) }
  }

  /// Looks whose condition holds now.
  func changed() {
    let ready = state.withLock { state in
      let ready = state.waiters.filter { $0.value.condition(state.page) }
      for key in ready.keys { state.waiters[key] = nil }
      return Array(ready.values)
    }
    for waiter in ready {
      waiter.timer?.cancel()
      waiter.done.resume(returning: true)
    }
  }

  func read<Value: Sendable>(_ body: @Sendable (TestPage) throws -> Value) rethrows -> Value {
    try state.withLock { try body($0.page) }
  }

  func write<Value: Sendable>(_ body: @Sendable (inout TestPage) throws -> Value) rethrows -> Value {
    try state.withLock { try body(&$0.page) }
  }

  /// True when `condition` holds, which is looked at after `look` and each change; false when the time is over.
  func wait(
    _ timeout: Duration, look: @Sendable () -> Void, until condition: @escaping @Sendable (TestPage) -> Bool
  ) async -> Bool {
    await withCheckedContinuation { done in
      let number = state.withLock { state in
        state.nextWaiter += 1
        state.waiters[state.nextWaiter] = Waiter(condition: condition, done: done)
        return state.nextWaiter
      }
      // Only a failing test comes to its end.
      let timer = Task.detached { [weak self] in
        try await Task.sleep(for: timeout)
        self?.expire(number)
      }
      let isWaiting = state.withLock { state in
        state.waiters[number]?.timer = timer
        return state.waiters[number] != nil
      }
      if !isWaiting { timer.cancel() }
      look()
    }
  }

  private func expire(_ number: Int) {
    state.withLock { $0.waiters.removeValue(forKey: number)?.done }?.resume(returning: false)
  }
}

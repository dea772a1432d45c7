import Synchronization
import WebIOPosix

/// Events for one task, which waits for them either suspended or on a blocked thread.
/// It lies within its task's context: most tasks are clicks, which wait for none.
struct Mailbox: ~Copyable, Sendable {
  private enum Waiter {
    case continuation(CheckedContinuation<Event, any Error>)
    case thread(Parker)
  }

  private struct State {
    var events: [Event] = []
    var backlog = Backlog(limit: Mailbox.limit)
    var waiter: Waiter?
    var failure: (any Error)?
  }

  /// What a hostile page may pile up for a task that does not read.
  static let limit = 100
  private let state = Mutex(State())
  /// Told each time that the task begins to wait.
  private let onWait: (@Sendable () -> Void)?

  init(onWait: (@Sendable () -> Void)? = nil) { self.onWait = onWait }

  var isWaiting: Bool { state.withLock { $0.waiter != nil } }

  /// False when the mailbox is full and the event was dropped.
  func post(_ event: Event) -> Bool {
    let (waiter, taken) = state.withLock { state -> (Waiter?, Bool) in
      if case .continuation? = state.waiter {
        defer { state.waiter = nil }
        return (state.waiter, true)
      }
      guard state.failure == nil else { return (nil, false) }
      // Whoever is behind wants the latest state of a field, not its history.
      if let last = state.events.last, last.isChange, last.kind == event.kind {
        state.backlog.remove(last.size)
        guard state.backlog.add(event.size) else {
          _ = state.backlog.add(last.size)
          return (nil, false)
        }
        state.events[state.events.count - 1] = event
        return (nil, true)
      }
      guard state.backlog.add(event.size) else { return (nil, false) }
      state.events.append(event)
      defer { state.waiter = nil }
      return (state.waiter, true)
    }
    resume(waiter, with: .success(event))
    return taken
  }

  /// Forgets what has not been read.
  func discardAll() {
    state.withLock { state in
      state.events = []
      state.backlog.removeAll()
    }
  }

  /// Every waiting and later `next` throws `error`.
  func close(_ error: any Error) {
    let waiter = state.withLock { state in
      state.failure = state.failure ?? error
      defer { state.waiter = nil }
      return state.waiter
    }
    resume(waiter, with: .failure(error))
  }

  private func resume(_ waiter: Waiter?, with result: Result<Event, any Error>) {
    switch waiter {
    case .continuation(let continuation): continuation.resume(with: result)
    case .thread(let parker): parker.unpark()
    case nil: break
    }
  }

  func next() async throws -> Event {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        if let ready = take(orWaitWith: .continuation(continuation)) {
          continuation.resume(with: ready)
        } else {
          onWait?()
        }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        defer { state.waiter = nil }
        return state.waiter
      }
      resume(waiter, with: .failure(CancellationError()))
    }
  }

  /// Blocks the calling thread, which must not be one of the cooperative pool.
  func nextBlocking() throws -> Event {
    while true {
      let parker = Parker()
      if let ready = take(orWaitWith: .thread(parker)) { return try ready.get() }
      onWait?()
      parker.park()
    }
  }

  private func take(orWaitWith waiter: Waiter) -> Result<Event, any Error>? {
    state.withLock { state in
      if !state.events.isEmpty {
        let event = state.events.removeFirst()
        state.backlog.remove(event.size)
        return .success(event)
      }
      if let failure = state.failure { return .failure(failure) }
      if case .continuation = waiter, Task.isCancelled { return .failure(CancellationError()) }
      state.waiter = waiter
      return nil
    }
  }
}

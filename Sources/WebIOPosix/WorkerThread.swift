import Synchronization

/// Work that blocks, done in its order on one thread, which exists only while there is some.
package final class WorkerThread: Sendable {
  /// For the disk: slow storage holds up its writers, never the event loop.
  package static let disk = WorkerThread(name: "webio-disk")

  private struct Queue {
    var works: [@Sendable () -> Void] = []
    var isRunning = false
  }

  private let queue = Mutex(Queue())
  private let name: String

  package init(name: String) { self.name = name }

  package func run(_ work: @escaping @Sendable () -> Void) {
    let starts = queue.withLock { queue in
      queue.works.append(work)
      defer { queue.isRunning = true }
      return !queue.isRunning
    }
    if starts { Thread.start(name: name) { [self] in runAll() } }
  }

  private func runAll() {
    while true {
      let works = queue.withLock { queue in
        defer { queue.works = [] }
        if queue.works.isEmpty { queue.isRunning = false }
        return queue.works
      }
      if works.isEmpty { return }
      for work in works { work() }
    }
  }
}

extension Thread {
  /// The result of `body`, which may block: it runs on a thread of its own while the caller is suspended.
  package static func value<Value: Sendable>(
    name: String, _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      start(name: name) { continuation.resume(with: Result { try body() }) }
    }
  }
}

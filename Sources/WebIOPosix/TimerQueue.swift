/// A timer that can be called off. Cancelling it twice, or after it fired, does nothing.
@EventLoop
package final class TimerToken {
  fileprivate var body: (@EventLoop () -> Void)?
  fileprivate let deadline: MonotonicTime

  fileprivate init(deadline: MonotonicTime, body: @escaping @EventLoop () -> Void) {
    self.deadline = deadline
    self.body = body
  }

  package func cancel() { body = nil }
}

/// A binary heap of deadlines. Cancelled entries stay until their time comes, or until they outnumber the live ones.
@EventLoop
struct TimerQueue {
  private var heap: [TimerToken] = []

  nonisolated init() {}

  var earliest: MonotonicTime? { heap.first?.deadline }

  mutating func insert(at deadline: MonotonicTime, _ body: @escaping @EventLoop () -> Void) -> TimerToken {
    let token = TimerToken(deadline: deadline, body: body)
    if heap.count >= 1024, heap.count == heap.capacity { dropCancelled() }
    heap.append(token)
    siftUp(heap.count - 1)
    return token
  }

  /// The next body whose time has come, with the cancelled ones before it dropped.
  mutating func popDue(_ now: MonotonicTime) -> (@EventLoop () -> Void)? {
    while let first = heap.first, first.deadline <= now {
      heap.swapAt(0, heap.count - 1)
      heap.removeLast()
      siftDown(0)
      if let body = first.body {
        first.body = nil
        return body
      }
    }
    return nil
  }

  private mutating func dropCancelled() {
    heap.removeAll { $0.body == nil }
    heap.sort { $0.deadline < $1.deadline }
  }

  private mutating func siftUp(_ start: Int) {
    var child = start
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].deadline < heap[parent].deadline else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func siftDown(_ start: Int) {
    var parent = start
    while true {
      var smallest = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if heap[child].deadline < heap[smallest].deadline { smallest = child }
      }
      if smallest == parent { return }
      heap.swapAt(parent, smallest)
      parent = smallest
    }
  }
}

import Glibc

/// Bytes waiting to be sent: appended at the end, consumed at the front, moved only when the dead front is over half.
package struct ByteQueue {
  private var storage: [UInt8] = []
  private var head = 0
  private let keptCapacity: Int

  /// An idle connection must not keep the memory of its largest answer: an empty queue keeps `capacity` bytes at most.
  package init(keeping capacity: Int = 16 * 1024) { keptCapacity = capacity }

  package var count: Int { storage.count - head }
  package var isEmpty: Bool { head == storage.count }

  package mutating func append(_ bytes: UnsafeRawBufferPointer) { storage.append(contentsOf: bytes) }

  package mutating func append(_ bytes: [UInt8]) { storage.append(contentsOf: bytes) }

  package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try storage.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[head...])) }
  }

  @EventLoop
  package func withLoopBytes(_ body: @EventLoop (UnsafeRawBufferPointer) -> Void) {
    storage.withLoopBytes { body(UnsafeRawBufferPointer(rebasing: $0[head...])) }
  }

  package mutating func consume(_ count: Int) {
    head += count
    if head == storage.count {
      if storage.capacity > keptCapacity { storage = [] } else { storage.removeAll(keepingCapacity: true) }
      head = 0
    } else if head > 64 * 1024, head > storage.count / 2 {
      storage.removeFirst(head)
      head = 0
    }
  }

  package mutating func removeAll() {
    storage = []
    head = 0
  }
}

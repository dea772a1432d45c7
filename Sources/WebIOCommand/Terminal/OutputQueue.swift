import Glibc
import Synchronization
import WebIOPosix

/// What is on its way to a descriptor that may be slow: a terminal that Ctrl-S has stopped, a pipe whose reader is busy.
/// A thread of its own waits for it, so that visitors never do.
///
/// `@unchecked Sendable`: everything is under the mutex.
final class OutputQueue: @unchecked Sendable {
  /// A short command writes by itself, and waits.
  static let isUsed = Atomic(false)
  private static let errors = OutputQueue()
  private static let results = isOneFile ? errors : OutputQueue()

  /// The queue of standard output or standard error: one, where both are the same terminal, which keeps the order.
  static func of(_ descriptor: Int32) -> OutputQueue { descriptor == 2 ? errors : results }

  private static var isOneFile: Bool {
    var output = stat()
    var error = stat()
    return fstat(1, &output) == 0 && fstat(2, &error) == 0 && output.st_dev == error.st_dev
      && output.st_ino == error.st_ino
  }

  /// Before the process ends.
  static func finish() {
    guard isUsed.load(ordering: .acquiring) else { return }
    errors.finish(patience: 1)
    results.finish(patience: 1)
  }

  /// More than this waits only for what must not be lost.
  static let limit = 1 << 20

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var pieces: [(descriptor: Int32, bytes: [UInt8])] = []
  private var waiting = 0
  private var leftOut = 0
  private var written = 0

  /// It lives as long as the process.
  private init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
    Thread.start(name: "webio-output") { [self] in run() }
  }

  /// Puts `bytes` at the end. With `isOptional` they are left out, and counted, while too much waits already.
  func write(_ descriptor: Int32, _ bytes: [UInt8], isOptional: Bool) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    if isOptional, waiting + bytes.count > Self.limit {
      leftOut += bytes.count { $0 == UInt8(ascii: "\n") }
      return
    }
    if leftOut > 0 {
      add(2, Array("webio: \(leftOut) lines were left out here, because nobody read them\n".utf8))
      leftOut = 0
    }
    add(descriptor, bytes)
    pthread_cond_signal(changed)
  }

  private func add(_ descriptor: Int32, _ bytes: [UInt8]) {
    pieces.append((descriptor, bytes))
    waiting += bytes.count
  }

  /// Waits until all is written. Gives up when nobody has read anything for so many seconds.
  private func finish(patience: Int) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while waiting > 0 {
      let before = written
      var deadline = timespec()
      clock_gettime(CLOCK_REALTIME, &deadline)
      deadline.tv_sec += patience
      while waiting > 0, written == before {
        if pthread_cond_timedwait(changed, mutex, &deadline) == ETIMEDOUT { return }
      }
    }
  }

  private func run() {
    pthread_mutex_lock(mutex)
    while true {
      while pieces.isEmpty { pthread_cond_wait(changed, mutex) }
      var batch: [(descriptor: Int32, bytes: [UInt8])] = []
      swap(&batch, &pieces)
      for piece in batch {
        var done = 0
        while done < piece.bytes.count {
          pthread_mutex_unlock(mutex)
          let count = Self.write(piece.descriptor, piece.bytes[done...])
          pthread_mutex_lock(mutex)
          done += count
          waiting -= count
          written += count
          pthread_cond_broadcast(changed)
        }
      }
    }
  }

  /// How many bytes are done with: all of them when nobody can read them any more.
  static func write(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Int {
    while true {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 { return count }
      if errno == EAGAIN {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        Glibc.poll(&poll, 1, -1)
      } else if errno != EINTR {
        return bytes.count
      }
    }
  }
}

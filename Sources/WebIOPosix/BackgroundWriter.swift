import Glibc

/// Writes to a descriptor from a thread of its own: a pipe that nobody reads, a terminal that Ctrl-S has stopped and a slow
/// disk hold up nobody.
///
/// What may be left out is, while more than a mebibyte waits, and what the target does not take (a full disk) is lost. Nothing
/// is tried twice, so nothing spins.
///
/// `@unchecked Sendable`: what changes is under the mutex.
package final class BackgroundWriter: @unchecked Sendable {
  private let descriptor: Int32
  private let isOwned: Bool
  private let onLoss: @Sendable (_ lines: Int, _ reason: String) -> [UInt8]

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var waiting: [UInt8] = []
  private var isRunning = false
  private var written = 0
  private var lostLines = 0
  private var reason = ""

  private static let limit = 1 << 20

  /// Before the next piece that goes through comes what `onLoss` says about the lines that are missing there. An owned
  /// descriptor is closed in the end.
  package init(
    _ descriptor: Int32, isOwned: Bool = false,
    onLoss: @escaping @Sendable (_ lines: Int, _ reason: String) -> [UInt8]
  ) {
    self.descriptor = descriptor
    self.isOwned = isOwned
    self.onLoss = onLoss
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    if isOwned { close(descriptor) }
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Puts whole lines at the end.
  package func write(_ lines: [UInt8], isOptional: Bool) {
    let starts = locked {
      guard !isOptional || waiting.count + lines.count < Self.limit else {
        lose(lines, "nobody took them in time")
        return false
      }
      waiting += lines
      defer { isRunning = true }
      return !isRunning
    }
    // The thread ends when there is nothing left, and lives as long as lines keep coming.
    if starts { Thread.start(name: "webio-output") { self.run() } }
  }

  /// Waits until everything is written. Gives up when nothing was taken for so many seconds.
  package func finish(patience: Int) {
    locked {
      while isRunning {
        let before = written
        var deadline = timespec()
        clock_gettime(CLOCK_REALTIME, &deadline)
        deadline.tv_sec += patience
        while isRunning, written == before {
          if pthread_cond_timedwait(changed, mutex, &deadline) == ETIMEDOUT { return }
        }
      }
    }
  }

  private func run() {
    while let lines = next() {
      var rest = lines[...]
      while !rest.isEmpty {
        let count = Self.write(descriptor, rest)
        let code = errno
        locked {
          if count > 0 {
            written += count
          } else {
            lose(rest, SystemError.text(of: count < 0 ? code : ENOSPC))
          }
          pthread_cond_broadcast(changed)
        }
        rest = count > 0 ? rest.dropFirst(count) : []
      }
    }
  }

  private func next() -> [UInt8]? {
    locked {
      if waiting.isEmpty {
        isRunning = false
        pthread_cond_broadcast(changed)
        return nil
      }
      var lines: [UInt8] = []
      swap(&lines, &waiting)
      if lostLines > 0 {
        lines = onLoss(lostLines, reason) + lines
        lostLines = 0
      }
      return lines
    }
  }

  private func lose(_ lines: some Sequence<UInt8>, _ reason: String) {
    for byte in lines where byte == UInt8(ascii: "\n") { lostLines += 1 }
    self.reason = reason
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  /// write(2), which waits also where somebody has made the descriptor non-blocking.
  package static func write(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Int {
    while true {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 || errno != EINTR && errno != EAGAIN { return count }
      if errno == EAGAIN {
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&ready, 1, -1)
      }
    }
  }
}

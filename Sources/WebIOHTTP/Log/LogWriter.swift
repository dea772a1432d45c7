import Glibc
import Synchronization
import WebIOPosix

/// Writes lines to a descriptor from a thread of its own: a pipe that nobody reads and a slow disk hold up nobody.
///
/// Lines are dropped when more than a mebibyte waits, and when the target takes no more (a full disk); the next line that
/// goes through is preceded by their number. Nothing is tried twice, so nothing spins.
final class LogWriter: Sendable {
  private struct State {
    var lines: [UInt8] = []
    var count = 0
    var lost = 0
    var reason = ""
    var isRunning = false
  }

  private let descriptor: Int32
  private let isOwned: Bool
  private let state = Mutex(State())

  private static let limit = 1 << 20

  init(descriptor: Int32) {
    self.descriptor = descriptor
    isOwned = false
  }

  init(path: String) throws {
    descriptor = try retryingInterrupts("open \(path)") {
      open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o640)
    }
    isOwned = true
  }

  deinit {
    if isOwned { close(descriptor) }
  }

  func write(_ line: [UInt8]) {
    let starts = state.withLock { state in
      guard state.lines.count + line.count < Self.limit else {
        state.lost += 1
        state.reason = "they came faster than they could be written"
        return false
      }
      state.lines += line
      state.lines.append(0x0a)
      state.count += 1
      defer { state.isRunning = true }
      return !state.isRunning
    }
    // The thread ends when there is nothing left, and lives as long as lines keep coming.
    if starts { Thread.start(name: "webio-log") { self.run() } }
  }

  private func run() {
    while let (lines, count) = next() {
      if let code = put(lines) {
        state.withLock { state in
          state.lost += count
          state.reason = SystemError.text(of: code)
        }
      }
    }
  }

  private func next() -> (lines: [UInt8], count: Int)? {
    state.withLock { state in
      guard state.count > 0 else {
        state.isRunning = false
        return nil
      }
      var lines: [UInt8] = []
      if state.lost > 0 {
        lines = Array("- - - \(state.lost) lines of this log are lost: \(state.reason)\n".utf8)
        state.lost = 0
      }
      lines += state.lines
      let count = state.count
      state.lines = []
      state.count = 0
      return (lines, count)
    }
  }

  /// The errno of what failed; of a part that was written before nothing is told.
  private func put(_ bytes: [UInt8]) -> Int32? {
    bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return count < 0 ? errno : ENOSPC }
        done += count
      }
      return nil
    }
  }
}

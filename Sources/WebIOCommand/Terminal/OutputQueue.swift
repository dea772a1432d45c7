import Glibc
import Synchronization
import WebIOPosix

/// Where the output of a command that serves goes: a reader who pauses holds up no visitor.
enum OutputQueue {
  /// A short command writes by itself, and waits.
  static let isUsed = Atomic(false)

  private static let errors = BackgroundWriter(2) { lines, reason in notice(lines, reason) }
  /// No line of text among the events.
  private static let results = BackgroundWriter(1) { lines, reason in
    errors.write(notice(lines, reason), isOptional: false)
    return []
  }
  private static let isOneFile = {
    var output = stat()
    var error = stat()
    return fstat(1, &output) == 0 && fstat(2, &error) == 0 && output.st_dev == error.st_dev
      && output.st_ino == error.st_ino
  }()

  private static func notice(_ lines: Int, _ reason: String) -> [UInt8] {
    Array("webio: \(lines) lines of this output are missing: \(reason)\n".utf8)
  }

  /// With `isOptional` they may be left out, and are counted, when nobody reads.
  static func write(_ descriptor: Int32, _ lines: [UInt8], isOptional: Bool) {
    // One writer keeps the order of what goes to one terminal.
    (descriptor == 2 || isOneFile ? errors : results).write(lines, isOptional: isOptional)
  }

  /// Before the process ends.
  static func finish() {
    guard isUsed.load(ordering: .acquiring) else { return }
    results.finish(patience: 1)
    errors.finish(patience: 1)
  }
}

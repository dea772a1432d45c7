import CWebIOLinux
import Glibc

/// The `debugDescription` of errors that are no crash, but something that the developer has to change: a port that is taken,
/// a file that is not there.
///
/// The runtime ends a program whose `main.swift` throws with that text, a trap, and a page of backtraces and registers, in
/// which the sentence that would help is lost. So at that point, and nowhere else, the sentence is said and the program exits.
package enum UncaughtError {
  package static func text(_ description: String, exitCode: Int32 = 1) -> String {
    guard webio_main_has_thrown() != 0 else { return description }
    StandardError.write("webio: error: \(description)\n")
    exit(exitCode)
  }
}

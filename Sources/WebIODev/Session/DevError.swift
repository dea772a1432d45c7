/// Why `webio dev` cannot go on: one sentence for a person, what to do about it, and the exit code of the command.
package struct DevError: Error, Equatable, CustomStringConvertible {
  package enum Code: String, Sendable {
    case pathMissing, notAPackage, notSwift, badManifest, noExecutable, ambiguousExecutable, notWebIO, notASession
    case toolchainMissing, alreadyRunning, portTaken, portOutOfRange, cannotListen, system
  }

  package let code: Code
  /// One sentence.
  package let message: String
  /// What the developer can do, one sentence; it may hold a command to copy.
  package let advice: String

  package init(_ code: Code, _ message: String, advice: String) {
    self.code = code
    self.message = message
    self.advice = advice
  }

  /// As DESIGN.md section 6 has them.
  package var exitCode: Int32 {
    switch code {
    case .pathMissing, .notAPackage, .notSwift, .noExecutable, .ambiguousExecutable, .notWebIO, .notASession, .portOutOfRange: 2
    case .alreadyRunning, .portTaken, .cannotListen: 3
    case .toolchainMissing, .system: 4
    case .badManifest: 1
    }
  }

  package var description: String { "\(message)\n\(advice)" }
}

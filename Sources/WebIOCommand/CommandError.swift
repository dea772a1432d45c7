/// What `webio` ends with, as `webio help exit-codes` lists it.
enum ExitCode: Int32 {
  case done = 0
  case failed = 1
  case usage = 2
  case portTaken = 3
  case requirementMissing = 4
  case tunnelFailed = 5
  case interrupted = 130
  case terminated = 143
}

/// A command that cannot go on: one sentence, and what to do about it.
struct CommandError: Error, CustomStringConvertible {
  let code: ExitCode
  let description: String
  let advice: String?

  init(_ code: ExitCode, _ description: String, advice: String? = nil) {
    self.code = code
    self.description = description
    self.advice = advice
  }

  /// Without an advice of its own it gets that of its command: see ``advised(for:)``.
  static func usage(_ description: String, advice: String? = nil) -> CommandError {
    CommandError(.usage, description, advice: advice)
  }

  /// With where to read on, for a wrong use of a command that says nothing of it.
  func advised(for words: [String]) -> CommandError {
    guard code == .usage, advice == nil else { return self }
    let name = words.first.flatMap { CommandTable.names.contains($0) ? "\($0) --help" : nil }
    return CommandError(code, description, advice: "Run `webio \(name ?? "help")` to see what it takes.")
  }
}

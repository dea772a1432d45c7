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

  static func usage(_ description: String, advice: String? = "Run `webio help` for all commands and flags.")
    -> CommandError
  {
    CommandError(.usage, description, advice: advice)
  }
}

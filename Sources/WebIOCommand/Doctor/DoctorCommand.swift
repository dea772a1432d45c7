import WebIO
import WebIOHTTP
import WebIOPosix

/// `webio doctor`: looks for what is missing, slow or in the way on this machine, and says what to do about it.
struct DoctorCommand {
  static let flags = [
    Flag("json", .none, "print one event a check on standard output"),
    Flag("limits", .none, "print what an app's server limits, and to what, if the app does not say otherwise"),
    Flag("toolkit", .required("PATH"), "the WebIO checkout that new projects and single files use"),
  ]

  private let arguments: Arguments
  private let console: Console

  init(_ words: [String]) throws {
    arguments = try Arguments(words, flags: Self.flags, maximum: 1)
    console = Console(json: arguments.has("json"))
  }

  /// Gives 4 when something is missing that is needed.
  func run() throws -> ExitCode {
    if arguments.has("limits") {
      showLimits()
      return .done
    }
    let path = arguments.positionals.first ?? "."
    guard let resolved = Files.resolve(path) else { throw CommandError.usage("There is no \(path).") }
    let checkup = Checkup(directory: Files.isDirectory(resolved) ? resolved : Path.directory(of: resolved), arguments)
    var worst = CheckResult.Level.ok
    for check in checkup.checks {
      let result = check()
      worst = max(worst, result.level)
      show(result)
    }
    let code: ExitCode = worst == .fail ? .requirementMissing : .done
    console.event("exit", ["code": .int(Int64(code.rawValue))])
    if !console.isJSON {
      console.result(
        worst == .ok
          ? "\nAll is well." : worst == .warn ? "\nIt works, with less than it could have." : "\nSomething is missing.")
    }
    return code
  }

  /// Of ``ServerLimits``, as it is without a word of the app.
  private func showLimits() {
    let table = ServerLimits().table
    let width = table.map(\.name.utf8.count).max() ?? 0
    for entry in table {
      guard !console.isJSON else {
        console.event(
          "limit",
          [
            "name": .string(entry.name), "value": .string(entry.value), "unit": .string(entry.unit),
            "meaning": .string(entry.meaning),
          ])
        continue
      }
      let gap = String(repeating: " ", count: width - entry.name.utf8.count)
      console.result("\(entry.name)\(gap)  \(entry.value) \(entry.unit) \(entry.meaning)")
    }
  }

  private func show(_ result: CheckResult) {
    guard !console.isJSON else {
      var members: [(String, String)] = [
        ("name", result.name), ("status", result.level.rawValue), ("message", result.text),
      ]
      if let advice = result.advice { members.append(("advice", advice)) }
      return console.event("check", .init(members.map { ($0.0, .string($0.1)) }))
    }
    let style: Console.Style = result.level == .ok ? .green : result.level == .warn ? .yellow : .red
    let mark = Console(standardOutput: ()).styled(
      result.level.rawValue + String(repeating: " ", count: 4 - result.level.rawValue.count), style)
    console.result("\(mark)  \(result.name): \(result.text)")
    if let advice = result.advice { console.result("      \(advice)") }
  }
}

/// What one look found.
struct CheckResult: Sendable, Equatable {
  enum Level: String, Sendable, Comparable {
    case ok, warn, fail

    static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
    private var rank: Int { self == .ok ? 0 : self == .warn ? 1 : 2 }
  }

  let name: String
  let level: Level
  let text: String
  /// What to do, where there is something.
  let advice: String?

  static func ok(_ name: String, _ text: String) -> CheckResult {
    CheckResult(name: name, level: .ok, text: text, advice: nil)
  }
  static func warn(_ name: String, _ text: String, _ advice: String) -> CheckResult {
    CheckResult(name: name, level: .warn, text: text, advice: advice)
  }
  static func fail(_ name: String, _ text: String, _ advice: String) -> CheckResult {
    CheckResult(name: name, level: .fail, text: text, advice: advice)
  }
}

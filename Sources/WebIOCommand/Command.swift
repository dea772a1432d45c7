import Glibc
import WebIODev
import WebIOPosix
import WebIOTLS
import WebIOTunnel

/// Which command the words mean, and how every one of them ends.
enum Command {
  static let version = "0.1.0"

  static func run(_ words: [String]) throws {
    guard let name = words.first else {
      Console().note(Help.overview)
      exit(ExitCode.usage.rawValue)
    }
    let rest = Array(words.dropFirst())
    if rest.contains("--help") || rest.contains("-h"), CommandTable.names.contains(name) {
      Console().result(try Help.text(name))
      exit(0)
    }
    switch name {
    case "new": try NewCommand(rest).run()
    case "dev": try DevCommand(rest).run()
    case "run": try RunCommand(rest).run()
    case "build": try StandaloneCommand(rest).run()
    case "serve": try ServeCommand(rest).run()
    case "replay": try ReplayCommand(rest).run()
    case "share": try ShareCommand(rest).run()
    case "doctor": exit(try DoctorCommand(rest).run().rawValue)
    case "completions":
      guard let shell = rest.first, rest.count == 1 else {
        throw CommandError.usage("Which shell?", advice: "Write webio completions bash, zsh or fish.")
      }
      Console().result(try Completions.script(shell))
    case "help", "--help", "-h":
      let isMan = rest.first == "--man" && rest.count == 1
      Console().result(isMan ? ManPage.text : try rest.first.map(Help.text) ?? Help.overview)
    case "--version", "version": Console().result("webio \(version)")
    default:
      let near = nearest(to: name, among: CommandTable.names + ["--help", "--version"])
      throw CommandError.usage(
        "There is no command \"\(name)\".",
        advice: near.map { "Did you mean `webio \($0)`?" } ?? "Run `webio help` to see all of them.")
    }
    exit(0)
  }

  /// The one funnel: every error becomes a sentence, what to do, and an exit code.
  static func fail(_ error: any Error) -> Never {
    let command = commandError(error).advised(for: Array(CommandLine.arguments.dropFirst()))
    // The words may not have been understood, but who reads events waits for this one.
    let console = Console(json: CommandLine.arguments.contains("--json"))
    console.error(command)
    console.event("exit", ["code": .int(Int64(command.code.rawValue))])
    exit(command.code.rawValue)
  }

  static func commandError(_ error: any Error) -> CommandError {
    switch error {
    case let error as CommandError: error
    case let error as BrokenManifest: commandError(error.asDevError)
    case let error as DevError:
      CommandError(ExitCode(rawValue: error.exitCode) ?? .failed, error.message, advice: error.advice)
    case let error as TunnelError:
      CommandError(
        ExitCode(rawValue: error.exitCode) ?? .tunnelFailed, error.problem,
        advice: error.advice.isEmpty ? nil : error.advice)
    case let error as TLSError: CommandError(.requirementMissing, error.description)
    case let error as SystemError: CommandError(.failed, error.description)
    default: CommandError(.failed, "\(error)")
    }
  }
}

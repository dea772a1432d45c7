/// A command as help, completions and the man page know it. There is no second list of them.
struct CommandEntry: Sendable {
  /// What stands where no flag does, for completions.
  enum Words: Sendable, Equatable {
    case none
    case paths
    case choices([String])
  }

  let name: String
  /// `[TEMPLATE] [DIR]`
  var arguments = ""
  let summary: String
  var flags: [Flag] = []
  var words = Words.none
  var examples: [String] = []

  var usage: String { ["webio \(name)", arguments].filter { !$0.isEmpty }.joined(separator: " ") }
}

enum CommandTable {
  private static let helpTopics = [
    "new", "dev", "run", "build", "serve", "replay", "share", "doctor", "completions", "help", "exit-codes", "environment",
    "https",
  ]

  static let entries: [CommandEntry] = [
    CommandEntry(
      name: "new", arguments: "[TEMPLATE] [DIR]", summary: "write a project", flags: NewCommand.flags,
      words: .choices(TemplateCatalog.names),
      examples: ["webio new hello my-app", "webio new chat --dry-run", "webio new --list"]),
    CommandEntry(
      name: "dev", arguments: "[PATH]", summary: "run it here, and reload the page as you save",
      flags: DevCommand.flags, words: .paths,
      examples: [
        "webio dev", "webio dev hello.swift --port 3000", "webio dev --host 0.0.0.0", "webio dev --https", "webio dev --share",
      ]),
    CommandEntry(
      name: "run", arguments: "[PATH]", summary: "build it for release and serve it", flags: RunCommand.flags,
      words: .paths, examples: ["webio run --port 80 --host 0.0.0.0"]),
    CommandEntry(
      name: "build", arguments: "[PATH]", summary: "make one executable of it that runs without Swift",
      flags: StandaloneCommand.flags, words: .paths, examples: ["webio build", "webio build hello.swift --output /srv/hello"]),
    CommandEntry(
      name: "serve", arguments: "DIR", summary: "serve every .swift file of a directory at its own path",
      flags: ServeCommand.flags, words: .paths, examples: ["webio serve apps", "webio serve apps --host 0.0.0.0 --no-index"]),
    CommandEntry(
      name: "replay", arguments: "FILE [PATH]", summary: "run a saved session again, and show where it differs",
      flags: ReplayCommand.flags, words: .paths,
      examples: ["webio replay .webio/sessions/1.json", "webio replay --update .webio/sessions/1.json"]),
    CommandEntry(
      name: "share", arguments: "[PATH|PORT|URL]", summary: "give it a public address for a while",
      flags: ShareCommand.flags, words: .paths,
      examples: [
        "webio share", "webio share 3000", "webio share --via ssh://me@example.com",
        "webio share 3000 --auth ada:secret --expire 2h",
      ]),
    CommandEntry(
      name: "doctor", arguments: "[PATH]", summary: "look for what is missing or slow here", flags: DoctorCommand.flags,
      words: .paths, examples: ["webio doctor", "webio doctor --json"]),
    CommandEntry(
      name: "completions", arguments: "bash|zsh|fish", summary: "print the completions of a shell",
      words: .choices(Completions.shells),
      examples: [
        "webio completions bash > ~/.local/share/bash-completion/completions/webio",
        "webio completions zsh > ~/.zfunc/_webio", "webio completions fish > ~/.config/fish/completions/webio.fish",
      ]),
    CommandEntry(
      name: "help", arguments: "[COMMAND|exit-codes|environment|https]", summary: "tell more about one of these",
      flags: [Flag("man", .none, "print the man page")], words: .choices(helpTopics),
      examples: ["webio help dev", "webio help --man > webio.1"]),
  ]

  static var names: [String] { entries.map(\.name) }

  static func entry(_ name: String) -> CommandEntry? { entries.first { $0.name == name } }
}

extension Flag {
  /// `--port N`, `--poll[=MS]`
  var usage: String {
    switch value {
    case .none: "--\(name)"
    case .required(let kind): "--\(name) \(kind)"
    case .optional(let kind): "--\(name)[=\(kind)]"
    }
  }

  /// The values, where the flag names them all: `replay|restart`.
  var choices: [String] {
    guard case .required(let kind) = value else { return [] }
    let parts = kind.split(separator: "|").map(String.init)
    return parts.count > 1 && parts.allSatisfy { $0.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && ($0 < 0x41 || $0 > 0x5A) } }
      ? parts : []
  }

  /// Whether its value is a file or directory.
  var takesPath: Bool { value == .required("PATH") || value == .required("FILE") }
}

/// What `webio help` prints, made from the table of commands.
enum Help {
  static let topics = CommandTable.names + ["exit-codes", "environment", "https"]

  static var overview: String {
    // The last one's words are its summary.
    let rows = CommandTable.entries.map { ($0.usage, $0.name == "help" ? "" : $0.summary) } + [("webio --version", "")]
    return """
      webio: web apps that are Swift functions

      \(list(rows))

      PATH is a package or a single .swift file; without it, the current directory.
      """
  }

  static func text(_ topic: String) throws -> String {
    switch topic {
    case "exit-codes": return list(exitCodes.map { (String(repeating: " ", count: 3 - "\($0.0)".count) + "\($0.0)", $0.1) })
    case "https": return TrustAdvice.help
    case "environment":
      return environment.map { "\($0.title):\n\n\(list($0.rows))" }.joined(separator: "\n\n")
    default:
      guard let entry = CommandTable.entry(topic) else {
        throw CommandError.usage(
          "There is no help about \"\(topic)\".",
          advice: "There is help about \(topics.dropLast().joined(separator: ", ")) and \(topics.last ?? "").")
      }
      return entry.name == "help" ? overview : command(entry)
    }
  }

  private static func command(_ entry: CommandEntry) -> String {
    var parts = ["\(entry.usage)\n  \(entry.summary)"]
    if !entry.flags.isEmpty { parts.append(list(entry.flags.map { ($0.usage, $0.help) })) }
    if entry.name == "dev" {
      parts.append("Keys, each with Enter:\n" + list(DevKey.allCases.map { ($0.rawValue, $0.help) }))
    }
    parts.append((["Examples:"] + entry.examples.map { "  \($0)" }).joined(separator: "\n"))
    return parts.joined(separator: "\n\n")
  }

  private static func list(_ rows: [(String, String)]) -> String {
    let width = rows.filter { !$0.1.isEmpty }.map { $0.0.count }.max() ?? 0
    return rows.map { row in
      row.1.isEmpty
        ? "  \(row.0)" : "  \(row.0)\(String(repeating: " ", count: width - row.0.count + 2))\(row.1)"
    }.joined(separator: "\n")
  }

  static let exitCodes: [(Int32, String)] = [
    (ExitCode.done.rawValue, "done"),
    (ExitCode.failed.rawValue, "the build or the app failed"),
    (ExitCode.usage.rawValue, "wrong usage"),
    (ExitCode.portTaken.rawValue, "the port is taken"),
    (ExitCode.requirementMissing.rawValue, "the toolchain or something else that is needed is missing"),
    (ExitCode.tunnelFailed.rawValue, "the tunnel failed"),
    (ExitCode.interrupted.rawValue, "ended by Ctrl-C"),
    (ExitCode.terminated.rawValue, "ended by SIGTERM"),
  ]

  static let environment: [(title: String, rows: [(String, String)])] = [
    (
      "Read by webio",
      [
        ("WEBIO_TOOLKIT", "the WebIO checkout that new projects and single files use"),
        ("WEBIO_EDITOR", "the editor that a click on a build error opens; else VISUAL, EDITOR"),
        ("WEBIO_STATE", "replay or restart, as --state of webio dev"),
        ("BROWSER", "the browser to open; `none` opens none"),
        ("NO_COLOR", "no colours in the terminal, if it is not empty"),
        ("CI", "no keys, no browser, no progress line, no colours"),
        ("TERM", "`dumb` is a terminal without colours and control sequences"),
        ("XDG_CACHE_HOME", "where builds of single files are kept, in `webio` (default: ~/.cache)"),
        ("XDG_CONFIG_HOME", "where host keys and keys of tunnels are kept, in `webio` (default: ~/.config)"),
        ("SSH_AUTH_SOCK", "the agent that holds your SSH keys"),
        ("SSH_CONNECTION", "no browser is opened on the far side of an SSH connection"),
        ("SWIFT_BACKTRACE", "how a crash is told; if unset, webio dev chooses what its overlay reads best"),
      ]
    ),
    (
      "Read by apps",
      [
        ("WEBIO_HOST", "the address to listen on, instead of the one in startServer"),
        ("WEBIO_PORT", "the port to listen on, instead of the one in startServer"),
        ("WEBIO_PREFIX", "what the paths of all requests begin with, instead of the one in startServer"),
        ("WEBIO_INSTANCE", "the name of this process behind a proxy: its sessions' ids begin with it and a dot"),
        ("WEBIO_RECONNECT", "for how many seconds a session waits for a page that went away, instead of what startServer says"),
        ("WEBIO_METRICS", "where Prometheus finds the metrics: a port of this machine, or ADDRESS:PORT"),
        ("WEBIO_LOG", "`json` makes every message an object on a line of its own"),
      ]
    ),
    (
      "Set by webio dev for the app",
      [
        ("WEBIO_DIRECTORY", "by webio serve --index: the directory that the app is the index of"),
        (
          "WEBIO_DESCRIPTIONS",
          "by webio run and webio serve too: what the comments of the apps' functions say, as a JSON object"
        ),
        ("WEBIO_METRICS_TOKEN", "by webio serve --metrics: what it asks an app for its metrics with"),
        ("WEBIO_DEV", "1"),
        ("WEBIO_GENERATION", "the number of the build, from 1"),
        ("WEBIO_DEV_TOKEN", "marks the developer's own requests"),
        ("WEBIO_LISTEN_FD", "the descriptor of the socket to serve on"),
        ("WEBIO_READY_FD", "the descriptor to write `ready` to, or `ready PORT` where the app has a port of its own"),
        ("WEBIO_JOURNAL_FD", "the descriptor over which sessions are recorded and replayed"),
      ]
    ),
  ]
}

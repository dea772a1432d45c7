/// What `webio help` prints.
enum Help {
  static let commands = ["new", "dev", "run", "replay", "share", "help"]

  static let overview = """
    webio: web apps that are Swift functions

      webio new [TEMPLATE] [DIR]       write a project
      webio dev [PATH]                 run it here, and reload the page as you save
      webio run [PATH]                 build it for release and serve it
      webio replay FILE [PATH]         run a saved session again, and show where it differs
      webio share [PATH|PORT|URL]      give it a public address for a while
      webio help [COMMAND|exit-codes|environment|https]
      webio --version

    PATH is a package or a single .swift file; without it, the current directory.
    """

  static func text(_ topic: String) throws -> String {
    switch topic {
    case "new": command("webio new [TEMPLATE] [DIR]", NewCommand.flags, "webio new hello my-app")
    case "dev":
      command("webio dev [PATH]", DevCommand.flags, "webio dev", "webio dev hello.swift --port 3000", "webio dev --https")
    case "run": command("webio run [PATH]", RunCommand.flags, "webio run --port 80 --host 0.0.0.0")
    case "replay":
      command(
        "webio replay FILE [PATH]", ReplayCommand.flags, "webio replay .webio/sessions/1.json",
        "webio replay --update .webio/sessions/1.json")
    case "share":
      command(
        "webio share [PATH|PORT|URL]", ShareCommand.flags, "webio share", "webio share 3000",
        "webio share --via ssh://me@example.com")
    case "help": overview
    case "exit-codes": exitCodes
    case "environment": environment
    case "https": TrustAdvice.help
    default:
      throw CommandError.usage(
        "There is no help about \"\(topic)\".",
        advice:
          "There is help about \(commands.joined(separator: ", ")), exit-codes, environment and https.")
    }
  }

  private static func command(_ usage: String, _ flags: [Flag], _ examples: String...) -> String {
    let rows = flags.map { flag -> (String, String) in
      switch flag.value {
      case .none: ("--\(flag.name)", flag.help)
      case .required(let kind): ("--\(flag.name) \(kind)", flag.help)
      case .optional(let kind): ("--\(flag.name)[=\(kind)]", flag.help)
      }
    }
    let width = rows.map(\.0.count).max() ?? 0
    let list = rows.map { "  \($0.0)\(String(repeating: " ", count: width - $0.0.count + 2))\($0.1)" }
    return (["\(usage)", ""] + list + ["", "Examples:"] + examples.map { "  \($0)" }).joined(separator: "\n")
  }

  private static let exitCodes = """
      0    done
      1    the build or the app failed
      2    wrong usage
      3    the port is taken
      4    the toolchain or something else that is needed is missing
      5    the tunnel failed
    130    ended by Ctrl-C
    143    ended by SIGTERM
    """

  private static let environment = """
    WEBIO_TOOLKIT   the WebIO checkout that new projects and single files use
    WEBIO_EDITOR    the editor that a click on a build error opens; else VISUAL, EDITOR
    BROWSER         the browser to open; `none` opens none
    NO_COLOR        no colours in the terminal
    CI              no prompts, no browser, no progress line
    """
}

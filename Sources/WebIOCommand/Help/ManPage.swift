/// The man page, made from the same table as the help: `webio help --man | man -l -`. See man(7).
enum ManPage {
  static var text: String {
    var page = [
      ".TH WEBIO 1 \"\" \"webio \(Command.version)\" \"User Commands\"", ".SH NAME",
      "webio \\- web apps that are Swift functions", ".SH SYNOPSIS",
    ]
    for entry in CommandTable.entries { page += [".B webio \(escaped(entry.name))", escaped(entry.arguments), ".br"] }
    page += [
      ".SH DESCRIPTION", "PATH is a package or a single .swift file; without it, the current directory.", ".SH COMMANDS",
    ]
    for entry in CommandTable.entries {
      page += [".SS \(escaped(entry.usage))", escaped(entry.summary)]
      page += rows(entry.flags.map { ($0.usage, $0.help) })
      if entry.name == "dev" {
        page += [".PP", "Keys, each with Enter:"] + rows(DevKey.allCases.map { ($0.rawValue, $0.help) })
      }
      page += [".PP", "Examples:", ".PP", ".nf", ".RS"] + entry.examples.map(escaped) + [".RE", ".fi"]
    }
    page += [".SH \"EXIT STATUS\""] + rows(Help.exitCodes.map { ("\($0.0)", $0.1) })
    page += [".SH ENVIRONMENT"]
    for group in Help.environment { page += [".PP", escaped("\(group.title):")] + rows(group.rows) }
    return page.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private static func rows(_ rows: [(String, String)]) -> [String] {
    rows.flatMap { [".TP", ".B \(escaped($0.0))", escaped($0.1)] }
  }

  /// A backslash, a dash that is to be copied, and a line that looks like a request.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "\"": result += "\\(dq"
      default: result.append(character)
      }
    }
    return result.hasPrefix(".") || result.hasPrefix("'") ? "\\&" + result : result
  }
}

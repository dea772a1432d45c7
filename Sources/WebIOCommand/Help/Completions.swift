/// What a shell needs to complete `webio`, made from the table of commands.
enum Completions {
  static let shells = ["bash", "zsh", "fish"]

  static func script(_ shell: String) throws -> String {
    switch shell {
    case "bash": return bash
    case "zsh": return zsh
    case "fish": return fish
    default:
      throw CommandError.usage(
        "There are no completions for \(shell).", advice: "There are some for \(shells.joined(separator: ", ")).")
    }
  }

  private static func flags(_ entry: CommandEntry) -> String {
    (entry.flags.map { "--\($0.name)" } + ["--help"]).joined(separator: " ")
  }

  // MARK: bash

  private static var bash: String {
    var lines = [
      "# bash completion for webio; it goes to ~/.local/share/bash-completion/completions/webio",
      "_webio() {",
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}",
      "  COMPREPLY=()",
      "  if ((COMP_CWORD == 1)); then",
      "    COMPREPLY=($(compgen -W '\(CommandTable.names.joined(separator: " ")) --help --version' -- \"$word\"))",
      "    return",
      "  fi",
      "  case ${COMP_WORDS[1]}:$before in",
    ]
    for entry in CommandTable.entries {
      for flag in entry.flags where !flag.choices.isEmpty {
        lines.append(
          "    \(entry.name):--\(flag.name)) COMPREPLY=($(compgen -W '\(flag.choices.joined(separator: " "))' -- \"$word\")); return ;;"
        )
      }
      let paths = entry.flags.filter(\.takesPath).map { "\(entry.name):--\($0.name)" }
      if !paths.isEmpty {
        lines.append("    \(paths.joined(separator: "|"))) COMPREPLY=($(compgen -f -- \"$word\")); return ;;")
      }
    }
    lines += ["  esac", "  case ${COMP_WORDS[1]} in"]
    for entry in CommandTable.entries {
      let other =
        switch entry.words {
        case .none: "COMPREPLY=()"
        case .paths: "COMPREPLY=($(compgen -f -- \"$word\"))"
        case .choices(let choices): "COMPREPLY=($(compgen -W '\(choices.joined(separator: " "))' -- \"$word\"))"
        }
      lines += [
        "    \(entry.name))",
        "      if [[ $word == -* ]]; then COMPREPLY=($(compgen -W '\(flags(entry))' -- \"$word\"))",
        "      else \(other); fi ;;",
      ]
    }
    return (lines + ["  esac", "}", "complete -o filenames -F _webio webio"]).joined(separator: "\n")
  }

  // MARK: zsh

  private static var zsh: String {
    var lines = [
      "#compdef webio",
      "# zsh completion for webio; it goes to a directory of $fpath, as _webio",
      "_webio() {",
      "  local -a commands",
      "  commands=(",
    ]
    lines += CommandTable.entries.map { "    \(quoted("\($0.name):\($0.summary)"))" }
    lines += [
      "  )", "  if ((CURRENT == 2)); then", "    _describe command commands", "    return", "  fi",
      "  local command=$words[2]", "  shift words", "  ((CURRENT--))", "  case $command in",
    ]
    for entry in CommandTable.entries {
      var specs = entry.flags.map(zshSpec) + [quoted("--help[show help]")]
      switch entry.words {
      case .none: break
      case .paths: specs.append(quoted("*:path:_files"))
      case .choices(let choices): specs.append(quoted("1:word:(\(choices.joined(separator: " ")))"))
      }
      lines.append("    \(entry.name)) _arguments \(specs.joined(separator: " \\\n      ")) ;;")
    }
    return (lines + ["  esac", "}", "if [[ $funcstack[1] == _webio ]]; then _webio \"$@\"; else compdef _webio webio; fi"])
      .joined(separator: "\n")
  }

  private static func zshSpec(_ flag: Flag) -> String {
    let help = flag.help.map { ["[", "]", ":", "\\"].contains($0) ? "\\\($0)" : "\($0)" }.joined()
    switch flag.value {
    case .none: return quoted("--\(flag.name)[\(help)]")
    case .optional(let kind): return quoted("--\(flag.name)=-[\(help)]::\(kind):")
    case .required(let kind):
      let action = flag.takesPath ? "_files" : flag.choices.isEmpty ? "" : "(\(flag.choices.joined(separator: " ")))"
      return quoted("--\(flag.name)=[\(help)]:\(kind.replacing(":", with: " ")):\(action)")
    }
  }

  // MARK: fish

  private static var fish: String {
    var lines = [
      "# fish completion for webio; it goes to ~/.config/fish/completions/webio.fish",
      "complete -c webio -f",
    ]
    for entry in CommandTable.entries {
      lines.append("complete -c webio -n __fish_use_subcommand -a \(entry.name) -d \(quoted(entry.summary))")
      let inside = "complete -c webio -n '__fish_seen_subcommand_from \(entry.name)'"
      for flag in entry.flags {
        var line = "\(inside) -l \(flag.name) -d \(quoted(flag.help))"
        if case .required = flag.value {
          line += flag.takesPath ? " -r -F" : " -x"
          if !flag.choices.isEmpty { line += " -a \(quoted(flag.choices.joined(separator: " ")))" }
        }
        lines.append(line)
      }
      switch entry.words {
      case .none: break
      case .paths: lines.append("\(inside) -F")
      case .choices(let choices): lines.append("\(inside) -a \(quoted(choices.joined(separator: " ")))")
      }
    }
    return lines.joined(separator: "\n")
  }

  /// For all three shells: between single quotes, with none of them inside.
  private static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "’"))'" }
}

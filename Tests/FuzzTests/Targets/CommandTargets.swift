@testable import WebIOCommand

/// What is typed, and what is drawn of what others say.
extension FuzzTarget {
  static let command: [FuzzTarget] = [arguments, projectName, row, keys, code]

  private static let flags = [
    Flag("port", .required("N"), ""), Flag("open", .none, ""), Flag("no-open", .none, ""),
    Flag("share", .optional("PROVIDER"), ""),
    Flag("via", .required("X"), ""),
  ]

  private static let arguments = FuzzTarget(
    "arguments", weight: 10,
    seeds: ["--port 8080 app", "--share=ssh --open", "--via a --via b -- --port", "--prot 1", "--port=", "-x", "--"],
    words: ["--", "-", "=", "--port", "--share", " ", "--via", "--no-open"]
  ) { input in
    let words = input.text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    do {
      let arguments = try Arguments(words, flags: flags, maximum: 2)
      try require(arguments.positionals.count <= 2, "more words than allowed")
      for value in arguments.values("via") + arguments.values("port") { try require(!value.isEmpty, "an empty value") }
      if let end = words.firstIndex(of: "--") {
        let rest = Array(words[(end + 1)...])
        if !arguments.values("via").contains("--"), !arguments.values("port").contains("--") {
          try require(arguments.positionals.suffix(rest.count) == rest[...], "a word behind -- is a flag")
        }
      }
      return
        "\(arguments.positionals.count) \(arguments.has("open")) \(arguments.values("via").count) \((try? arguments.port("port")) ?? 0)"
    } catch let error as CommandError {
      let text = "\(error)"
      return "\(text.count / 4)"
    }
  }

  private static let projectName = FuzzTarget(
    "project-name", seeds: ["my-app", "a1_b", "Swift", "1a", "web-io"], words: ["-", "_", "app"]
  ) { input in
    guard let name = try? ProjectName(input.text) else { return "none" }
    let module = Array(name.module.utf8)
    try require(
      module.allSatisfy { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 } && module[0] &- 0x30 >= 10, "the module \(name.module)")
    return name.module.count > 12 ? "long" : name.module
  }

  private static let row = FuzzTarget(
    "terminal-row", seeds: ["saved\nsaved\nbuilt", "\u{1b}[31mred\u{1b}[0m\n漢字"], words: ["\n", "\u{1b}[", "m", "漢"]
  ) { input in
    var row = TerminalRow()
    for (index, line) in input.text.split(separator: "\n").enumerated() {
      let kind = index % 3 == 0 ? nil : "kind"
      let written = row.add(String(line), kind: kind, columns: index % 5 == 0 ? nil : 20) { $0 }
      try require(Array(written.utf8).firstRange(of: Array(line.utf8)) != nil && written.utf8.last == 10, "a line is lost")
      _ = row.amend(String(line), kind: "kind", columns: 20) { $0 }
      _ = row.progress(String(line)) { $0 }
    }
    return "\(TerminalRow.width(of: input.text) % 50)"
  }

  private static let keys = FuzzTarget("keys", seeds: ["r", " R ", "q\n", "x"], words: ["\n", " "]) { input in
    "\(DevKey(typed: input.text).map { "\($0)" } ?? "none")"
  }

  private static let code = FuzzTarget("qr-code", weight: 40, seeds: ["https://example.com", ""], words: ["https://"]) {
    input in
    let bytes = Array(input.bytes.prefix(600))
    guard let code = QRCode(bytes) else {
      try require(bytes.count > 520, "\(bytes.count) bytes are too many")
      return "none"
    }
    try require(
      bytes.count <= 520 && code.size == 17 + 4 * code.version && code[3, 3] && !code[7, 7], "a square of \(code.size)")
    return "\(code.version) \(code.mask)"
  }
}

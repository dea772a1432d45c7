import Foundation
import TestSupport
import WebIOHTTP

@testable import WebIODev

/// What compilers, apps and files tell `webio dev`.
extension FuzzTarget {
  static let dev: [FuzzTarget] = [
    diagnostics, crash, splitter, shellWords, literals, progress, log, saved, transcript, manifest, plan, metrics, descriptions,
    ready,
  ]

  private static let package = "/srv/jürgen/app"

  private static let diagnostics = FuzzTarget(
    "diagnostics",
    seeds: [
      "\(package)/Sources/main.swift:3:7: error: cannot find 'x' in scope [#Group]\n3 |   x\n  |   `- error: cannot find\n/usr/include/a.h:1: note: here",
      "ld.lld: error: undefined symbol: foo\n>>> referenced by main.swift:3 (\(package)/main.swift:3)\n", "error: fatalError",
      "'app': error: 'app': unknown package 'b'\n",
      "main.o:(.text+0x1): undefined reference to 'foo'", "warning: x\nnote: y\nerror: z",
    ],
    words: [
      "error: ", ": warning: ", ": note: ", "\(package)/", ":3", ":99999999:1", ">>> referenced by ", " (", ")", "[#", "]",
      "undefined reference to ", "'",
    ]
  ) { input in
    let lines = input.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let found = DiagnosticsParser.parse(lines, package: package, renamed: ["/cache/main.swift": "\(package)/main.swift"])
    for diagnostic in found {
      if let line = diagnostic.line { try require(line > 0 && diagnostic.file != nil, "a line without a file") }
      if let file = diagnostic.file {
        try require(!file.hasPrefix(package + "/") || file.hasPrefix(package + "/.build/"), "\(file) is not relative")
      }
    }
    let severities = found.filter { $0.severity != .note }.map(\.severity)
    try require(severities.sorted() == severities, "a warning before an error")
    // The source of a diagnostic's place may be anything too.
    _ = CodeFrame.draw(input.bytes, line: 1 + input.bytes.count % 7, column: input.bytes.count % 90)
    return "\(found.prefix(5).map { "\($0.severity) \($0.file?.count ?? -1) \($0.line ?? -1)" })"
  }

  private static let crash = FuzzTarget(
    "crash-report",
    seeds: [
      "main/main.swift:3: Fatal error: Index out of range\n\n*** Program crashed: System trap at 0x1 ***\n\nThread 0 crashed:\n\n0 [ra] 0x0000 pick(_:_:) + 58 in bt at \(package)/Sources/main.swift:3:15\n1 0x01 main + 1 in a at \(package)/x.swift:9\n\nBacktrace took 0.1s",
      "Thread 2 \"x\" crashed:\n0 0x1 f + 1 in a at /usr/lib/x:1:2\nThread 3:\n*** Program crashed: Bad pointer dereference ***",
    ],
    words: [
      "Fatal error: ", " crashed:", "Thread ", " 0x", " at /", " + ", "\n0 ", ":3:15", "*** Program crashed: ", " in ", package,
      "Precondition failed",
    ]
  ) { input in
    let lines = input.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard let report = CrashReport(lines, package: package) else { return "none" }
    try require(!report.diagnostics.isEmpty, "a crash without a diagnostic")
    for diagnostic in report.diagnostics {
      if let file = diagnostic.file { try require(lines.contains { $0.contains("\(package)/\(file)") }, "\(file) is nowhere") }
    }
    if let original = lines.first(where: { $0.hasSuffix("\(package)/Sources/main.swift:3:15") }),
      let frame = CrashReport.frame(original)
    {
      try require(
        frame.file.hasSuffix("\(package)/Sources/main.swift") && frame.line == 3 && frame.column == 15, "the place is \(frame)")
    }
    return "\(report.diagnostics.map { "\($0.file ?? "") \($0.line ?? 0)" }) \(report.message.count % 20)"
  }

  private static let splitter = FuzzTarget(
    "lines", weight: 4, seeds: ["a\r\nb\n\nlonger than the limit\nend"], words: ["\n", "\r\n", "\r", "ü"]
  ) { input in
    let log = try input.sameForAllCuts { pieces in
      var splitter = LineSplitter(limit: 10)
      let lines = pieces.flatMap { piece in piece.withCopiedBytes { splitter.receive($0) } }
      return "\(lines + [splitter.finish()].compactMap { $0 })"
    }
    return "\(log.count / 4)"
  }

  private static let shellWords = FuzzTarget(
    "shell-words", weight: 2, seeds: ["a 'b c' \"d \\\" e\" f\\ g", "''", "\\"], words: ["'", "\"", "\\", " ", "\\\""]
  ) { input in
    // Quoted for a shell, they come back.
    let parts = input.text.utf8.split(separator: UInt8(ascii: " ")).map(Array.init)
    let quoted = parts.map { part in
      Array("'".utf8) + part.flatMap { $0 == UInt8(ascii: "'") ? Array("'\\''".utf8) : [$0] } + Array("'".utf8)
    }
    let words = ShellWords.split(String(decoding: Array(quoted.joined(separator: [0x20])), as: UTF8.self))
    try require(words?.map { Array($0.utf8) } == parts, "\(input.text) quoted is \(words ?? [])")
    return "\(ShellWords.split(input.text)?.map(\.utf8.count) ?? [-1])"
  }

  private static let source = """
    import WebIO
    /* a /* nested */ comment */
    putText("Hello, \\(name.map { "<\\($0)>" } ?? "you")!\\n\\u{e9}")
    let a = #"raw \\#(x) "quoted""# // comment "
    let b = \"\"\"
      one \\
      two \\(1 + (2))
      \"\"\"
    """

  private static let literals = FuzzTarget(
    "swift-literals", weight: 2, seeds: [source, "\"\"", "\"\\(\"\\(1)\")\"", "#\"\"#"],
    words: ["\"", "\"\"\"", "\\(", ")", "#", "/*", "*/", "//", "\\u{41}", "\\\n", "\n  ", "\"\\(\""]
  ) { input in
    let literals = SwiftLiterals(input.bytes)
    try require(
      (LiteralDiff.changes(from: input.bytes, to: input.bytes) == nil) == (literals == nil), "read once, and not twice")
    if literals != nil {
      try require(LiteralDiff.changes(from: input.bytes, to: input.bytes)?.isEmpty == true, "a source differs from itself")
    }
    return "\(literals?.pieces.count ?? -1)"
  }

  private static let progress = FuzzTarget(
    "build-progress", seeds: ["[12/48] Compiling App main.swift", "[1/1] x"], words: ["[", "/", "] "]
  ) { input in
    guard let progress = BuildProgress(input.text) else { return "none" }
    return "\(progress.step) \(progress.total)"
  }

  private static let entries =
    #"[{"kind":"answer","task":"m","question":{"label":"Name?","fields":[{"name":"p","type":"password"}]},"data":{"p":"secret","q":1}},{"kind":"click","widget":"b"},{"kind":"reply"}]"#

  private static let log = FuzzTarget(
    "session-log", seeds: [entries, "[]", "[1]"],
    words: ["\"kind\":\"answer\"", "\"question\":{", "\"label\":\"x\"", "\"fields\":[", "\"password\"", "null", "{}", "[]"]
  ) { input in
    guard let values = (try? JSONParser.parse(input.bytes))?.array else { return "none" }
    var log = SessionLog()
    for value in values { log.append(value) }
    log.replace(
      log.entries, position: Int(truncatingIfNeeded: Int(bitPattern: UInt(input.bytes.count) &* 0x9e37_79b9_7f4a_7c15)))
    _ = (log.place, log.labels.count)
    log.reached = values.count
    _ = log.place
    try require(log.withoutSecrets.count == values.count, "an entry is lost with its secret")
    var taken = 0
    while log.takeBack() { taken += 1 }
    try require(taken <= values.count, "more is taken back than there was")
    return "\(values.count % 10) \(taken % 10)"
  }

  private static let directory = Result { try TemporaryDirectory("fuzz-dev") }

  private static let saved = FuzzTarget(
    "saved-session", weight: 4,
    seeds: [#"{"webio-session":1,"app":"index","entries":\#(entries),"transcript":["output {}"]}"#, #"{"webio-session":2}"#],
    words: ["\"webio-session\":1", "\"app\":null", "\"entries\":[", "\"transcript\":[", "\"\\u2028\"", "{}"]
  ) { input in
    let path = try directory.get().file("session.json")
    try writeFile(path, input.bytes)
    guard let session = try? SavedSession(path: path) else { return "none" }
    try writeFile(path, Array(session.text.utf8))
    let again = try SavedSession(path: path)
    try require(again == session, "written and read it is another session")
    return "\(session.app == nil) \(session.entries.count % 10) \(session.transcript.lines.count % 10)"
  }

  private static let transcript = FuzzTarget(
    "transcript", weight: 2, seeds: ["a\nb\nc\u{1}a\nc\nd", "x\u{1}"], words: ["\n", "\u{1}", "a\n", "b\n"]
  ) { input in
    let parts = input.text.split(separator: "\u{1}", maxSplits: 1, omittingEmptySubsequences: false)
      .map { Array($0.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).prefix(200)) }
    let (old, new) = (parts[0], parts.count > 1 ? parts[1] : [])
    let differences = Transcript(lines: new).differences(from: Transcript(lines: old))
    var rest = old
    var isFound = true
    for case .gone(let line) in differences {
      if let index = rest.firstIndex(of: line) { rest.remove(at: index) } else { isFound = false }
    }
    for case .new(let line) in differences { rest.append(line) }
    try require(isFound && rest.sorted() == new.sorted(), "old, changed by \(differences), is not new")
    try require(old != new || differences.isEmpty, "the same differs")
    return "\(differences.count)"
  }

  private static let manifest = FuzzTarget(
    "package-manifest",
    seeds: [
      #"{"name":"App","targets":[{"name":"App","type":"executable","path":".","resources":[{"path":"R"}],"dependencies":[{"product":["WebIO","WebIO",null]},{"byName":["App",null]}]}],"products":[{"name":"App","type":{"executable":null},"targets":["App"]}],"dependencies":[{"fileSystem":[{"path":"/w"}]}]}"#
    ],
    words: [
      "\"targets\":[", "\"dependencies\":[", "\"byName\":[\"App\",null]", "\"type\":{\"executable\":null}", "null", "{}", "[]",
      "\"App\"",
    ]
  ) { input in
    guard let json = try? JSONParser.parse(input.bytes), let manifest = ProjectManifest(json) else { return "none" }
    let uses = manifest.executables.map { manifest.usesWebIO($0) }
    _ = manifest.targets.map { manifest.directory(of: $0, in: "/nowhere") }
    return "\(manifest.targets.count % 10) \(uses.prefix(4)) \(manifest.shapes.count) \(manifest.localDependencies.count)"
  }

  private static let plan = FuzzTarget(
    "build-plan", weight: 4,
    seeds: [
      """
      commands:
        "C.App-x86_64-unknown-linux-gnu-debug.exe":
          tool: shell
          args: ["swiftc","-module-name","App","-o","App"]
        "C.App-x86_64-unknown-linux-gnu-debug.module":
          tool: shell
          args: ["swiftc","-module-name","App","-c","@DIRECTORY/sources","-incremental"]
        "copy":
          tool: copy-tool
          inputs: ["/a/R/"]
          outputs: ["/b/R/"]
      """
    ],
    words: [
      "    args: ", "    tool: copy-tool", "    inputs: [", "    outputs: [", "-debug.exe\":", "  \"C.App-", "\"-module-name\"",
      "\n", "\"-c\"",
    ]
  ) { input in
    let path = try directory.get().file("plan")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try writeFile("\(path)/sources", Array("/a/main.swift\n'/a/b c.swift'\n".utf8))
    try writeFile("\(path)/debug.yaml", input.bytes.replacing(Array("DIRECTORY".utf8), with: Array(path.utf8)))
    guard let plan = PlannedCommands(path, product: "App") else { return "none" }
    return
      "\(plan.sources.count) \(plan.compile.count) \(plan.link.count) \(plan.copies.count) \(plan.incrementalCompile?.count ?? -1)"
  }

  private static let metrics = FuzzTarget(
    "metrics-merge", weight: 2, seeds: ["# HELP a b c\n# TYPE a counter\na 1\na{x=\"y\"} 2\n# HELP b d\nb 3\n", "c 1\n"],
    words: ["# HELP a x\n", "# TYPE a gauge\n", "a{", "} 1", "\n", "a 1\n"]
  ) { input in
    var merge = MetricsMerge()
    for label in ["/bmi", "/tools"] { merge.add(input.text, label: ("app", label)) }
    let lines = merge.text.split(separator: "\n")
    for line in lines where !line.hasPrefix("# ") { try require(line.contains("app=\""), "a sample without its app: \(line)") }
    return "\(lines.count)"
  }

  private static let descriptions = FuzzTarget(
    "app-descriptions",
    seeds: [
      "/// Says hello.\n///\n/// More.\n@Sendable func hello() {}\ntry await startServer([\"greet\": hello])\nApplication(\"x\", hello)",
      "/// Top.\nawait startServer(hello)",
    ],
    words: ["/// ", "func ", "startServer(", "\": ", "Application(\"", "\n", "@", "\""]
  ) { input in
    let descriptions = AppDescriptions([input.text, source])
    if let json = descriptions.json { _ = try JSONParser.parse(Array(json.utf8)) }
    for text in descriptions.texts.values { try require(text.count <= 300, "a description of \(text.count) characters") }
    return "\(descriptions.texts.count) \(descriptions.texts.keys.sorted().prefix(4).joined().count)"
  }

  /// A console's lines as a developer's terminal and page get them.
  private static let ready = FuzzTarget("output-tail", seeds: ["a\nb", "ready\n", "ready 8080\n"], words: ["\n", "ready "]) {
    input in
    var tail = Tail(limit: 3)
    let lines = input.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    for line in lines { tail.append(line) }
    try require(tail.lines == lines.suffix(3), "not the last ones")
    return "\(min(lines.count, 20))"
  }
}

/// For parsers that take a path.
func writeFile(_ path: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

import WebIOPosix

/// Reads diagnostics out of what `swift build`, `swiftc` and clang print: the lines `FILE:LINE:COLUMN: SEVERITY: TEXT`.
///
/// The frames below them are the compiler's and skipped; ours are drawn from the source, so that they are all alike.
struct DiagnosticsParser {
  /// Absolute, without a slash at the end.
  let package: String
  /// Where a path of the compiler's is something else for the developer: a single file's hidden package.
  var renamed: [String: String] = [:]
  private var found: [Diagnostic] = []
  private var seen: Set<Diagnostic> = []

  init(package: String, renamed: [String: String] = [:]) {
    self.package = package
    self.renamed = renamed
  }

  static func parse(_ log: [String], package: String, renamed: [String: String] = [:]) -> [Diagnostic] {
    var parser = DiagnosticsParser(package: package, renamed: renamed)
    for line in log { parser.receive(line) }
    return parser.finish()
  }

  mutating func receive(_ line: String) {
    if let place = Self.linkersPlace(line) { return complete(withPlace: place) }
    guard let diagnostic = Self.read(line), !Self.isEcho(diagnostic) else { return }
    if seen.insert(diagnostic).inserted { found.append(diagnostic) }
  }

  /// The linker names a symbol first and who uses it on the next line.
  private mutating func complete(withPlace place: (file: String, line: Int)) {
    guard var last = found.last, last.severity == .error, last.file == nil else { return }
    (last.file, last.line) = place
    found[found.count - 1] = last
  }

  /// Errors first, the project's own files before others', and each with its frame; notes stay with what they explain.
  func finish() -> [Diagnostic] {
    var groups: [[Diagnostic]] = []
    for diagnostic in found {
      if diagnostic.severity == .note, !groups.isEmpty {
        groups[groups.count - 1].append(diagnostic)
      } else {
        groups.append([diagnostic])
      }
    }
    let hasPlacedError = found.contains { $0.severity == .error && $0.file != nil }
    let ranked = groups.enumerated().filter { _, group in
      // "fatalError", "emit-module command failed": they only say that there were errors.
      !(hasPlacedError && group[0].severity == .error && group[0].file == nil)
    }
    let ordered = ranked.sorted { left, right in
      let (first, second) = (rank(left.element[0]), rank(right.element[0]))
      return first == second ? left.offset < right.offset : first < second
    }
    var sources: [String: [UInt8]] = [:]
    return ordered.flatMap(\.element).map { complete($0, &sources) }
  }

  private func rank(_ diagnostic: Diagnostic) -> Int {
    let isOurs = diagnostic.file.map { isInPackage(renamed[$0] ?? $0) || renamed[$0] != nil } ?? false
    return (diagnostic.severity == .error ? 0 : 2) + (isOurs ? 0 : 1)
  }

  private func isInPackage(_ path: String) -> Bool {
    path.hasPrefix(package + "/") && !path.hasPrefix(package + "/.build/")
  }

  private func complete(_ diagnostic: Diagnostic, _ sources: inout [String: [UInt8]]) -> Diagnostic {
    guard let file = diagnostic.file else { return diagnostic }
    var diagnostic = diagnostic
    let source = sources[file] ?? (try? Files.read(file, limit: 4 << 20)) ?? []
    sources[file] = source
    if let line = diagnostic.line {
      diagnostic.frame = CodeFrame.draw(source, line: line, column: diagnostic.column)
    }
    let shown = renamed[file] ?? file
    diagnostic.file = isInPackage(shown) ? String(shown.dropFirst(package.count + 1)) : shown
    return diagnostic
  }

  /// SwiftPM's own summaries of what was said before.
  private static func isEcho(_ diagnostic: Diagnostic) -> Bool {
    let starts = [
      "fatalError", "emit-module command failed", "compile command failed", "link command failed",
      "linker command failed", "ExitCode(rawValue",
    ]
    return diagnostic.file == nil && starts.contains(where: diagnostic.message.hasPrefix)
  }

  // MARK: One line

  static func read(_ line: String) -> Diagnostic? {
    let bytes = Array(line.utf8)
    // A frame's line starts with a number or a bar, or is indented.
    guard let first = bytes.first, first != UInt8(ascii: " "), first != UInt8(ascii: "|") else { return nil }
    guard let (severity, start, end) = firstMark(in: bytes) else { return undefinedSymbol(bytes) }
    let message = text(withoutGroup(bytes[end...]))
    if start == 0 { return Diagnostic(severity: severity, message: withoutPackage(message)) }
    if let (file, line, column) = place(bytes[..<start]) {
      return Diagnostic(file: file, line: line, column: column, severity: severity, message: message)
    }
    return isTool(bytes[..<start]) ? Diagnostic(severity: severity, message: message) : nil
  }

  /// The leftmost `error: `, `warning: ` or `note: ` that starts the line or follows a colon.
  private static func firstMark(in bytes: [UInt8]) -> (Diagnostic.Severity, start: Int, end: Int)? {
    var first: (Diagnostic.Severity, start: Int, end: Int)?
    for severity in [Diagnostic.Severity.error, .warning, .note] {
      let mark = Array("\(severity.rawValue): ".utf8)
      if bytes.starts(with: mark) { return (severity, 0, mark.count) }
      if let start = position(of: Array(": ".utf8) + mark, in: bytes), start < first?.start ?? .max {
        first = (severity, start, start + 2 + mark.count)
      }
    }
    return first
  }

  /// Without the compiler's `[#Group]` at the end.
  private static func withoutGroup(_ message: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard message.last == UInt8(ascii: "]"), let open = message.lastIndex(of: UInt8(ascii: "[")),
      message[open...].dropFirst().first == UInt8(ascii: "#")
    else { return message }
    let end = message[..<open].lastIndex { $0 != UInt8(ascii: " ") }
    return end.map { message[...$0] } ?? message
  }

  /// SwiftPM names the package in front: `'app': unknown package …`.
  private static func withoutPackage(_ message: String) -> String {
    guard message.hasPrefix("'"), let end = message.utf8.firstIndex(of: UInt8(ascii: ":")) else { return message }
    let name = message[..<end]
    guard name.hasSuffix("'"), !name.utf8.contains(UInt8(ascii: " ")) else { return message }
    return String(message[message.utf8.index(after: end)...].drop { $0 == " " })
  }

  /// `>>> referenced by main.swift:3 (/path/to/main.swift:3)`
  private static func linkersPlace(_ line: String) -> (file: String, line: Int)? {
    let bytes = Array(line.utf8)
    guard bytes.starts(with: Array(">>> referenced by ".utf8)), bytes.last == UInt8(ascii: ")"),
      let open = bytes.lastIndex(of: UInt8(ascii: "("))
    else { return nil }
    return place(bytes[(open + 1)..<(bytes.count - 1)]).map { ($0.0, $0.1) }
  }

  /// `ld.lld: error: …`, `'app': error: …`.
  private static func isTool(_ name: ArraySlice<UInt8>) -> Bool {
    !name.contains(UInt8(ascii: " ")) && name.count < 64
  }

  /// The linkers' ways to say what is missing: `FILE:(SECTION): undefined reference to 'NAME'`.
  private static func undefinedSymbol(_ bytes: [UInt8]) -> Diagnostic? {
    guard let start = position(of: Array("undefined reference to ".utf8), in: bytes) else { return nil }
    return Diagnostic(severity: .error, message: text(bytes[start...]))
  }

  /// `FILE:LINE:COLUMN` or `FILE:LINE`, with an absolute path.
  private static func place(_ bytes: ArraySlice<UInt8>) -> (String, Int, Int?)? {
    guard bytes.first == UInt8(ascii: "/") else { return nil }
    var rest = bytes
    var numbers: [Int] = []
    while numbers.count < 2, let colon = rest.lastIndex(of: UInt8(ascii: ":")),
      let number = number(rest[(colon + 1)...])
    {
      numbers.insert(number, at: 0)
      rest = rest[..<colon]
    }
    guard let line = numbers.first, line > 0 else { return nil }
    return (String(decoding: rest, as: UTF8.self), line, numbers.count > 1 ? numbers[1] : nil)
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard !digits.isEmpty, digits.count < 9 else { return nil }
    var value = 0
    for digit in digits {
      guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
      value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value
  }

  private static func position(of part: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= part.count else { return nil }
    return (0...(bytes.count - part.count)).first { bytes[$0] == part[0] && bytes[$0...].starts(with: part) }
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}

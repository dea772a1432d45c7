import WebIOHTTP
import WebIOPosix

/// What the Swift runtime printed as an app crashed, reduced to what concerns its developer: the message, and the places
/// in the project's own files that led there, innermost first.
struct CrashReport {
  let message: String
  /// The first is the error, with the message; the others are notes.
  let diagnostics: [Diagnostic]

  private static let frameLimit = 12

  /// Nil when nothing in `log` tells of a crash. `package` and `renamed` as in `DiagnosticsParser`.
  init?(_ log: [String], package: String, renamed: [String: String] = [:]) {
    guard let message = Self.message(log) else { return nil }
    self.message = message
    var found: [Diagnostic] = []
    var sources: [String: [UInt8]] = [:]
    for line in Self.crashedThread(log) {
      guard found.count < Self.frameLimit, let frame = Self.frame(line) else { continue }
      let shown = renamed[frame.file] ?? frame.file
      let isInPackage = shown.hasPrefix(package + "/") && !shown.hasPrefix(package + "/.build/")
      guard isInPackage || renamed[frame.file] != nil else { continue }
      let source = sources[frame.file] ?? (try? Files.read(frame.file, limit: 4 << 20)) ?? []
      sources[frame.file] = source
      found.append(
        Diagnostic(
          file: isInPackage ? String(shown.dropFirst(package.count + 1)) : shown, line: frame.line,
          column: frame.column, severity: found.isEmpty ? .error : .note,
          message: found.isEmpty ? message : "called from \(frame.function)",
          frame: CodeFrame.draw(source, line: frame.line, column: frame.column)))
    }
    diagnostics = found.isEmpty ? [Diagnostic(severity: .error, message: message)] : found
  }

  /// `Fatal error: …` of the last such line; else what the backtracer says.
  private static func message(_ log: [String]) -> String? {
    let words = ["Fatal error", "Precondition failed", "Assertion failed"]
    for line in log.reversed() {
      let bytes = Array(line.utf8)
      for word in words {
        guard let range = bytes.firstRange(of: Array(word.utf8)) else { continue }
        let isStart = range.lowerBound == 0 || bytes[..<range.lowerBound].hasSuffix(": ")
        let isWhole = range.upperBound == bytes.count || bytes[range.upperBound] == UInt8(ascii: ":")
        if isStart, isWhole { return String(decoding: bytes[range.lowerBound...], as: UTF8.self) }
      }
    }
    let mark = "*** Program crashed: "
    guard let line = log.last(where: { $0.hasPrefix(mark) }) else { return nil }
    var text = line.utf8.dropFirst(mark.utf8.count)
    if text.suffix(4).elementsEqual(" ***".utf8) { text = text.dropLast(4) }
    return String(decoding: Array(text), as: UTF8.self)
  }

  private static func crashedThread(_ log: [String]) -> ArraySlice<String> {
    guard let start = log.lastIndex(where: { $0.hasPrefix("Thread ") && $0.hasSuffix(" crashed:") }) else { return [] }
    let rest = log[(start + 1)...]
    let end = rest.firstIndex { $0.hasPrefix("Thread ") || $0.hasPrefix("Backtrace took ") } ?? rest.endIndex
    return rest[..<end]
  }

  /// `  3 [ra]  0x0000… pick(_:_:) + 58 in bt at /path/main.swift:3:15`
  static func frame(_ line: String) -> (function: String, file: String, line: Int, column: Int?)? {
    let bytes = Array(line.utf8)
    guard let start = bytes.firstIndex(where: { $0 != UInt8(ascii: " ") }), ASCII.isDigit(bytes[start]),
      let address = bytes.firstRange(of: Array(" 0x".utf8)),
      let name = bytes[address.upperBound...].firstIndex(of: UInt8(ascii: " ")),
      let place = bytes.lastRange(of: Array(" at /".utf8)), name < place.lowerBound,
      let offset = bytes[name..<place.lowerBound].lastRange(of: Array(" + ".utf8))
    else { return nil }
    var rest = bytes[(place.upperBound - 1)...]
    var numbers: [Int] = []
    while numbers.count < 2, let colon = rest.lastIndex(of: UInt8(ascii: ":")),
      let number = ASCII.decimal(String(decoding: rest[(colon + 1)...], as: UTF8.self))
    {
      numbers.insert(number, at: 0)
      rest = rest[..<colon]
    }
    guard let number = numbers.first, number > 0 else { return nil }
    let function = String(decoding: bytes[(name + 1)..<max(name + 1, offset.lowerBound)], as: UTF8.self)
    return (function, String(decoding: rest, as: UTF8.self), number, numbers.count > 1 ? numbers[1] : nil)
  }
}

extension ArraySlice<UInt8> {
  fileprivate func hasSuffix(_ text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}

extension Collection where Element == UInt8, Index == Int {
  /// The last place of `part`.
  fileprivate func lastRange(of part: [UInt8]) -> Range<Int>? {
    guard count >= part.count else { return nil }
    var start = endIndex - part.count
    while start >= startIndex {
      if self[start..<(start + part.count)].elementsEqual(part) { return start..<(start + part.count) }
      start -= 1
    }
    return nil
  }
}

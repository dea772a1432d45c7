import WebIOPosix

/// What the compiler has to say about a place in the source.
package struct Diagnostic: Sendable, Hashable {
  package enum Severity: String, Sendable, Comparable {
    case error, warning, note

    package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
    private var rank: Int { self == .error ? 0 : self == .warning ? 1 : 2 }
  }

  /// As the developer knows it: relative to the package where it lies in it. Nil when there is no place.
  package var file: String?
  /// From 1.
  package var line: Int?
  /// From 1, in UTF-8 bytes, as the compiler counts.
  package var column: Int?
  package var severity: Severity
  package var message: String
  /// The source around the place with a caret below it, lines as `12 |     code`.
  package var frame: String?

  package init(
    file: String? = nil, line: Int? = nil, column: Int? = nil, severity: Severity, message: String,
    frame: String? = nil
  ) {
    self.file = file
    self.line = line
    self.column = column
    self.severity = severity
    self.message = message
    self.frame = frame
  }

  /// `Sources/main.swift:3:7`, as far as it is known.
  package var place: String? {
    guard let file else { return nil }
    return ([file] + [line, column].compactMap { $0.map(String.init) }).joined(separator: ":")
  }
}

/// Draws the source around a place.
enum CodeFrame {
  private static let context = 2

  /// Nil when the line is not there.
  static func draw(_ source: [UInt8], line: Int, column: Int?) -> String? {
    let lines = source.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard line >= 1, line <= lines.count else { return nil }
    let first = max(1, line - context)
    let last = min(lines.count, line + context)
    let width = String(last).utf8.count
    var frame: [String] = []
    for number in first...last {
      let text = String(decoding: lines[number - 1].filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
      if number == last, number > line, text.isEmpty { continue }
      frame.append("\(pad(String(number), width)) | \(text)")
      if number == line, let column {
        frame.append("\(pad("", width)) | \(indent(before: column, in: lines[number - 1]))^")
      }
    }
    return frame.joined(separator: "\n")
  }

  /// What stands before the column, as blanks: tabs stay tabs, and a character is one blank however many bytes it has.
  private static func indent(before column: Int, in line: ArraySlice<UInt8>) -> String {
    let text = String(decoding: line.prefix(max(0, column - 1)), as: UTF8.self)
    return String(text.map { $0 == "\t" ? "\t" : " " })
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: width - text.utf8.count) + text
  }
}

/// What the last row of a terminal shows, so that events of one kind that follow each other take one row.
///
/// It gives what to write and writes nothing itself. See console_codes(4).
struct TerminalRow {
  private var last: (kind: String, count: Int, fits: Bool)?
  private var hasProgress = false

  /// A line of text. `columns` is the terminal's width, nil where there is no terminal: then each line stays.
  mutating func add(_ text: String, kind: String?, columns: Int?, style: (String) -> String) -> String {
    guard let columns else { return text + "\n" }
    let before = endProgress()
    guard let kind else {
      last = nil
      return "\(before)\(text)\n"
    }
    if let last, last.kind == kind, last.fits {
      let whole = "\(text)  \(style("×\(last.count + 1)"))"
      self.last = (kind, last.count + 1, Self.width(of: whole) < columns)
      return "\(before)\(Self.up)\(whole)\n"
    }
    last = (kind, 1, Self.width(of: text) < columns)
    return "\(before)\(text)\n"
  }

  /// The last line's text exchanged, its count kept. Nil when the last line is of another kind, or has more than one row.
  mutating func amend(_ text: String, kind: String, columns: Int?, style: (String) -> String) -> String? {
    guard let columns, let last, last.kind == kind, last.fits else { return nil }
    let whole = last.count > 1 ? "\(text)  \(style("×\(last.count)"))" : text
    self.last?.fits = Self.width(of: whole) < columns
    return "\(endProgress())\(Self.up)\(whole)\n"
  }

  /// The row below the last line, to be overwritten. `text` has been cut to the terminal's width.
  mutating func progress(_ text: String, style: (String) -> String) -> String {
    hasProgress = true
    return "\r\u{1B}[K\(style(text))"
  }

  mutating func endProgress() -> String {
    guard hasProgress else { return "" }
    hasProgress = false
    return "\r\u{1B}[K"
  }

  /// The cursor is no longer below the last line.
  mutating func interrupted() {
    last = nil
    hasProgress = false
  }

  private static let up = "\u{1B}[1A\r\u{1B}[K"

  /// In columns, without colours. A character counts as one: what is shown here is mostly Latin, and an error means a
  /// line more, not a wrong one.
  static func width(of text: String) -> Int {
    var width = 0
    var isEscape = false
    for character in text {
      if character == "\u{1B}" {
        isEscape = true
      } else if isEscape {
        if character == "m" { isEscape = false }
      } else {
        width += character.unicodeScalars.first.map { $0.value >= 0x1100 } == true && !isNarrow(character) ? 2 : 1
      }
    }
    return width
  }

  /// Punctuation, arrows, boxes and blocks are one column wide; from there on, letters of East Asia and pictures are two.
  private static func isNarrow(_ character: Character) -> Bool {
    character.unicodeScalars.first.map { (0x2000..<0x2E80).contains($0.value) } ?? true
  }
}

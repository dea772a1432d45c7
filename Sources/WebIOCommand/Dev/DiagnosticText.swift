import WebIODev

/// A diagnostic on the terminal: place, severity and message, and below them the source with the place marked.
struct DiagnosticText {
  let console: Console

  func show(_ diagnostic: Diagnostic) {
    let place = diagnostic.place.map { "\(console.styled($0, .bold)): " } ?? ""
    let severity = console.styled("\(diagnostic.severity.rawValue):", color(diagnostic.severity))
    console.note("\n\(place)\(severity) \(diagnostic.message)")
    if let frame = diagnostic.frame { console.note(colored(frame, color(diagnostic.severity))) }
  }

  /// One line each and no source, for what does not stop the build; the rest is counted.
  func showShortly(_ diagnostics: [Diagnostic], limit: Int = 3) {
    for diagnostic in diagnostics.prefix(limit) {
      let place = diagnostic.place.map { "\($0): " } ?? ""
      console.note("  \(console.styled("\(diagnostic.severity.rawValue):", .yellow)) \(place)\(diagnostic.message)")
    }
    let more = diagnostics.count - limit
    if more > 0 {
      console.note(console.styled("  and \(more) more \(more == 1 ? "warning" : "warnings")", .dim))
    }
  }

  private func color(_ severity: Diagnostic.Severity) -> Console.Style {
    switch severity {
    case .error: .red
    case .warning: .yellow
    case .note: .dim
    }
  }

  /// The gutter steps back; the caret has the severity's colour.
  private func colored(_ frame: String, _ color: Console.Style) -> String {
    let bar = UInt8(ascii: "|")
    return frame.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let bytes = Array(line.utf8)
      guard console.usesColor, let end = bytes.firstIndex(of: bar) else { return String(line) }
      let gutter = String(decoding: bytes[...end], as: UTF8.self)
      let text = String(decoding: bytes[(end + 1)...], as: UTF8.self)
      let isPointer = !bytes[..<end].contains { $0 != UInt8(ascii: " ") }
      return console.styled(gutter, .dim) + (isPointer ? console.styled(text, color) : text)
    }.joined(separator: "\n")
  }
}

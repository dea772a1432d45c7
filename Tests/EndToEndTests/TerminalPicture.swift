import Foundation

/// What a terminal shows after a program wrote to it, as a page: enough of the control sequences for what `webio` writes.
enum TerminalPicture {
  /// What each row shows in the end, without colours.
  static func rows(_ written: String) -> [String] {
    lines(written).map { $0.replacing(/\u{1B}\[[0-9;]*m/, with: "") }
  }

  /// Up one row means that its text is replaced.
  private static func lines(_ written: String) -> [String] {
    var lines: [String] = []
    for line in written.replacingOccurrences(of: "\r\n", with: "\n").components(separatedBy: "\n") {
      let pieces = line.components(separatedBy: "\u{1B}[1A")
      for _ in pieces.dropFirst() where !lines.isEmpty { lines.removeLast() }
      lines.append(lastState(pieces.last ?? ""))
    }
    return lines
  }

  static func page(_ written: String) -> String {
    let lines = lines(written)
    return """
      <!doctype html><meta charset="utf-8"><style>
      body { margin: 0; padding: 24px; background: #16181d; color: #d7dae0; font: 15px/1.5 "Liberation Mono", monospace; }
      pre { margin: 0; font: inherit; white-space: pre-wrap; }
      .c1 { font-weight: bold; color: #fff } .c2 { opacity: .65 } .c31 { color: #ff7b72 } .c32 { color: #7ee787 }
      .c33 { color: #e3b341 } .c34 { color: #79c0ff } .c36 { color: #76e3ea }
      </style><pre>\(lines.map(colored).joined(separator: "\n"))</pre>
      """
  }

  /// A carriage return begins the line again.
  private static func lastState(_ line: String) -> String {
    let states = line.components(separatedBy: "\r").filter { !$0.isEmpty }
    return (states.last ?? "").replacingOccurrences(of: "\u{1B}[K", with: "")
  }

  private static func colored(_ line: String) -> String {
    var result = ""
    var open = 0
    for (index, piece) in line.components(separatedBy: "\u{1B}[").enumerated() {
      var text = piece[...]
      if index > 0, let end = piece.firstIndex(of: "m") {
        text = piece[piece.index(after: end)...]
        let code = piece[..<end]
        if code == "0" || code.isEmpty {
          result += String(repeating: "</span>", count: open)
          open = 0
        } else {
          result += "<span class=\"\(code.split(separator: ";").map { "c\($0)" }.joined(separator: " "))\">"
          open += 1
        }
      }
      result += text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    }
    return result + String(repeating: "</span>", count: open)
  }
}

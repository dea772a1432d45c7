/// Makes text from the network fit for a terminal and for parsers. See RFC 4252 section 5.4.
enum TerminalText {
  private static let escape: UInt8 = 0x1b
  private enum EscapeState { case text, escape, control, string, stringEscape }

  /// Drops escape sequences and control characters, turns what is not UTF-8 into U+FFFD, and cuts to `limit` bytes.
  ///
  /// C1 controls (U+0080 to U+009F) and the marks that turn the direction of writing are dropped as well: both can
  /// make a terminal show something else than what was sent.
  static func clean(_ bytes: some Sequence<UInt8>, limit: Int = 400) -> String {
    let text = String(decoding: withoutEscapes(bytes, limit: limit * 4), as: UTF8.self)
    var cleaned = String.UnicodeScalarView()
    var count = 0
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x09: cleaned.append(" ")
      case 0..<0x20, 0x7f..<0xa0, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff: continue
      default: cleaned.append(scalar)
      }
      count += 1
      if count == limit { break }
    }
    while cleaned.last == " " { cleaned.removeLast() }
    return String(cleaned)
  }

  /// Without ECMA-48 sequences: CSI up to its final byte, OSC and its kin up to BEL or ST, others by two bytes.
  static func withoutEscapes(_ bytes: some Sequence<UInt8>, limit: Int = .max) -> [UInt8] {
    var state = EscapeState.text
    var kept: [UInt8] = []
    for byte in bytes {
      switch state {
      case .text:
        if byte == escape {
          state = .escape
        } else {
          kept.append(byte)
          if kept.count == limit { return kept }
        }
      case .escape:
        switch byte {
        case UInt8(ascii: "["): state = .control
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "^"), UInt8(ascii: "_"):
          state = .string
        case 0x20...0x2f: state = .escape
        default: state = .text
        }
      case .control: if (0x40...0x7e).contains(byte) || byte < 0x20 { state = .text }
      case .string:
        if byte == 0x07 { state = .text } else if byte == escape { state = .stringEscape }
      case .stringEscape: state = byte == UInt8(ascii: "\\") ? .text : .string
      }
    }
    return kept
  }
}

/// A Swift source cut into its string literals and what stands between them. It need not understand Swift: when it is in
/// doubt it gives up, and then there is no preview.
struct SwiftLiterals: Sendable, Equatable {
  enum Piece: Sendable, Equatable {
    /// Everything but comments and the text of literals, with the code of their interpolations.
    case code([UInt8])
    /// The text between the interpolations of a literal: one segment more than there are interpolations.
    case literal([String])
  }

  private(set) var pieces: [Piece] = []
  private var scanner: Scanner

  /// Nil for what does not end where it should.
  init?(_ source: [UInt8]) {
    scanner = Scanner(source)
    guard scanner.code(until: nil) else { return nil }
    pieces = scanner.pieces
  }

  static func == (left: Self, right: Self) -> Bool { left.pieces == right.pieces }
}

private struct Scanner {
  let source: [UInt8]
  var index = 0
  var pieces: [SwiftLiterals.Piece] = []
  private var code: [UInt8] = []

  init(_ source: [UInt8]) { self.source = source }

  private func peek(_ offset: Int = 0) -> UInt8? {
    source.indices.contains(index + offset) ? source[index + offset] : nil
  }

  private func has(_ text: StaticString, at offset: Int = 0) -> Bool {
    let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    guard index + offset + wanted.count <= source.count else { return false }
    return source[(index + offset)..<(index + offset + wanted.count)].elementsEqual(wanted)
  }

  /// Reads up to the closing parenthesis of an interpolation, or to the end of the file.
  mutating func code(until end: UInt8?) -> Bool {
    var depth = 0
    while let byte = peek() {
      if has("//") {
        while let byte = peek(), byte != UInt8(ascii: "\n") { index += 1 }
      } else if has("/*") {
        guard comment() else { return false }
      } else if byte == UInt8(ascii: "\"") || isRawStart {
        guard literal() else { return false }
      } else {
        if end != nil {
          if byte == UInt8(ascii: "(") { depth += 1 }
          if byte == UInt8(ascii: ")") {
            if depth == 0 {
              flush()
              return true
            }
            depth -= 1
          }
        }
        code.append(byte)
        index += 1
      }
    }
    flush()
    return end == nil
  }

  private mutating func flush() {
    pieces.append(.code(code))
    code = []
  }

  private mutating func comment() -> Bool {
    var depth = 0
    while index < source.count {
      if has("/*") {
        depth += 1
        index += 2
      } else if has("*/") {
        depth -= 1
        index += 2
        if depth == 0 { return true }
      } else {
        index += 1
      }
    }
    return false
  }

  private var isRawStart: Bool {
    var offset = 0
    while peek(offset) == UInt8(ascii: "#") { offset += 1 }
    return offset > 0 && peek(offset) == UInt8(ascii: "\"")
  }

  private mutating func literal() -> Bool {
    flush()
    var pounds = 0
    while peek() == UInt8(ascii: "#") {
      pounds += 1
      index += 1
    }
    let isMultiline = has("\"\"\"")
    index += isMultiline ? 3 : 1
    // Its own interpolations become pieces of their own, behind it.
    let place = pieces.count
    pieces.append(.literal([]))
    var segments: [[UInt8]] = [[]]
    while let byte = peek() {
      if closes(isMultiline, pounds) {
        index += (isMultiline ? 3 : 1) + pounds
        guard let text = isMultiline ? Self.unindented(segments) : segments else { return false }
        pieces[place] = .literal(text.map { String(decoding: $0, as: UTF8.self) })
        return true
      }
      if byte == UInt8(ascii: "\n"), !isMultiline { return false }
      if byte == UInt8(ascii: "\\"), (0..<pounds).allSatisfy({ peek(1 + $0) == UInt8(ascii: "#") }) {
        index += 1 + pounds
        guard escape(&segments) else { return false }
      } else {
        segments[segments.count - 1].append(byte)
        index += 1
      }
    }
    return false
  }

  private func closes(_ isMultiline: Bool, _ pounds: Int) -> Bool {
    guard isMultiline ? has("\"\"\"") : peek() == UInt8(ascii: "\"") else { return false }
    return (0..<pounds).allSatisfy { peek((isMultiline ? 3 : 1) + $0) == UInt8(ascii: "#") }
  }

  /// Behind the backslash.
  private mutating func escape(_ segments: inout [[UInt8]]) -> Bool {
    guard let byte = peek() else { return false }
    index += 1
    var text: [UInt8]
    switch byte {
    case UInt8(ascii: "("):
      guard code(until: UInt8(ascii: ")")) else { return false }
      index += 1
      segments.append([])
      return true
    case UInt8(ascii: "n"): text = [10]
    case UInt8(ascii: "r"): text = [13]
    case UInt8(ascii: "t"): text = [9]
    case UInt8(ascii: "0"): text = [0]
    case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"): text = [byte]
    case UInt8(ascii: "u"):
      guard let scalar = scalar() else { return false }
      text = Array(String(Character(scalar)).utf8)
    // A line that goes on in the next one.
    case UInt8(ascii: "\n"): text = [Self.continuation]
    default: return false
    }
    segments[segments.count - 1] += text
    text = []
    return true
  }

  private mutating func scalar() -> Unicode.Scalar? {
    guard peek() == UInt8(ascii: "{") else { return nil }
    index += 1
    var value: UInt32 = 0
    while let byte = peek(), byte != UInt8(ascii: "}") {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, value < 0x1_0000_00 else { return nil }
      value = value * 16 + UInt32(digit)
      index += 1
    }
    index += 1
    return Unicode.Scalar(value)
  }

  /// No text has this byte.
  private static let continuation: UInt8 = 0xFF

  /// Takes the closing delimiter's indentation from each line, and the line ends next to the delimiters.
  private static func unindented(_ segments: [[UInt8]]) -> [[UInt8]]? {
    guard var last = segments.last, let end = last.lastIndex(of: UInt8(ascii: "\n")) else { return nil }
    let indentation = last[(end + 1)...]
    guard indentation.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) else { return nil }
    last.removeSubrange(end...)
    var lines = segments
    lines[lines.count - 1] = last
    guard lines[0].first == UInt8(ascii: "\n") || (lines.count == 1 && lines[0].isEmpty) else { return nil }
    return lines.enumerated().map { number, segment in
      var text: [UInt8] = []
      var rest = segment[...]
      while let byte = rest.popFirst() {
        let isLineEnd = byte == UInt8(ascii: "\n") || byte == continuation
        if !isLineEnd || (byte == UInt8(ascii: "\n") && !(number == 0 && rest.startIndex == 1)) { text.append(byte) }
        if isLineEnd, rest.starts(with: indentation) { rest = rest.dropFirst(indentation.count) }
      }
      return text
    }
  }
}

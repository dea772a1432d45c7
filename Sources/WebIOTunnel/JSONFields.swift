import WebIOHTTP

/// The members of one JSON object, as the providers write one a line. Nested values are checked and skipped.
///
/// See RFC 8259. Anything that is no object, or that goes on behind it, is nil: it is a line of text then.
struct JSONFields {
  enum Value: Equatable {
    case string([UInt8])
    case bool(Bool)
    case other
  }

  private(set) var members: [(name: [UInt8], value: Value)] = []

  /// The first member of this name, when it is a string.
  subscript(name: String) -> [UInt8]? {
    guard case .string(let text)? = value(of: name) else { return nil }
    return text
  }

  func value(of name: String) -> Value? { members.first { $0.name.elementsEqual(name.utf8) }?.value }

  init?(_ line: [UInt8]) {
    var scanner = Scanner(rest: line[...])
    scanner.skipSpace()
    guard line.count <= LineBuffer.limit, scanner.take(UInt8(ascii: "{")),
      scanner.object(depth: 0, { members.append($0) })
    else { return nil }
    scanner.skipSpace()
    guard scanner.rest.isEmpty else { return nil }
  }
}

private struct Scanner {
  var rest: ArraySlice<UInt8>

  mutating func skipSpace() {
    rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0a || $0 == 0x0d }
  }

  mutating func take(_ byte: UInt8) -> Bool {
    guard rest.first == byte else { return false }
    rest.removeFirst()
    return true
  }

  /// Behind the opening brace. False for what is no JSON, or nested deeper than 16.
  mutating func object(depth: Int, _ member: ((name: [UInt8], value: JSONFields.Value)) -> Void) -> Bool {
    skipSpace()
    if take(UInt8(ascii: "}")) { return true }
    repeat {
      skipSpace()
      guard take(UInt8(ascii: "\"")), let name = string() else { return false }
      skipSpace()
      guard take(UInt8(ascii: ":")), let value = value(depth: depth + 1) else { return false }
      member((name, value))
      skipSpace()
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "}"))
  }

  private mutating func value(depth: Int) -> JSONFields.Value? {
    guard depth <= 16 else { return nil }
    skipSpace()
    switch rest.first {
    case UInt8(ascii: "\""):
      rest.removeFirst()
      return string().map { .string($0) }
    case UInt8(ascii: "{"):
      rest.removeFirst()
      return object(depth: depth) { _ in } ? .other : nil
    case UInt8(ascii: "["):
      rest.removeFirst()
      return array(depth: depth) ? .other : nil
    case UInt8(ascii: "t"): return word("true") ? .bool(true) : nil
    case UInt8(ascii: "f"): return word("false") ? .bool(false) : nil
    case UInt8(ascii: "n"): return word("null") ? .other : nil
    default:
      let number = rest.prefix { ASCII.isDigit($0) || "+-.eE".utf8.contains($0) }
      rest = rest[number.endIndex...]
      return number.isEmpty ? nil : .other
    }
  }

  private mutating func array(depth: Int) -> Bool {
    skipSpace()
    if take(UInt8(ascii: "]")) { return true }
    repeat {
      guard value(depth: depth + 1) != nil else { return false }
      skipSpace()
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "]"))
  }

  private mutating func word(_ text: StaticString) -> Bool {
    guard rest.starts(withASCII: text) else { return false }
    rest.removeFirst(text.utf8CodeUnitCount)
    return true
  }

  /// Behind the opening quote.
  private mutating func string() -> [UInt8]? {
    var text: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return text
      case UInt8(ascii: "\\"):
        guard let escape = rest.popFirst() else { return nil }
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
          guard let scalar = escapedScalar() else { return nil }
          text.append(contentsOf: String(Character(scalar)).utf8)
        default: return nil
        }
      case 0..<0x20: return nil
      default: text.append(byte)
      }
    }
    return nil
  }

  /// Behind `\u`: a scalar, a surrogate pair, or U+FFFD for half of one.
  private mutating func escapedScalar() -> Unicode.Scalar? {
    guard let first = fourHexDigits() else { return nil }
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xdc00, rest.starts(withASCII: "\\u") else { return "\u{fffd}" }
    let before = rest
    rest.removeFirst(2)
    guard let second = fourHexDigits() else { return nil }
    guard (0xdc00...0xdfff).contains(second) else {
      rest = before
      return "\u{fffd}"
    }
    return Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
  }

  private mutating func fourHexDigits() -> UInt32? {
    guard rest.count >= 4 else { return nil }
    var value: UInt32 = 0
    for byte in rest.prefix(4) {
      let digit: UInt32
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt32(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt32(byte - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = UInt32(byte - UInt8(ascii: "A") + 10)
      default: return nil
      }
      value = value << 4 | digit
    }
    rest.removeFirst(4)
    return value
  }
}

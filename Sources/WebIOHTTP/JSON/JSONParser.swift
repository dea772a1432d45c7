/// Why a text is not the JSON it should be, and at which byte.
public struct JSONError: Error, Equatable, CustomStringConvertible {
  public let reason: String
  public let offset: Int

  public var description: String { "not JSON at byte \(offset): \(reason)" }
}

/// A strict reader of RFC 8259 on UTF-8: one value, no comments, no trailing commas, no byte order mark.
///
/// Whole numbers within 64 bits become `.int`, all others `.double`. A name that comes twice counts by its last value. An
/// escaped surrogate without its other half becomes U+FFFD, since browsers can send one.
///
/// A text has at most `valueLimit` values: two bytes of it may be sixteen of memory, or sixty, and compressed they are none.
package struct JSONParser {
  package static let valueLimit = 1_000_000

  private let bytes: UnsafeRawBufferPointer
  private let depthLimit: Int
  private var valuesLeft: Int
  private var index = 0
  private var depth = 0

  package static func parse(
    _ bytes: UnsafeRawBufferPointer, depthLimit: Int = 64, sizeLimit: Int = 256 << 20, valueLimit: Int = valueLimit
  ) throws(JSONError) -> JSONValue {
    guard bytes.count <= sizeLimit else { throw JSONError(reason: "longer than \(sizeLimit) bytes", offset: sizeLimit) }
    var parser = JSONParser(bytes: bytes, depthLimit: depthLimit, valueLimit: valueLimit)
    let value = try parser.value()
    parser.skipBlanks()
    guard parser.index == bytes.count else { throw parser.error("more text after the value") }
    return value
  }

  package static func parse(_ bytes: [UInt8], depthLimit: Int = 64) throws(JSONError) -> JSONValue {
    try bytes.withBytes { bytes throws(JSONError) in try parse(bytes, depthLimit: depthLimit) }
  }

  private init(bytes: UnsafeRawBufferPointer, depthLimit: Int, valueLimit: Int) {
    self.bytes = bytes
    self.depthLimit = depthLimit
    valuesLeft = valueLimit
  }

  private func error(_ reason: String) -> JSONError { JSONError(reason: reason, offset: index) }

  /// 0, which is no JSON, at the end.
  private var byte: UInt8 { index < bytes.count ? bytes[index] : 0 }

  private mutating func skipBlanks() {
    while byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { index += 1 }
  }

  private mutating func take(_ expected: UInt8) -> Bool {
    guard byte == expected, index < bytes.count else { return false }
    index += 1
    return true
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    skipBlanks()
    guard valuesLeft > 0 else { throw error("too many values") }
    valuesLeft -= 1
    switch byte {
    case UInt8(ascii: "{"): return try nested { parser throws(JSONError) in try parser.object() }
    case UInt8(ascii: "["): return try nested { parser throws(JSONError) in try parser.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(JSONError) -> JSONValue
  ) throws(JSONError) -> JSONValue {
    guard depth < depthLimit else { throw error("nested deeper than \(depthLimit)") }
    depth += 1
    index += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func object() throws(JSONError) -> JSONValue {
    var object = JSONObject()
    skipBlanks()
    if take(UInt8(ascii: "}")) { return .object(object) }
    object.reserveCapacity(4)
    while true {
      skipBlanks()
      guard byte == UInt8(ascii: "\"") else { throw error("a name in quotes is missing") }
      let name = try string()
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { throw error("a colon is missing") }
      object.append(name, try value())
      skipBlanks()
      if take(UInt8(ascii: "}")) { return .object(object) }
      guard take(UInt8(ascii: ",")) else { throw error("a comma or } is missing") }
    }
  }

  private mutating func array() throws(JSONError) -> JSONValue {
    var values: [JSONValue] = []
    skipBlanks()
    if take(UInt8(ascii: "]")) { return .array(values) }
    while true {
      values.append(try value())
      skipBlanks()
      if take(UInt8(ascii: "]")) { return .array(values) }
      guard take(UInt8(ascii: ",")) else { throw error("a comma or ] is missing") }
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    for offset in 0..<word.utf8CodeUnitCount {
      guard take(word.utf8Start[offset]) else { throw error("not a value") }
    }
    return value
  }

  private mutating func digits() -> Int {
    let start = index
    while ASCII.isDigit(byte) { index += 1 }
    return index - start
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = index
    let isNegative = take(UInt8(ascii: "-"))
    let leading = byte
    let count = digits()
    guard count > 0 else { throw error("not a value") }
    guard leading != UInt8(ascii: "0") || count == 1 else { throw error("a number with a leading zero") }
    var isWhole = true
    if take(UInt8(ascii: ".")) {
      isWhole = false
      guard digits() > 0 else { throw error("digits are missing after the point") }
    }
    if byte | 0x20 == UInt8(ascii: "e") {
      isWhole = false
      index += 1
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard digits() > 0 else { throw error("digits are missing in the exponent") }
    }
    let text = UnsafeRawBufferPointer(rebasing: bytes[start..<index])
    if isWhole, let magnitude = ASCII.decimal(UnsafeRawBufferPointer(rebasing: text[(isNegative ? 1 : 0)...])) {
      return .int(Int64(isNegative ? -magnitude : magnitude))
    }
    // The grammar is checked above, so that Double's wider one does not matter.
    guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else {
      throw error("a number out of range")
    }
    return .double(value)
  }

  private mutating func string() throws(JSONError) -> String {
    index += 1
    let start = index
    var seen: UInt8 = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        let text = UnsafeRawBufferPointer(rebasing: bytes[start..<index])
        // Nearly all are ASCII, which needs no second look.
        guard let string = seen < 0x80 ? String(decoding: text, as: UTF8.self) : String(validating: text, as: UTF8.self)
        else { throw error("a string is not UTF-8") }
        index += 1
        return string
      case UInt8(ascii: "\\"): return try escapedString(from: start)
      case 0..<0x20: throw error("a control character in a string")
      case let byte:
        seen |= byte
        index += 1
      }
    }
    throw error("a string has no end")
  }

  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
    var text = [UInt8](bytes[start..<index])
    while index < bytes.count {
      let next = bytes[index]
      index += 1
      switch next {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw error("a string is not UTF-8") }
        return string
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw error("a control character in a string")
      default: text.append(next)
      }
    }
    throw error("a string has no end")
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    let kind = byte
    index += 1
    switch kind {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(kind)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): text.append(contentsOf: UTF8.encode(try unicodeEscape()) ?? UTF8.encodedReplacementCharacter)
    default: throw error("an unknown escape")
    }
  }

  private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
    let unit = try hexUnit()
    guard unit & 0xf800 == 0xd800 else { return Unicode.Scalar(unit) ?? "\u{fffd}" }
    let resume = index
    if unit < 0xdc00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
      let low = try hexUnit()
      if low & 0xfc00 == 0xdc00 {
        return Unicode.Scalar(0x10000 + (UInt32(unit) & 0x3ff) << 10 + UInt32(low) & 0x3ff) ?? "\u{fffd}"
      }
    }
    index = resume
    return "\u{fffd}"
  }

  private mutating func hexUnit() throws(JSONError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = ASCII.hexValue(byte) else { throw error("four hexadecimal digits are missing") }
      unit = unit << 4 | UInt16(digit)
      index += 1
    }
    return unit
  }
}

import WebIOPosix

/// A size in bytes, as a number or as text with a unit: `200`, `"40K"`, `"1.5M"`, `"2G"`. PyWebIO: the sizes of
/// `file_upload` and `max_payload_size`.
///
///     try await startServer(main, maxPayloadSize: "200M")
///
/// A `K` is 1,024 bytes, an `M` 1,024 of those, and so on to `T`; small letters and a `B` behind the unit change nothing.
/// A literal that is no size is kept as it is: who takes it throws an error that quotes it.
public struct ByteCount: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
  CustomStringConvertible
{
  /// Nil when the literal was no size.
  public let bytes: Int?
  private let text: String

  public init(_ bytes: Int) {
    self.bytes = bytes >= 0 ? bytes : nil
    text = String(bytes)
  }

  /// Throws ``InvalidByteCount`` when the text is no size.
  public init(parsing text: String) throws {
    self.init(stringLiteral: text)
    if bytes == nil { throw InvalidByteCount(text: text) }
  }

  public init(integerLiteral bytes: Int) { self.init(bytes) }

  public init(stringLiteral text: String) {
    self.text = text
    bytes = Self.parse(Array(text.utf8))
  }

  public var description: String { text }

  /// The number, or an error that quotes what stood there.
  package func checked() throws -> Int {
    guard let bytes else { throw InvalidByteCount(text: text) }
    return bytes
  }

  /// Digits, at most one point with digits on both sides, a unit. No sign and no blanks.
  private static func parse(_ text: [UInt8]) -> Int? {
    var rest = text[...]
    var number = 0
    var places = 0
    var sawPoint = false
    var digits = 0
    while let byte = rest.first {
      if ASCII.isDigit(byte) {
        guard !sawPoint || places < 6 else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: 10)
        guard !overflow, product <= .max - 9 else { return nil }
        number = product + Int(byte - 0x30)
        digits += 1
        if sawPoint { places += 1 }
      } else if byte == UInt8(ascii: "."), !sawPoint, digits > 0 {
        sawPoint = true
      } else {
        break
      }
      rest = rest.dropFirst()
    }
    guard digits > 0, !sawPoint || places > 0, let unit = unit(rest.map(ASCII.lower)) else { return nil }
    // A part of a byte is none.
    guard !sawPoint || unit > 1 else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    guard !overflow else { return nil }
    return (0..<places).reduce(product) { value, _ in value / 10 }
  }

  private static func unit(_ letters: [UInt8]) -> Int? {
    switch String(decoding: letters, as: UTF8.self) {
    case "", "b": 1
    case "k", "kb", "kib": 1 << 10
    case "m", "mb", "mib": 1 << 20
    case "g", "gb", "gib": 1 << 30
    case "t", "tb", "tib": 1 << 40
    default: nil
    }
  }
}

/// A text that was to be a size.
public struct InvalidByteCount: Error, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
  public let text: String

  package init(text: String) { self.text = text }

  public var description: String {
    "\"\(text)\" is no size. Write bytes as a number, or with a unit: \"40K\", \"1.5M\", \"200M\", \"2G\"."
  }

  public var debugDescription: String { UncaughtError.text(description) }
}

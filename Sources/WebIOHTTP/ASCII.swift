import Glibc

/// Byte classes and comparisons of protocol text. Swift's own String and Int functions know Unicode, and a protocol
/// must not: U+212A lowercases to `k`, and `Int("+5")` is 5.
package enum ASCII {
  /// `tchar` of RFC 9110 section 5.6.2.
  @inline(__always)
  package static func isToken(_ byte: UInt8) -> Bool {
    let map: UInt64 = byte < 64 ? 0x03ff_6cfa_0000_0000 : 0x57ff_ffff_c7ff_fffe
    return byte < 128 && map >> UInt64(byte & 63) & 1 == 1
  }

  /// HTAB, SP, VCHAR and obs-text of RFC 9110 section 5.5: no other control characters.
  @inline(__always)
  package static func isFieldValue(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7f || byte == 0x09 }

  @inline(__always)
  package static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  @inline(__always)
  package static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  /// OWS of RFC 9110 section 5.6.3.
  @inline(__always)
  package static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  @inline(__always)
  package static func lower(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

  @inline(__always)
  package static func upper(_ byte: UInt8) -> UInt8 { byte &- 0x61 < 26 ? byte & 0xdf : byte }

  @inline(__always)
  package static func hexValue(_ byte: UInt8) -> UInt8? {
    if byte &- 0x30 < 10 { return byte &- 0x30 }
    let letter = (byte | 0x20) &- 0x61
    return letter < 6 ? letter + 10 : nil
  }

  package static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

  /// Digits only, at most 19 of them, no overflow: `Content-Length` and its like.
  package static func decimal(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard !bytes.isEmpty, bytes.count <= 19 else { return nil }
    var value = 0
    for byte in bytes {
      guard isDigit(byte) else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int(byte &- 0x30))
      if overflow || carry { return nil }
      value = sum
    }
    return value
  }

  package static func decimal(_ text: String) -> Int? {
    var text = text
    return text.withUTF8 { decimal(UnsafeRawBufferPointer($0)) }
  }

  package static func equalsIgnoringCase(_ bytes: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count == other.count else { return false }
    for index in 0..<bytes.count where lower(bytes[index]) != lower(other[index]) { return false }
    return true
  }

  package static func equals(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
    guard bytes.count == text.utf8CodeUnitCount else { return false }
    return bytes.isEmpty || memcmp(bytes.baseAddress!, text.utf8Start, bytes.count) == 0
  }

  package static func equalsIgnoringCase(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
    equalsIgnoringCase(bytes, UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package static func equalsIgnoringCase(_ left: String, _ right: String) -> Bool {
    var left = left
    var right = right
    return left.withUTF8 { left in
      right.withUTF8 { equalsIgnoringCase(UnsafeRawBufferPointer(left), UnsafeRawBufferPointer($0)) }
    }
  }

  package static func trimmed(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var start = 0
    var end = bytes.count
    while start < end, isBlank(bytes[start]) { start += 1 }
    while end > start, isBlank(bytes[end - 1]) { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
  }

  /// Calls `body` with each trimmed, non-empty element of a comma-separated list. RFC 9110 section 5.6.1.
  package static func forEachElement(_ list: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    var start = 0
    for index in 0...list.count where index == list.count || list[index] == UInt8(ascii: ",") {
      let element = trimmed(UnsafeRawBufferPointer(rebasing: list[start..<index]))
      if !element.isEmpty { body(element) }
      start = index + 1
    }
  }
}

extension [UInt8] {
  @inline(__always)
  package mutating func append(_ text: StaticString) {
    append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package mutating func append(text: String) {
    var text = text
    text.withUTF8 { append(contentsOf: $0) }
  }

  package mutating func append(decimal value: Int) {
    if value >= 0, value < 10 { return append(0x30 + UInt8(value)) }
    var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
    Swift.withUnsafeMutableBytes(of: &digits) { buffer in
      var rest = value.magnitude
      var index = buffer.count
      repeat {
        index -= 1
        buffer[index] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      } while rest > 0
      if value < 0 {
        index -= 1
        buffer[index] = UInt8(ascii: "-")
      }
      append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[index...]))
    }
  }

  package mutating func append(hex value: Int) {
    var shift = 60
    while shift > 0, value >> shift & 15 == 0 { shift -= 4 }
    while shift >= 0 {
      append(ASCII.hexDigit(UInt8(value >> shift & 15)))
      shift -= 4
    }
  }
}

extension [UInt8] {
  /// `withUnsafeBytes` that keeps the error's type.
  @inline(__always)
  func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withUnsafeBufferPointer { bytes throws(Failure) in try body(UnsafeRawBufferPointer(bytes)) }
  }
}

/// `%41` and back, once and strictly. RFC 3986 section 2.1.
package enum PercentEncoding {
  /// Nil when a `%` is not followed by two hexadecimal digits. `plusIsSpace` is the rule of HTML forms.
  package static func decode(_ bytes: UnsafeRawBufferPointer, plusIsSpace: Bool = false) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "%") {
        guard index + 2 < bytes.count, let high = ASCII.hexValue(bytes[index + 1]),
          let low = ASCII.hexValue(bytes[index + 2])
        else { return nil }
        result.append(high << 4 | low)
        index += 3
      } else {
        result.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
        index += 1
      }
    }
    return result
  }

  /// Nil when the encoding is broken or the result is not UTF-8.
  package static func decodeText(_ bytes: UnsafeRawBufferPointer, plusIsSpace: Bool = false) -> String? {
    decode(bytes, plusIsSpace: plusIsSpace).flatMap { String(validating: $0, as: UTF8.self) }
  }

  /// Escapes all but the unreserved characters, and `/` where `keepingSlash`.
  package static func encode(_ text: String, keepingSlash: Bool = false) -> String {
    var result: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): result.append(byte)
      case UInt8(ascii: "/") where keepingSlash: result.append(byte)
      case _ where ASCII.isLetter(byte) || ASCII.isDigit(byte): result.append(byte)
      default: result += [UInt8(ascii: "%"), upperHex(byte >> 4), upperHex(byte & 15)]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func upperHex(_ value: UInt8) -> UInt8 { ASCII.upper(ASCII.hexDigit(value)) }
}

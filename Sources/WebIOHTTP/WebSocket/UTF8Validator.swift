/// Checks UTF-8 that comes in pieces, and says no at the first byte that cannot belong to it. RFC 3629 section 4.
struct UTF8Validator: Sendable {
  /// Continuation bytes that are still to come, and the range of the next one.
  private var missing: UInt8 = 0
  private var low: UInt8 = 0x80
  private var high: UInt8 = 0xbf

  /// No sequence is open.
  var isComplete: Bool { missing == 0 }

  mutating func accept(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    while index < bytes.count {
      if missing == 0 {
        // Eight ASCII bytes at a time.
        while index + 8 <= bytes.count,
          bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
          index += 8
        }
        guard index < bytes.count else { return true }
      }
      guard accept(bytes[index]) else { return false }
      index += 1
    }
    return true
  }

  @inline(__always)
  private mutating func accept(_ byte: UInt8) -> Bool {
    if missing > 0 {
      guard low...high ~= byte else { return false }
      missing -= 1
      (low, high) = (0x80, 0xbf)
      return true
    }
    switch byte {
    case 0..<0x80: return true
    case 0xc2...0xdf: missing = 1
    case 0xe0: (missing, low) = (2, 0xa0)
    case 0xed: (missing, high) = (2, 0x9f)
    case 0xe1...0xef: missing = 2
    case 0xf0: (missing, low) = (3, 0x90)
    case 0xf1...0xf3: missing = 3
    case 0xf4: (missing, high) = (3, 0x8f)
    default: return false
    }
    return true
  }
}

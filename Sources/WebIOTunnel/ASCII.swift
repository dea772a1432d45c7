/// Tests and numbers on bytes: Swift's own of Character and Int take more than a protocol allows (`Int("+5")`).
extension UInt8 {
  var isASCIIDigit: Bool { self >= 0x30 && self <= 0x39 }
  var isASCIILetter: Bool { (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7a }
  var isASCIISpace: Bool { self == 0x20 || self == 0x09 }
  var asciiLowercased: UInt8 { self >= 0x41 && self <= 0x5a ? self | 0x20 : self }
}

enum ASCII {
  /// A decimal number of digits only, without a leading zero beside "0" itself.
  static func number(_ bytes: some Collection<UInt8>, maximum: Int) -> Int? {
    guard !bytes.isEmpty, bytes.count <= 10, bytes.count == 1 || bytes.first != UInt8(ascii: "0") else { return nil }
    var value = 0
    for byte in bytes {
      guard byte.isASCIIDigit else { return nil }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return value <= maximum ? value : nil
  }

  static func port(_ bytes: some Collection<UInt8>) -> UInt16? {
    guard let value = number(bytes, maximum: 65535), value > 0 else { return nil }
    return UInt16(value)
  }

  static func lowercased(_ text: some Sequence<UInt8>) -> [UInt8] { text.map(\.asciiLowercased) }

  static func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

  /// A host name of letters, digits and hyphens: 1 to 63 in a label, 253 in all. See RFC 1123 section 2.1.
  static func isHostName(_ name: some Collection<UInt8>) -> Bool {
    guard !name.isEmpty, name.count <= 253 else { return false }
    return name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
        && label.allSatisfy { $0.isASCIIDigit || $0.isASCIILetter || $0 == UInt8(ascii: "-") }
    }
  }
}

extension Collection<UInt8> {
  func starts(withASCII text: StaticString) -> Bool {
    text.withUTF8Buffer { count >= $0.count && prefix($0.count).elementsEqual($0) }
  }

  /// The index behind the first occurrence.
  func end(ofASCII text: String) -> Index? {
    let pattern = Array(text.utf8)
    var start = startIndex
    while let end = index(start, offsetBy: pattern.count, limitedBy: endIndex) {
      if self[start..<end].elementsEqual(pattern) { return end }
      formIndex(after: &start)
    }
    return nil
  }

  var trimmingASCIISpaces: SubSequence {
    let head = drop { $0.isASCIISpace }
    var end = head.endIndex
    while end > head.startIndex {
      let before = head.index(end, offsetBy: -1)
      guard head[before].isASCIISpace else { break }
      end = before
    }
    return head[..<end]
  }
}

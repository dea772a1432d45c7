import WebIOHTTP

/// What host names and ports need beside WebIOHTTP's byte classes.
extension ASCII {
  /// From 1 to 65535, in digits only and without a leading zero.
  static func port(_ bytes: some Collection<UInt8>) -> UInt16? {
    guard bytes.count <= 5, bytes.first != UInt8(ascii: "0"), let value = decimal(text(bytes)) else { return nil }
    return UInt16(exactly: value)
  }

  static func lowercased(_ text: some Sequence<UInt8>) -> [UInt8] { text.map(lower) }

  static func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

  /// A host name of letters, digits and hyphens: 1 to 63 in a label, 253 in all. See RFC 1123 section 2.1.
  static func isHostName(_ name: some Collection<UInt8>) -> Bool {
    guard !name.isEmpty, name.count <= 253 else { return false }
    return name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
        && label.allSatisfy { isDigit($0) || isLetter($0) || $0 == UInt8(ascii: "-") }
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
    let head = drop(while: ASCII.isBlank)
    var end = head.endIndex
    while end > head.startIndex {
      let before = head.index(end, offsetBy: -1)
      guard ASCII.isBlank(head[before]) else { break }
      end = before
    }
    return head[..<end]
  }
}

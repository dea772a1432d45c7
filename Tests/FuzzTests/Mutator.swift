/// Makes new inputs of old ones: what a line, a disk or an enemy makes of them.
struct Mutator: Sendable {
  /// Words of the target's language beside those that are trouble everywhere.
  let words: [[UInt8]]

  init(_ tokens: [String]) { words = tokens.map { Array($0.utf8) } + Self.trouble }

  private static let trouble: [[UInt8]] =
    [
      "", "0", "-1", "+5", "00", "9", "255", "256", "65535", "65536", "2147483648", "4294967296", "9223372036854775807",
      "9223372036854775808", "-9223372036854775808", "18446744073709551616", "1e309", "0x10", "\n", "\r\n", "\r", "\r\n\r\n",
      "\t", " ", "\"", "'", "\\", "/", "//", "..", "../", "%", "%2e", "%00", "%2F", "&", ";", ",", ":", "=", "[", "]", "{",
      "}", "(", ")", "<", ">", "*", "?", "#", "@", "|", "\u{e9}", "\u{301}", "\u{212a}", "\u{202e}", "\u{feff}", "\u{1f600}",
      "\u{1b}[31m", "\u{1b}]0;",
    ].map { Array($0.utf8) } + [
      [0], [0xff], [0x80], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82],
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      [0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 4],
    ]

  /// `other` is another input, from which pieces may come. What is longer than `limit` is cut there.
  func mutate(_ input: [UInt8], with other: [UInt8], limit: Int, _ dice: inout Dice) -> [UInt8] {
    var bytes = input
    // Mostly one change: two hide each other.
    let count = dice.isOne(in: 3) ? 1 + dice.below(6) : 1
    for _ in 0..<count { change(&bytes, other, &dice) }
    if bytes.count > limit { bytes.removeLast(bytes.count - limit) }
    return bytes
  }

  private func change(_ bytes: inout [UInt8], _ other: [UInt8], _ dice: inout Dice) {
    let place = dice.below(bytes.count + 1)
    let piece = range(in: bytes, &dice)
    switch dice.below(13) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(dice.below(8))
    case 1 where place < bytes.count: bytes[place] = UInt8(truncatingIfNeeded: dice.next())
    case 2 where place < bytes.count: bytes[place] &+= dice.isOne(in: 2) ? 1 : 255
    case 3: bytes.removeSubrange(piece)
    case 4: bytes.insert(contentsOf: dice.element(of: words), at: place)
    case 5: bytes.replaceSubrange(piece, with: dice.element(of: words))
    case 6: bytes.insert(contentsOf: bytes[piece], at: place)
    case 7: bytes.insert(contentsOf: other[range(in: other, &dice)], at: place)
    case 8: bytes.replaceSubrange(place..., with: other[dice.below(other.count + 1)...])
    case 9: bytes.removeLast(bytes.count - place)
    case 10: bytes.insert(contentsOf: dice.bytes(1 + dice.below(8)), at: place)
    case 11: changeNumber(&bytes, &dice)
    default:
      // Depth and length: what is harmless once may not be so a thousand times.
      guard dice.isOne(in: 8), piece.count <= 64 else { return }
      let repeated = Array(repeatElement(Array(bytes[piece]), count: 1 << (1 + dice.below(11))).joined())
      bytes.insert(contentsOf: repeated, at: place)
    }
  }

  private func range(in bytes: [UInt8], _ dice: inout Dice) -> Range<Int> {
    let start = dice.below(bytes.count + 1)
    let longest = dice.isOne(in: 4) ? bytes.count : 12
    return start..<min(bytes.count, start + dice.below(longest + 1))
  }

  /// A whole number of the text becomes another one.
  private func changeNumber(_ bytes: inout [UInt8], _ dice: inout Dice) {
    let isDigit: (UInt8) -> Bool = { (0x30...0x39).contains($0) }
    let starts = bytes.indices.filter { isDigit(bytes[$0]) && ($0 == 0 || !isDigit(bytes[$0 - 1])) }
    guard !starts.isEmpty else { return }
    let start = dice.element(of: starts)
    let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.endIndex
    let numbers = [
      "0", "1", "2", "7", "8", "16", "127", "1000", "65536", "4294967295", "9223372036854775807", "99999999999999999999",
    ]
    bytes.replaceSubrange(start..<end, with: Array(dice.element(of: numbers).utf8))
  }
}

@testable import WebIOCommand

/// Reads a QR code back, by the standard's text and without the encoder's functions: format, mask, zigzag, blocks,
/// correction, mode and length.
struct QRReader {
  struct Unreadable: Error { let reason: String }

  private let code: QRCode
  private let version: Int

  init(_ code: QRCode) {
    self.code = code
    version = (code.size - 17) / 4
  }

  func text() throws -> [UInt8] {
    let format = try format()
    let words = words(mask: format.mask)
    let data = try blocks(words, isMedium: format.isMedium)
    var bits = data.flatMap { byte in (0..<8).map { Int(byte >> (7 - $0) & 1) } }[...]
    func take(_ count: Int) -> Int {
      defer { bits = bits.dropFirst(count) }
      return bits.prefix(count).reduce(0) { $0 * 2 + $1 }
    }
    guard take(4) == 4 else { throw Unreadable(reason: "not in byte mode") }
    let count = take(version < 10 ? 8 : 16)
    return (0..<count).map { _ in UInt8(take(8)) }
  }

  /// Both copies, compared with all 32 valid words. Annex C.
  private func format() throws -> (isMedium: Bool, mask: Int) {
    let size = code.size
    let first = [
      (8, 0), (8, 1), (8, 2), (8, 3), (8, 4), (8, 5), (8, 7), (8, 8), (7, 8), (5, 8), (4, 8), (3, 8), (2, 8), (1, 8), (0, 8),
    ]
    let second = (0..<7).map { (size - 1 - $0, 8) } + (0..<8).map { (8, size - 8 + $0) }
    let words = [first, second].map { $0.reduce(0) { $0 * 2 + (code[$1.0, $1.1] ? 1 : 0) } }
    guard words[0] == words[1] else { throw Unreadable(reason: "the copies of the format differ") }
    // Table C.1, for L and M.
    let low = [0x77c4, 0x72f3, 0x7daa, 0x789d, 0x662f, 0x6318, 0x6c41, 0x6976]
    let medium = [0x5412, 0x5125, 0x5e7c, 0x5b4b, 0x45f9, 0x40ce, 0x4f97, 0x4aa0]
    if let mask = low.firstIndex(of: words[0]) { return (false, mask) }
    if let mask = medium.firstIndex(of: words[0]) { return (true, mask) }
    throw Unreadable(reason: "the format \(words[0]) is none")
  }

  // Annex E.
  private static let alignment: [[Int]] = [
    [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50], [6, 30, 54],
    [6, 32, 58], [6, 34, 62], [6, 26, 46, 66], [6, 26, 48, 70],
  ]

  private func isFunction(_ row: Int, _ column: Int) -> Bool {
    let size = code.size
    if row == 6 || column == 6 { return true }
    if row < 9 && (column < 9 || column >= size - 8) || row >= size - 8 && column < 9 { return true }
    if version >= 7, row < 6 && column >= size - 11 || column < 6 && row >= size - 11 { return true }
    let middles = Self.alignment[version - 1]
    for middleRow in middles {
      for middleColumn in middles where abs(row - middleRow) <= 2 && abs(column - middleColumn) <= 2 {
        let corners = [6, middles.last!]
        if middleRow == 6 && corners.contains(middleColumn) || middleColumn == 6 && corners.contains(middleRow) { continue }
        return true
      }
    }
    return false
  }

  private func words(mask: Int) -> [UInt8] {
    let size = code.size
    var bits: [Int] = []
    var columns = Array((0..<size).reversed())
    columns.removeAll { $0 == 6 }
    for pair in 0..<columns.count / 2 {
      for step in 0..<size {
        let i = pair % 2 == 0 ? size - 1 - step : step
        for j in [columns[2 * pair], columns[2 * pair + 1]] where !isFunction(i, j) {
          let isInverted =
            switch mask {
            case 0: (i + j) % 2 == 0
            case 1: i % 2 == 0
            case 2: j % 3 == 0
            case 3: (i + j) % 3 == 0
            case 4: (i / 2 + j / 3) % 2 == 0
            case 5: (i * j) % 2 + (i * j) % 3 == 0
            case 6: ((i * j) % 2 + (i * j) % 3) % 2 == 0
            default: ((i + j) % 2 + (i * j) % 3) % 2 == 0
            }
          bits.append(code[i, j] != isInverted ? 1 : 0)
        }
      }
    }
    return (0..<bits.count / 8).map { word in UInt8(bits[word * 8..<word * 8 + 8].reduce(0) { $0 * 2 + $1 }) }
  }

  /// Table 9: blocks of one size, then blocks with one data codeword more, and the correction of each.
  private static let structure: [[(Int, Int, Int, Int)]] = [
    [
      (1, 19, 0, 7), (1, 34, 0, 10), (1, 55, 0, 15), (1, 80, 0, 20), (1, 108, 0, 26), (2, 68, 0, 18), (2, 78, 0, 20),
      (2, 97, 0, 24), (2, 116, 0, 30), (2, 68, 2, 18), (4, 81, 0, 20), (2, 92, 2, 24), (4, 107, 0, 26), (3, 115, 1, 30),
      (5, 87, 1, 22),
    ],
    [
      (1, 16, 0, 10), (1, 28, 0, 16), (1, 44, 0, 26), (2, 32, 0, 18), (2, 43, 0, 24), (4, 27, 0, 16), (4, 31, 0, 18),
      (2, 38, 2, 22), (3, 36, 2, 22), (4, 43, 1, 26), (1, 50, 4, 30), (6, 36, 2, 22), (8, 37, 1, 22), (4, 40, 5, 24),
      (5, 41, 5, 24),
    ],
  ]

  private func blocks(_ words: [UInt8], isMedium: Bool) throws -> [UInt8] {
    let (short, length, long, correction) = Self.structure[isMedium ? 1 : 0][version - 1]
    var blocks = [[UInt8]](repeating: [], count: short + long)
    var rest = words[...]
    for place in 0...length {
      for block in blocks.indices where place < length || block >= short { blocks[block].append(rest.removeFirst()) }
    }
    let data = blocks.flatMap { $0 }
    for _ in 0..<correction { for block in blocks.indices { blocks[block].append(rest.removeFirst()) } }
    guard rest.isEmpty else { throw Unreadable(reason: "\(rest.count) codewords too many") }
    for block in blocks where !Self.hasNoError(block, correction) { throw Unreadable(reason: "wrong correction") }
    return data
  }

  /// A block is right when it is zero at every root of the generator.
  private static func hasNoError(_ block: [UInt8], _ correction: Int) -> Bool {
    var powers: [Int] = [1]
    while powers.count < 255 { powers.append(powers.last! * 2 > 255 ? powers.last! * 2 ^ 285 : powers.last! * 2) }
    return (0..<correction).allSatisfy { root in
      block.enumerated().reduce(0) { sum, entry in
        guard entry.element != 0 else { return sum }
        let logarithm = powers.firstIndex(of: Int(entry.element))!
        return sum ^ powers[(logarithm + root * (block.count - 1 - entry.offset)) % 255]
      } == 0
    }
  }
}

/// The numbers of one version at one level, and the text's way into codewords. ISO/IEC 18004 sections 7.1 and 7.4 to 7.6.
struct QRLayout {
  let version: Int
  let size: Int
  private let blocks: Int
  private let correction: Int
  private let total: Int

  /// Table 9: correction codewords of a block, and blocks, for L and M.
  private static let table: [[(correction: Int, blocks: Int)]] = [
    [
      (7, 1), (10, 1), (15, 1), (20, 1), (26, 1), (18, 2), (20, 2), (24, 2), (30, 2), (18, 4), (20, 4), (24, 4),
      (26, 4), (30, 4), (22, 6),
    ],
    [
      (10, 1), (16, 1), (26, 1), (18, 2), (24, 2), (16, 4), (18, 4), (22, 4), (22, 5), (26, 5), (30, 5), (22, 8),
      (22, 9), (24, 9), (24, 10),
    ],
  ]

  init(_ version: Int, _ level: QRCode.Level) {
    self.version = version
    size = 17 + 4 * version
    (correction, blocks) = Self.table[level.rawValue][version - 1]
    let aligned = version == 1 ? 0 : version / 7 + 2
    var patterns = 3 * 64 + 2 * (size - 16) + 31
    if aligned > 0 { patterns += (aligned * aligned - 3) * 25 - (aligned - 2) * 10 }
    if version >= 7 { patterns += 36 }
    total = (size * size - patterns) / 8
  }

  /// Where the alignment patterns have their middles, in both directions.
  var alignment: [Int] {
    guard version > 1 else { return [] }
    let count = version / 7 + 2
    let step = (version * 8 + count * 3 + 5) / (count * 4 - 4) * 2
    return [6] + (0..<count - 1).map { size - 7 - step * (count - 2 - $0) }
  }

  private var dataCount: Int { total - blocks * correction }
  private var lengthBits: Int { version < 10 ? 8 : 16 }
  /// Bytes of text: four bits say the mode, and 8 or 16 the length.
  var capacity: Int { dataCount - (4 + lengthBits + 7) / 8 }

  /// Data and correction, interleaved as they go into the square.
  func codewords(of text: [UInt8]) -> [UInt8] {
    let data = padded(text)
    let short = dataCount / blocks
    let shortBlocks = blocks - dataCount % blocks
    var parts: [ArraySlice<UInt8>] = []
    var rest = data[...]
    for index in 0..<blocks {
      parts.append(rest.prefix(short + (index < shortBlocks ? 0 : 1)))
      rest = rest.dropFirst(parts[index].count)
    }
    let corrections = parts.map { ReedSolomon.remainder(of: $0, degree: correction) }
    var result: [UInt8] = []
    for place in 0...short {
      for part in parts where place < part.count { result.append(part[part.startIndex + place]) }
    }
    for place in 0..<correction {
      for part in corrections { result.append(part[place]) }
    }
    return result
  }

  private func padded(_ text: [UInt8]) -> [UInt8] {
    var bits: [Bool] = []
    func append(_ value: Int, _ count: Int) {
      for shift in (0..<count).reversed() { bits.append(value >> shift & 1 == 1) }
    }
    append(0b0100, 4)
    append(text.count, lengthBits)
    for byte in text { append(Int(byte), 8) }
    append(0, min(4, dataCount * 8 - bits.count))
    append(0, (8 - bits.count % 8) % 8)
    var bytes = stride(from: 0, to: bits.count, by: 8).map { start in
      bits[start..<start + 8].reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) }
    }
    let used = bytes.count
    while bytes.count < dataCount { bytes.append((bytes.count - used) % 2 == 0 ? 0xEC : 0x11) }
    return bytes
  }
}

/// Correction codewords: arithmetic in the field of 256 elements with the polynomial 0x11D. ISO/IEC 18004 section 7.5.2.
enum ReedSolomon {
  static func remainder(of data: some Sequence<UInt8>, degree: Int) -> [UInt8] {
    let divisor = generator(degree)
    var result = [UInt8](repeating: 0, count: degree)
    for byte in data {
      let factor = byte ^ result.removeFirst()
      result.append(0)
      for index in 0..<degree { result[index] ^= multiply(divisor[index], factor) }
    }
    return result
  }

  /// (x - 1)(x - 2)(x - 4)…, without its leading 1.
  private static func generator(_ degree: Int) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: degree)
    result[degree - 1] = 1
    var root: UInt8 = 1
    for _ in 0..<degree {
      for index in 0..<degree {
        result[index] = multiply(result[index], root) ^ (index + 1 < degree ? result[index + 1] : 0)
      }
      root = multiply(root, 2)
    }
    return result
  }

  static func multiply(_ left: UInt8, _ right: UInt8) -> UInt8 {
    var product = 0
    for shift in (0..<8).reversed() {
      product = product << 1 ^ (product >> 7) * 0x11D
      product ^= (Int(right) >> shift & 1) * Int(left)
    }
    return UInt8(product)
  }
}

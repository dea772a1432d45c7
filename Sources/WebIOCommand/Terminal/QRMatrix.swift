/// The square while it is filled: fixed patterns first, then the codewords along their zigzag, then a mask.
/// ISO/IEC 18004 sections 6.3, 7.7 and 7.8.
struct QRMatrix {
  private let size: Int
  private let version: Int
  private var dark: [Bool]
  /// Fixed patterns and the places of format and version, which no mask touches.
  private var isFixed: [Bool]

  init(_ layout: QRLayout) {
    size = layout.size
    version = layout.version
    dark = [Bool](repeating: false, count: size * size)
    isFixed = dark
    for index in 0..<size {
      fix(6, index, index % 2 == 0)
      fix(index, 6, index % 2 == 0)
    }
    placeAlignment(layout.alignment)
    for (row, column) in [(3, 3), (3, size - 4), (size - 4, 3)] { placeFinder(row, column) }
    placeFormat(0)
    placeVersion()
  }

  private mutating func fix(_ row: Int, _ column: Int, _ isDark: Bool) {
    dark[row * size + column] = isDark
    isFixed[row * size + column] = true
  }

  // MARK: Fixed patterns

  /// Rings around a middle, with the light separator.
  private mutating func placeFinder(_ middleRow: Int, _ middleColumn: Int) {
    for row in max(0, middleRow - 4)...min(size - 1, middleRow + 4) {
      for column in max(0, middleColumn - 4)...min(size - 1, middleColumn + 4) {
        let distance = max(abs(row - middleRow), abs(column - middleColumn))
        fix(row, column, distance != 2 && distance != 4)
      }
    }
  }

  /// At every crossing but the three that finders take.
  private mutating func placeAlignment(_ middles: [Int]) {
    guard let last = middles.last else { return }
    for middleRow in middles {
      for middleColumn in middles {
        if [[6, 6], [6, last], [last, 6]].contains([middleRow, middleColumn]) { continue }
        for row in -2...2 {
          for column in -2...2 { fix(middleRow + row, middleColumn + column, max(abs(row), abs(column)) != 1) }
        }
      }
    }
  }

  /// Level and mask with ten bits of correction, twice. `data` has five bits.
  private mutating func placeFormat(_ data: Int) {
    var remainder = data
    for _ in 0..<10 { remainder = remainder << 1 ^ (remainder >> 9) * 0x537 }
    let bits = (data << 10 | remainder) ^ 0x5412
    for index in 0..<15 {
      let isDark = bits >> index & 1 == 1
      switch index {
      case 0...5: fix(index, 8, isDark)
      case 6...7: fix(index + 1, 8, isDark)
      case 8: fix(8, 7, isDark)
      default: fix(8, 14 - index, isDark)
      }
      if index < 8 { fix(8, size - 1 - index, isDark) } else { fix(size - 15 + index, 8, isDark) }
    }
    fix(size - 8, 8, true)
  }

  /// From version 7 on, the number with twelve bits of correction, twice.
  private mutating func placeVersion() {
    guard version >= 7 else { return }
    var remainder = version
    for _ in 0..<12 { remainder = remainder << 1 ^ (remainder >> 11) * 0x1F25 }
    let bits = version << 12 | remainder
    for index in 0..<18 {
      let isDark = bits >> index & 1 == 1
      fix(size - 11 + index % 3, index / 3, isDark)
      fix(index / 3, size - 11 + index % 3, isDark)
    }
  }

  // MARK: Codewords

  /// In pairs of columns from the right, up and down in turn; the column of the timing pattern does not count.
  mutating func place(_ codewords: [UInt8]) {
    var position = 0
    var isUpward = true
    var right = size - 1
    while right > 0 {
      if right == 6 { right -= 1 }
      for step in 0..<size {
        let row = isUpward ? size - 1 - step : step
        for column in [right, right - 1] where !isFixed[row * size + column] && position < codewords.count * 8 {
          dark[row * size + column] = codewords[position >> 3] >> (7 - position & 7) & 1 == 1
          position += 1
        }
      }
      isUpward.toggle()
      right -= 2
    }
  }

  // MARK: Masks

  static func inverts(_ mask: Int, _ row: Int, _ column: Int) -> Bool {
    switch mask {
    case 0: (row + column) % 2 == 0
    case 1: row % 2 == 0
    case 2: column % 3 == 0
    case 3: (row + column) % 3 == 0
    case 4: (row / 2 + column / 3) % 2 == 0
    case 5: row * column % 2 + row * column % 3 == 0
    case 6: (row * column % 2 + row * column % 3) % 2 == 0
    default: ((row + column) % 2 + row * column % 3) % 2 == 0
    }
  }

  func masked(_ mask: Int, _ levelBits: Int) -> [Bool] {
    var result = self
    result.placeFormat(levelBits << 3 | mask)
    for row in 0..<size {
      for column in 0..<size where !isFixed[row * size + column] && Self.inverts(mask, row, column) {
        result.dark[row * size + column].toggle()
      }
    }
    return result.dark
  }

  func bestMask(_ levelBits: Int) -> Int {
    let penalties = (0..<8).map { penalty(masked($0, levelBits)) }
    return penalties.indices.min { penalties[$0] < penalties[$1] } ?? 0
  }

  /// Section 7.8.3.1: runs, blocks, what looks like a finder, and too much of one colour.
  private func penalty(_ modules: [Bool]) -> Int {
    var result = 0
    for line in 0..<size {
      result += penalty(line: (0..<size).map { modules[line * size + $0] })
      result += penalty(line: (0..<size).map { modules[$0 * size + line] })
    }
    for row in 0..<size - 1 {
      for column in 0..<size - 1 {
        let first = modules[row * size + column]
        if first == modules[row * size + column + 1], first == modules[(row + 1) * size + column],
          first == modules[(row + 1) * size + column + 1]
        {
          result += 3
        }
      }
    }
    let share = modules.count(where: { $0 }) * 20
    let total = size * size
    return result + (abs(share - total * 10) + total - 1) / total * 10 - 10
  }

  private func penalty(line: [Bool]) -> Int {
    var result = 0
    var run = 0
    for index in line.indices {
      run = index > 0 && line[index] == line[index - 1] ? run + 1 : 1
      if run == 5 { result += 3 } else if run > 5 { result += 1 }
    }
    let finder = [true, false, true, true, true, false, true]
    for start in 0...(line.count - 7) where Array(line[start..<start + 7]) == finder {
      let isLightBefore = (start - 4..<start).allSatisfy { $0 < 0 || !line[$0] }
      let isLightAfter = (start + 7..<start + 11).allSatisfy { $0 >= line.count || !line[$0] }
      if isLightBefore { result += 40 }
      if isLightAfter { result += 40 }
    }
    return result
  }
}

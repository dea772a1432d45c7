/// A text as a square of dark and light modules that a phone's camera reads. ISO/IEC 18004, byte mode.
///
///     let code = QRCode(Array("https://example.com".utf8))
///     code?[3, 3]        // true: the middle of a finder pattern is dark
///
/// Versions 1 to 15, so up to 520 bytes. The correction level is L, and M where that needs no larger square.
struct QRCode: Equatable, Sendable {
  enum Level: Int, Sendable {
    case low, medium

    /// As the format information has it, which is not the order of strength.
    fileprivate var bits: Int { self == .low ? 1 : 0 }
  }

  let version: Int
  let level: Level
  let mask: Int
  /// Modules along one side, without the quiet zone.
  let size: Int
  private let modules: [Bool]

  /// Nil when the text is too long. A mask is chosen by the standard's penalty rules unless one is given.
  init?(_ text: [UInt8], level wanted: Level? = nil, mask: Int? = nil) {
    let weakest = wanted ?? .low
    guard let version = (1...15).first(where: { QRLayout($0, weakest).capacity >= text.count }) else { return nil }
    let level = wanted ?? (QRLayout(version, .medium).capacity >= text.count ? .medium : .low)
    let layout = QRLayout(version, level)
    self.version = version
    self.level = level
    size = layout.size
    var matrix = QRMatrix(layout)
    matrix.place(layout.codewords(of: text))
    let best = mask ?? matrix.bestMask(level.bits)
    self.mask = best
    modules = matrix.masked(best, level.bits)
  }

  subscript(row: Int, column: Int) -> Bool {
    (0..<size).contains(row) && (0..<size).contains(column) && modules[row * size + column]
  }
}

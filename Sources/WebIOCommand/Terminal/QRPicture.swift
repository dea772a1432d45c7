/// A QR code in characters: two modules, one above the other, are one half block.
struct QRPicture {
  private let code: QRCode
  /// The light border that readers need. ISO/IEC 18004 section 6.3.8.
  static let quietZone = 4

  init(_ code: QRCode) { self.code = code }

  var width: Int { code.size + 2 * Self.quietZone }

  /// With colour it is black on white whatever the terminal's colours are. Without, light modules are drawn and dark ones
  /// are left out, which is right on a dark terminal; on a light one the code is inverted, which most readers take too.
  func lines(usesColor: Bool) -> [String] {
    stride(from: -Self.quietZone, to: code.size + Self.quietZone, by: 2).map { row in
      var text = usesColor ? "\u{1B}[38;5;16;48;5;231m" : ""
      for column in -Self.quietZone..<code.size + Self.quietZone {
        let upper = code[row, column] == usesColor
        // The last line has only an upper half, when it is one of the quiet zone's.
        let lower = row + 1 < code.size + Self.quietZone ? code[row + 1, column] == usesColor : false
        text += upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ")
      }
      return usesColor ? text + "\u{1B}[0m" : text
    }
  }
}

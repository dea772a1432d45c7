import Testing

@testable import WebIOCommand

@Suite struct QRCodeTests {
  /// Table 7 of ISO/IEC 18004: bytes that fit into versions 1 to 15.
  static let capacities: [(level: QRCode.Level, bytes: [Int])] = [
    (.low, [17, 32, 53, 78, 106, 134, 154, 192, 230, 271, 321, 367, 425, 458, 520]),
    (.medium, [14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412]),
  ]

  /// Text, version, level, mask and the modules row by row, four to a digit, as another encoder (python-qrcode 8) has them.
  static let references: [(text: String, version: Int, level: QRCode.Level, mask: Int, modules: String)] = [
    (
      "https://a.example", 1, .low, 3,
      """
      fea3fc10106eb8bb75d5dbacaec13907faafe00000f2bce8eb3ffdc91670a2ab72ac804d43f84210453eba18add5d82ebec9
      054f1fe96e0
      """
    ),
    (
      "https://0123456789abcdef.lhr.life", 3, .low, 6,
      """
      fef763fc10f8d06e9586bb746695dba3d72ec12b0507faaaafe0194500da4ff20b4913a581f282085206e794a669e08c9433
      7d5c0c68ae11c5d50e790c46e589edb293fcb3eaeb75cfb95cff00768c63f8d6eb104b9d13bafcbfddd43fc86e9f762f05a0
      6d5fec20bc0
      """
    ),
    (
      "http://a.b", 1, .medium, 4,
      """
      febbfc10906e88bb7595dbafaec15507faafe010008bcfcd8877278b34dab00ba55d006c7bfbcf504c81baadd5d075ee9af1
      04728feb6c8
      """
    ),
    (
      String(repeating: "x", count: 150), 8, .medium, 2,
      """
      fe1fb0d608bfc1090d3e51d06eb063ca7c6bb7561eb06ba5dbacee7f60c2ec15c991e53107faaaaaaaaafe011bc453e700be
      343be358be56b44b6b063396ac011f29d37d98f5253e731f383a38358b24ca82f6b0633a892ab1f29d370a0c3253e73126bf
      5b8358b2408d2b6b0633a8c1391f29d3701d45253e731df425b8358b27a90ab6b06338fe579ff29ff611089c53e7114ad93e
      a359aa3454191b06479beed8ff29bf7c05894d3e5914bb18523591a527022cb069baccd50b729b96eb2e54d3e5905270bd23
      591bde548acb069b8ca430b729b97527014d3e591efa39d23591a6cba9acb069b91e860b729b96e35bd4d3e591e2e37fe359
      fa0045eb1b06c7bf9329af29eb705a1dc53e711baae7be358fa5d72999b064feea6f9e7298d1046a1993e6c1fead786359cb
      8
      """
    ),
    (
      "https://example.com/" + String(repeating: "0123456789", count: 22), 10, .low, 2,
      """
      fe5f4282d9b33fc170bf7e93aa906e9a9d3be42bcbb7522696452aa5dba3ec37e59392ec14cd831572d107faaaaaaaaaaafe
      00f18e44257300fba8bd3fed0155102ba1616c9a44e39213656ff0bc8c3ab0317a9b43c6e38dd766d605552069045e014ccf
      dba014d8fe0fe84a2a6303a1fd16d3b8bd764f011516a7a141a41243f6dfbbe549d4be0a8b6201fe1d3d7dbbe25f44d33750
      c20ad49e45e4b48e79a774bd0edcb19a751e217394a7d4bd5629471436e3a169a4524fdff7ccaf8f90fe8b1afcfc7a9bb1f4
      ad8bb2a2b45ac0c70b2516c9844c7e6c71f8ff1bf8cb2acf6ba9fae4f3dcbd4c09448d6039a158289e5bddf17d374fd0c312
      2daa867e1dfe56add34920b740d042061956cd6ebd7a5fd96c9d6846b9e5cad8e1f3f46e54bd69cd22ec1ee4a16968da3bed
      a8b14aeb92909d100010b29777d0af4dd6e4f24cc26cd9048a450a9e9e70b708f91809f073477ba93ae7028abd7e6d20fc00
      6da151e016c4ffb5814a8ff0aa904e26347a1df16bafa25be4f00fd5d70ad75a41a872eb21be5c9d4b9105ea3144e1fc24fe
      acbd160b64f50
      """
    ),
  ]

  @Test(arguments: references.indices) func isModuleForModuleWhatAnotherEncoderMakes(_ index: Int) throws {
    let reference = Self.references[index]
    let masked = try #require(QRCode(Array(reference.text.utf8), level: reference.level, mask: reference.mask))
    #expect(masked.version == reference.version)
    let digits = reference.modules.split(separator: "\n").joined()
    #expect(Self.hex(masked) == digits)
  }

  private static func hex(_ code: QRCode) -> String {
    var bits = (0..<code.size * code.size).map { code[$0 / code.size, $0 % code.size] ? 1 : 0 }
    while bits.count % 4 != 0 { bits.append(0) }
    return stride(from: 0, to: bits.count, by: 4).map { start in
      String(bits[start..<start + 4].reduce(0) { $0 * 2 + $1 }, radix: 16)
    }.joined()
  }

  @Test func theSmallestSquareThatHoldsTheTextIsTaken() throws {
    for (level, bytes) in Self.capacities {
      for (index, count) in bytes.enumerated() {
        #expect(QRCode(Self.text(count), level: level, mask: 0)?.version == index + 1)
        let next = QRCode(Self.text(count + 1), level: level, mask: 0)?.version
        #expect(next == (index == 14 ? nil : index + 2))
      }
    }
  }

  @Test func theCorrectionIsStrongerWhereThatCostsNothing() {
    #expect(QRCode(Self.text(14))?.level == .medium)
    #expect(QRCode(Self.text(15))?.level == .low)
    #expect(QRCode(Self.text(15))?.version == 1)
    #expect(QRCode(Self.text(521)) == nil)
  }

  @Test func everyVersionAndLevelCanBeReadAgain() throws {
    for (level, bytes) in Self.capacities {
      for (index, count) in bytes.enumerated() {
        for count in [count, count - 3] {
          let code = try #require(QRCode(Self.text(count), level: level))
          #expect(try QRReader(code).text() == Self.text(count), "version \(index + 1)")
        }
      }
    }
  }

  @Test(arguments: 0..<8) func everyMaskCanBeReadAgain(_ mask: Int) throws {
    let code = try #require(QRCode(Array("https://example.com/ä".utf8), mask: mask))
    #expect(code.mask == mask)
    #expect(try QRReader(code).text() == Array("https://example.com/ä".utf8))
  }

  private static func text(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) } }

  @Test func thePictureHasTheCodeAndItsQuietZone() throws {
    let code = try #require(QRCode(Array("https://example.com".utf8)))
    let picture = QRPicture(code)
    for usesColor in [true, false] {
      let lines = picture.lines(usesColor: usesColor)
      #expect(lines.count == (code.size + 8 + 1) / 2)
      for (line, text) in lines.enumerated() {
        var characters = Array(text)
        if usesColor {
          #expect(text.hasPrefix("\u{1B}[38;5;16;48;5;231m") && text.hasSuffix("\u{1B}[0m"))
          characters = Array(text.dropFirst("\u{1B}[38;5;16;48;5;231m".count).dropLast("\u{1B}[0m".count))
        }
        #expect(characters.count == picture.width)
        for (column, character) in characters.enumerated() {
          let isUpper = character == "▀" || character == "█"
          let isLower = character == "▄" || character == "█"
          #expect(isUpper == (code[line * 2 - 4, column - 4] == usesColor))
          if line < lines.count - 1 { #expect(isLower == (code[line * 2 - 3, column - 4] == usesColor)) }
        }
      }
    }
  }
}

import Testing

@testable import WebIOHTTP

@Suite struct WebSocketParserTests {
  /// A frame as a client sends it: `mask` is random, or none.
  static func frame(
    _ opcode: UInt8, _ payload: [UInt8] = [], final: Bool = true, reserved: UInt8 = 0, masked: Bool = true,
    length: [UInt8]? = nil
  ) -> [UInt8] {
    var bytes = [(final ? 0x80 : 0) | reserved << 4 | opcode]
    let mark: UInt8 = masked ? 0x80 : 0
    if let length {
      bytes += [mark | length[0]] + length.dropFirst()
    } else if payload.count < 126 {
      bytes.append(mark | UInt8(payload.count))
    } else if payload.count < 65_536 {
      bytes += [mark | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
    } else {
      bytes.append(mark | 127)
      for shift in (0..<8).reversed() { bytes.append(UInt8(payload.count >> (8 * shift) & 255)) }
    }
    guard masked else { return bytes + payload }
    let key = (0..<4).map { _ in UInt8.random(in: 0...255) }
    bytes += key
    for (index, byte) in payload.enumerated() { bytes.append(byte ^ key[index % 4]) }
    return bytes
  }

  private func frame(_ opcode: UInt8, _ text: String, final: Bool = true) -> [UInt8] {
    Self.frame(opcode, Array(text.utf8), final: final)
  }

  /// Events as words: `t:hello`, `b:…`, `ping:x`, `pong`, `close1000:bye`, `!1002`.
  private func events(
    _ bytes: [UInt8], splits: [Int] = [], role: WebSocketRole = .server, limit: Int = 1_000, compression: Bool = false,
    emptyFragments: Int = 5
  ) -> [String] {
    var parser = WebSocketParser(
      role, limit: limit, emptyFragmentLimit: emptyFragments, allowsCompression: compression)
    var words: [String] = []
    var start = 0
    for end in splits + [bytes.count] {
      Array(bytes[start..<end]).withUnsafeBytes { piece in
        var position = 0
        while true {
          switch parser.next(piece, &position) {
          case .needsMore: return
          case .message(let isText):
            let text = String(decoding: parser.takeMessage(), as: UTF8.self)
            words.append("\(isText ? "t" : "b")\(parser.isCompressed ? "z" : ""):\(text)")
          case .ping(let payload): words.append("ping:\(String(decoding: payload, as: UTF8.self))")
          case .pong: words.append("pong")
          case .close(let code, let reason): words.append("close\(code):\(reason)")
          case .failed(let code, _): words.append("!\(code)")
          }
        }
      }
      start = end
    }
    return words
  }

  private func expect(
    _ bytes: [UInt8], _ expected: [String], role: WebSocketRole = .server, limit: Int = 1_000,
    compression: Bool = false, _ comment: Comment = ""
  ) {
    #expect(events(bytes, role: role, limit: limit, compression: compression) == expected, comment)
    let each = Array(0..<bytes.count)
    #expect(events(bytes, splits: each, role: role, limit: limit, compression: compression) == expected, comment)
    for _ in 0..<10 {
      let splits = (0..<3).map { _ in Int.random(in: 0...bytes.count) }.sorted()
      #expect(events(bytes, splits: splits, role: role, limit: limit, compression: compression) == expected, comment)
    }
  }

  @Test func messages() {
    expect(frame(1, "hello"), ["t:hello"])
    expect(frame(2, "hello"), ["b:hello"])
    expect(frame(1, ""), ["t:"])
    for size in [1, 7, 8, 9, 124, 125, 126, 127, 128, 255, 256, 1_000] {
      expect(frame(1, String(repeating: "x", count: size)), ["t:" + String(repeating: "x", count: size)])
    }
    let large = String(repeating: "y", count: 70_000)
    #expect(events(frame(2, large), limit: 100_000) == ["b:" + large])
  }

  @Test func aClientTakesUnmaskedFrames() {
    expect(Self.frame(1, [0x61], masked: false), ["t:a"], role: .client)
    expect(Self.frame(1, [0x61], masked: true), ["!1002"], role: .client)
    expect(Self.frame(1, [0x61], masked: false), ["!1002"])
  }

  @Test func fragmentsWithControlFramesBetween() {
    let bytes =
      frame(1, "a", final: false) + frame(9, "p") + frame(0, "b", final: false) + frame(10, "") + frame(0, "c")
    expect(bytes + frame(2, "d"), ["ping:p", "pong", "t:abc", "b:d"])
  }

  @Test func wrongOrder() {
    expect(frame(0, "a"), ["!1002"], "a continuation of nothing")
    expect(frame(1, "a", final: false) + frame(1, "b"), ["!1002"], "a message within a message")
    expect(frame(1, "a") + frame(0, "b"), ["t:a", "!1002"], "a continuation after the end")
  }

  @Test func reservedBitsAndOpcodes() {
    for reserved: UInt8 in 1...7 { expect(Self.frame(1, [], reserved: reserved), ["!1002"]) }
    for opcode: UInt8 in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] { expect(Self.frame(opcode), ["!1002"]) }
    expect(Self.frame(1, [1], reserved: 4), ["tz:\u{1}"], compression: true)
    expect(Self.frame(1, [1], reserved: 2), ["!1002"], compression: true)
    expect(Self.frame(9, [], reserved: 4), ["!1002"], compression: true)
    expect(
      Self.frame(1, [1], final: false, reserved: 4) + Self.frame(0, [2], reserved: 4), ["!1002"], compression: true)
  }

  @Test func controlFrames() {
    expect(Self.frame(9, [UInt8](repeating: 0x61, count: 125)), ["ping:" + String(repeating: "a", count: 125)])
    expect(Self.frame(9, [UInt8](repeating: 0x61, count: 126)), ["!1002"])
    expect(Self.frame(9, [], final: false), ["!1002"])
    expect(Self.frame(8, [], final: false), ["!1002"])
  }

  @Test func closeFrames() {
    expect(Self.frame(8), ["close1005:"])
    expect(Self.frame(8, [3]), ["!1002"])
    expect(Self.frame(8, [3, 232] + Array("bye".utf8)), ["close1000:bye"])
    expect(Self.frame(8, [3, 232, 0xff]), ["!1007"])
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
      expect(Self.frame(8, [UInt8(code >> 8), UInt8(code & 255)]), ["!1002"], "\(code)")
    }
    for code in [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999] {
      expect(Self.frame(8, [UInt8(code >> 8), UInt8(code & 255)]), ["close\(code):"], "\(code)")
    }
  }

  @Test func lengthsMustBeTheShortest() {
    expect(Self.frame(1, [0x61], length: [126, 0, 1]), ["!1002"])
    expect(Self.frame(1, [], length: [126, 0, 125]), ["!1002"])
    expect(Self.frame(1, [], length: [127, 0, 0, 0, 0, 0, 0, 0, 1]), ["!1002"])
    expect(Self.frame(1, [], length: [127, 0, 0, 0, 0, 0, 0, 255, 255]), ["!1002"])
    expect(Self.frame(1, [], length: [127, 0x80, 0, 0, 0, 0, 0, 0, 0]), ["!1002"])
    expect(Self.frame(1, [], length: [127, 0x7f, 255, 255, 255, 255, 255, 255, 255]), ["!1009"])
  }

  @Test func messageLimit() {
    for size in 99...101 {
      let text = String(repeating: "x", count: size)
      expect(frame(1, text), size <= 100 ? ["t:" + text] : ["!1009"], limit: 100)
      let halves = frame(1, String(text.prefix(50)), final: false) + frame(0, String(text.dropFirst(50)))
      expect(halves, size <= 100 ? ["t:" + text] : ["!1009"], limit: 100)
    }
    // The length alone is enough: nothing is kept for what has not come.
    #expect(events(Array(frame(2, String(repeating: "x", count: 200)).prefix(8)), limit: 100) == ["!1009"])
  }

  @Test func emptyFragmentsAreCounted() {
    func flood(_ count: Int) -> [UInt8] {
      frame(1, "a", final: false) + (0..<count).flatMap { _ in frame(0, "", final: false) } + frame(0, "b")
    }
    #expect(events(flood(5)) == ["t:ab"])
    #expect(events(flood(6)) == ["!1008"])
    let spread =
      frame(1, "", final: false) + (0..<20).flatMap { _ in frame(0, "", final: false) + frame(0, "x", final: false) }
    #expect(events(spread + frame(0, "")) == ["t:" + String(repeating: "x", count: 20)])
  }

  @Test func badTextIsFoundInItsFragment() {
    let good = Array("κόσμε".utf8)
    expect(Self.frame(1, good), ["t:κόσμε"])
    expect(Self.frame(1, Array(good[..<3]), final: false) + Self.frame(0, Array(good[3...])), ["t:κόσμε"])
    expect(Self.frame(1, [0xff], final: false), ["!1007"])
    expect(Self.frame(1, [0xc3]), ["!1007"], "cut within a character")
    expect(Self.frame(1, [0xed, 0xa0, 0x80]), ["!1007"], "a surrogate")
    expect(Self.frame(1, [0xf4, 0x90, 0x80, 0x80]), ["!1007"], "above U+10FFFF")
    expect(Self.frame(2, [0xff]), ["b:\u{fffd}"])
    // Before the frame is whole.
    let part = Array(Self.frame(1, [0x61, 0xff] + [UInt8](repeating: 0x61, count: 100)).prefix(8))
    #expect(events(part) == ["!1007"])
  }

  @Test func nothingComesAfterAFailure() {
    expect(Self.frame(3) + frame(1, "a"), ["!1002"])
  }

  @Test func masksAtEveryOffset() {
    for size in 0..<40 {
      for start in 0..<5 {
        let plain = (0..<size).map { UInt8($0) }
        let key: [UInt8] = [1, 2, 3, 4]
        var bytes = [UInt8](repeating: 9, count: start) + plain
        let mask = key.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
        for offset in 0..<4 {
          var copy = bytes
          copy.withUnsafeMutableBytes { WebSocketFrame.apply(mask, to: $0, from: start, offset: offset) }
          let expected = plain.enumerated().map { $1 ^ key[($0 + offset) % 4] }
          #expect(Array(copy[start...]) == expected)
        }
        bytes = []
      }
    }
  }

  @Test func garbageNeverTrapsAndDoesNotDependOnTheSplit() {
    for _ in 0..<5_000 {
      var bytes = frame(1, "hello", final: .random()) + frame(9, "p") + frame(0, "é") + Self.frame(8, [3, 232])
      for _ in 0..<Int.random(in: 1...4) { bytes[Int.random(in: 0..<bytes.count)] = .random(in: 0...255) }
      let splits = (0..<3).map { _ in Int.random(in: 0...bytes.count) }.sorted()
      #expect(events(bytes, compression: true) == events(bytes, splits: splits, compression: true))
    }
  }
}

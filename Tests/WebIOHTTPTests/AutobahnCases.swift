import Testing

/// The groups of the Autobahn testsuite as exchanges in our own words: what a client sends, and what it must get.
///
/// The names are the suite's case numbers, so that a failure there finds its case here. Each runs with the frames whole
/// and byte by byte. The suite itself is run by hand: Tests/Benchmarks/conformance.
struct AutobahnCase: Sendable, CustomTestStringConvertible {
  let name: String
  let sends: [[UInt8]]
  /// `t:` and `b:` echoed messages, `pong:`, `close:` with the code of our close frame.
  let expects: [String]
  var isCompressed = false
  var testDescription: String { name }

  private typealias Tests = WebSocketParserTests

  private static func text(_ payload: [UInt8], final: Bool = true) -> [UInt8] { Tests.frame(1, payload, final: final) }
  private static func text(_ payload: String, final: Bool = true) -> [UInt8] { text(Array(payload.utf8), final: final) }
  private static func binary(_ count: Int, final: Bool = true) -> [UInt8] {
    Tests.frame(2, [UInt8](repeating: 0xfe, count: count), final: final)
  }
  private static func more(_ payload: [UInt8], final: Bool = false) -> [UInt8] { Tests.frame(0, payload, final: final) }
  private static func ping(_ payload: [UInt8] = [], final: Bool = true) -> [UInt8] { Tests.frame(9, payload, final: final) }
  private static func pong(_ payload: [UInt8] = []) -> [UInt8] { Tests.frame(10, payload) }
  private static func close(_ code: Int? = nil, _ reason: [UInt8] = []) -> [UInt8] {
    Tests.frame(8, code.map { [UInt8($0 >> 8), UInt8($0 & 255)] + reason } ?? [])
  }
  private static func stars(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x2a, count: count) }
  private static func summary(_ kind: String, _ payload: [UInt8]) -> String {
    payload.count > 40 ? "\(kind):(\(payload.count))" : "\(kind):\(String(decoding: payload, as: UTF8.self))"
  }

  static let all: [AutobahnCase] =
    framing + pings + reservedBits + opcodes + fragmentation + utf8 + closing + sizes + chopped + compression

  /// 1: text and binary messages around the lengths at which the frame's head grows.
  private static var framing: [AutobahnCase] {
    [0, 125, 126, 127, 128, 65_535, 65_536].enumerated().flatMap { index, size in
      let binaryPayload = [UInt8](repeating: 0xfe, count: size)
      return [
        AutobahnCase(name: "1.1.\(index + 1)", sends: [text(stars(size))], expects: [summary("t", stars(size))]),
        AutobahnCase(name: "1.2.\(index + 1)", sends: [binary(size)], expects: ["b:(\(binaryPayload.count))"]),
      ]
    }
  }

  /// 2: pings with all sorts of payloads, pongs that nobody asked for, many pings.
  private static var pings: [AutobahnCase] {
    let bytes: [UInt8] = [0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff]
    return [
      AutobahnCase(name: "2.1", sends: [ping()], expects: ["pong:"]),
      AutobahnCase(name: "2.2", sends: [ping(Array("Hello, world!".utf8))], expects: ["pong:Hello, world!"]),
      AutobahnCase(name: "2.3", sends: [ping(bytes)], expects: [summary("pong", bytes)]),
      AutobahnCase(name: "2.4", sends: [ping(bytes + stars(117))], expects: ["pong:(125)"]),
      AutobahnCase(name: "2.5", sends: [ping(stars(126))], expects: ["close:1002"]),
      AutobahnCase(name: "2.7", sends: [pong()], expects: []),
      AutobahnCase(name: "2.8", sends: [pong(stars(20))], expects: []),
      AutobahnCase(name: "2.9", sends: [pong(stars(3)), ping(stars(2))], expects: ["pong:**"]),
      AutobahnCase(
        name: "2.10", sends: (0..<10).map { ping(Array("payload-\($0)".utf8)) },
        expects: (0..<10).map { "pong:payload-\($0)" }),
    ]
  }

  /// 3: bits that mean nothing without an extension, behind messages that are answered first.
  private static var reservedBits: [AutobahnCase] {
    (1...7).flatMap { bits -> [AutobahnCase] in
      let broken = [Tests.frame(1, stars(5), reserved: UInt8(bits)), Tests.frame(9, stars(5), reserved: UInt8(bits))]
      return [
        AutobahnCase(name: "3.\(bits) text", sends: [text("a"), broken[0], ping()], expects: ["t:a", "close:1002"]),
        AutobahnCase(name: "3.\(bits) ping", sends: [text("a"), broken[1], ping()], expects: ["t:a", "close:1002"]),
      ]
    }
  }

  /// 4: opcodes that nobody has given a meaning.
  private static var opcodes: [AutobahnCase] {
    [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap { opcode -> [AutobahnCase] in
      [[UInt8](), stars(10)].enumerated().map { index, payload in
        AutobahnCase(
          name: "4.\(opcode < 8 ? 1 : 2) opcode \(opcode), payload \(index)",
          sends: [text("a"), Tests.frame(UInt8(opcode), payload), ping()], expects: ["t:a", "close:1002"])
      }
    }
  }

  /// 5: fragments, and control frames between them.
  private static var fragmentation: [AutobahnCase] {
    let (first, second) = (Array("fragment1".utf8), Array("fragment2".utf8))
    return [
      AutobahnCase(name: "5.1", sends: [ping(first, final: false), more(second, final: true)], expects: ["close:1002"]),
      AutobahnCase(
        name: "5.2", sends: [Tests.frame(10, first, final: false), more(second, final: true)], expects: ["close:1002"]),
      AutobahnCase(
        name: "5.3-5", sends: [text(first, final: false), more(second, final: true)], expects: ["t:fragment1fragment2"]),
      AutobahnCase(
        name: "5.6-8", sends: [text(first, final: false), ping(stars(3)), more(second, final: true)],
        expects: ["pong:***", "t:fragment1fragment2"]),
      AutobahnCase(name: "5.9-11", sends: [more(first, final: true), text("b")], expects: ["close:1002"]),
      AutobahnCase(name: "5.12-14", sends: [more(first, final: false), text("b")], expects: ["close:1002"]),
      AutobahnCase(
        name: "5.15", sends: [text(first, final: false), more(second, final: true), more(first), text("b")],
        expects: ["t:fragment1fragment2", "close:1002"]),
      AutobahnCase(
        name: "5.16-17", sends: [more(first), text(second), more(first, final: true)], expects: ["close:1002"]),
      AutobahnCase(name: "5.18", sends: [text(first, final: false), text(second)], expects: ["close:1002"]),
      AutobahnCase(
        name: "5.19-20",
        sends: [
          text("1", final: false), more([0x32]), ping(stars(1)), more([0x33]), more([0x34]), ping(stars(2)),
          more([0x35], final: true),
        ], expects: ["pong:*", "pong:**", "t:12345"]),
    ]
  }

  /// 6: text that is and is not UTF-8, in one frame, in fragments, and found as soon as it can be.
  private static var utf8: [AutobahnCase] {
    let good: [String] = [
      "Hello-µ@ßöäüàá-UTF-8!!", "κόσμε", "\u{0}", "\u{80}", "\u{800}", "\u{10000}", "\u{7f}", "\u{7ff}", "\u{ffff}",
      "\u{d7ff}", "\u{e000}", "\u{fffd}", "\u{10ffff}", "\u{fffe}", "\u{1fffe}", "\u{feff}",
    ]
    let bad: [[UInt8]] = [
      [0xce, 0xba, 0xe1, 0xbd, 0xb9, 0xcf, 0x83, 0xce, 0xbc, 0xce, 0xb5, 0xed, 0xa0, 0x80, 0x65],
      [0xf8, 0x88, 0x80, 0x80, 0x80],
      [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80], [0xf7, 0xbf, 0xbf, 0xbf], [0xfb, 0xbf, 0xbf, 0xbf, 0xbf], [0xf4, 0x90, 0x80, 0x80],
      [0x80], [0xbf], [0x80, 0xbf, 0x80], [0xc0, 0x20], [0xe0, 0x20], [0xf0, 0x20], [0xfe], [0xff], [0xfe, 0xfe, 0xff, 0xff],
      [0xc0, 0xaf], [0xe0, 0x80, 0xaf], [0xf0, 0x80, 0x80, 0xaf], [0xc1, 0xbf], [0xe0, 0x9f, 0xbf], [0xf0, 0x8f, 0xbf, 0xbf],
      [0xed, 0xa0, 0x80], [0xed, 0xaf, 0xbf], [0xed, 0xb0, 0x80], [0xed, 0xbf, 0xbf], [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80],
    ]
    let cut: [[UInt8]] = [[0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xce, 0xba, 0xe1]]
    return good.enumerated().flatMap { index, word -> [AutobahnCase] in
      let bytes = Array(word.utf8)
      return [
        AutobahnCase(name: "6 good \(index)", sends: [text(bytes)], expects: [summary("t", bytes)]),
        AutobahnCase(
          name: "6 good \(index) in bytes",
          sends: [text([], final: false)] + bytes.map { more([$0]) } + [more([], final: true)],
          expects: [summary("t", bytes)]),
      ]
    }
      + bad.enumerated().flatMap { index, bytes -> [AutobahnCase] in
        [
          AutobahnCase(name: "6 bad \(index)", sends: [text(bytes), ping()], expects: ["close:1007"]),
          // The fragment that follows never comes: the failure is found before.
          AutobahnCase(
            name: "6.4 bad \(index), found in the first fragment", sends: [text(bytes + [0x20], final: false)],
            expects: ["close:1007"]),
        ]
      }
      + cut.enumerated().map { index, bytes in
        AutobahnCase(name: "6 cut \(index)", sends: [text(bytes), ping()], expects: ["close:1007"])
      }
  }

  /// 7: the close handshake, and what comes behind it.
  private static var closing: [AutobahnCase] {
    var cases = [
      AutobahnCase(name: "7.1.1", sends: [text("a"), close(1000)], expects: ["t:a", "close:1000"]),
      AutobahnCase(name: "7.1.2", sends: [close(1000), close(1000)], expects: ["close:1000"]),
      AutobahnCase(name: "7.1.3", sends: [close(1000), ping()], expects: ["close:1000"]),
      AutobahnCase(name: "7.1.4", sends: [close(1000), text("a")], expects: ["close:1000"]),
      AutobahnCase(
        name: "7.1.5", sends: [text("a", final: false), close(1000), more([0x62], final: true)], expects: ["close:1000"]),
      AutobahnCase(name: "7.3.1", sends: [close()], expects: ["close:"]),
      AutobahnCase(name: "7.3.2", sends: [Tests.frame(8, [3])], expects: ["close:1002"]),
      AutobahnCase(name: "7.3.3", sends: [close(1000)], expects: ["close:1000"]),
      AutobahnCase(name: "7.3.4", sends: [close(1000, Array("Hello World!".utf8))], expects: ["close:1000"]),
      AutobahnCase(name: "7.3.5", sends: [close(1000, stars(123))], expects: ["close:1000"]),
      AutobahnCase(name: "7.3.6", sends: [close(1000, stars(124))], expects: ["close:1002"]),
      AutobahnCase(name: "7.5.1", sends: [close(1000, [0xce, 0xba, 0xed, 0xa0, 0x80])], expects: ["close:1007"]),
    ]
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
      cases.append(AutobahnCase(name: "7.7 \(code)", sends: [close(code)], expects: ["close:\(code)"]))
    }
    for code in [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535] {
      cases.append(AutobahnCase(name: "7.9 and 7.13 \(code)", sends: [close(code)], expects: ["close:1002"]))
    }
    return cases
  }

  /// 9: large messages, whole and in fragments of several sizes.
  private static var sizes: [AutobahnCase] {
    let payload = stars(1 << 20)
    return [64, 1_024, 65_536, 1 << 20].map { size in
      var frames: [[UInt8]] = []
      for start in stride(from: 0, to: payload.count, by: size) {
        let piece = Array(payload[start..<min(start + size, payload.count)])
        let isLast = start + size >= payload.count
        frames.append(start == 0 ? text(piece, final: isLast) : more(piece, final: isLast))
      }
      return AutobahnCase(name: "9 fragments of \(size)", sends: frames, expects: ["t:(1048576)"])
    }
  }

  /// 10: a message in fragments that do not meet the frame's boundaries.
  private static var chopped: [AutobahnCase] {
    var frames = [text(stars(1_300), final: false)]
    frames += (1..<50).map { more(stars(1_300), final: $0 == 49) }
    return [AutobahnCase(name: "10.1.1", sends: frames, expects: ["t:(65000)"])]
  }

  /// 12 and 13: messages of many sizes, compressed.
  private static var compression: [AutobahnCase] {
    [0, 16, 64, 256, 1_024, 4_096, 8_192, 131_072].map { size in
      let payload = (0..<size).map { UInt8(truncatingIfNeeded: 0x20 + ($0 &* 7) % 90) }
      return AutobahnCase(
        name: "12 and 13, \(size) bytes", sends: [WebSocketCompressed.frame(payload), WebSocketCompressed.frame(payload)],
        expects: [summary("t", payload), summary("t", payload)], isCompressed: true)
    } + [
      AutobahnCase(
        name: "12 control frames are never compressed", sends: [Tests.frame(9, stars(3), reserved: 4)],
        expects: ["close:1002"], isCompressed: true),
      AutobahnCase(
        name: "12 not compressed although it may be", sends: [text("plain")], expects: ["t:plain"], isCompressed: true),
    ]
  }
}

import Foundation

@testable import WebIOHTTP

/// RFC 8259, beside Foundation's reading of it.
extension FuzzTarget {
  static let json: [FuzzTarget] = [value, lines]

  private static let seeds = [
    #"{"event":"from_submit","task_id":"main-1","data":{"name":"Ada","age":35.5,"ok":true,"no":null},"n":1}"#,
    #"[1,-0,0.5,1e3,-12E-2,9223372036854775807,-9223372036854775808,18446744073709551615,[[]],{}]"#,
    #""\u00e9\ud83d\ude00\n\"\\\/\b\f\r\t€""#, #"{"a":1,"a":2,"\u0061":3}"#, "  true ", #"["</script>","<!--","\u2028"]"#,
  ]
  private static let words = [
    "true", "false", "null", #"\ud800"#, #"\udc00"#, #"\u0000"#, "{\"", "\":", "[[", "]]", "{}", "1e5", "-0", "0.1", "\\",
    "// x", "/* */",
  ]

  @Sendable private static func randomValue(_ dice: inout Dice) -> [UInt8] { random(&dice, depth: 0).serialized }

  private static func random(_ dice: inout Dice, depth: Int) -> JSONValue {
    switch dice.below(depth > 4 ? 5 : 7) {
    case 0: return .null
    case 1: return .bool(dice.isOne(in: 2))
    case 2: return .int(Int64(bitPattern: dice.next()) >> Int64(dice.below(64)))
    case 3: return .double(Double(bitPattern: dice.next()))
    case 4:
      return .string(
        String(decoding: dice.bytes(dice.below(8)) + Array("a\u{2028}<".utf8.prefix(dice.below(6))), as: UTF8.self))
    case 5: return .array((0..<dice.below(5)).map { _ in random(&dice, depth: depth + 1) })
    default: return .object(JSONObject((0..<dice.below(5)).map { ("k\($0)", random(&dice, depth: depth + 1)) }))
    }
  }

  private static let value = FuzzTarget("json", seeds: seeds, words: words, generate: randomValue) { input in
    let ours = Result { () throws(JSONError) in try JSONParser.parse(input.bytes) }
    // Foundation guesses other encodings by zeros and byte order marks.
    let isComparable =
      !input.bytes.contains(0) && input.bytes.firstRange(of: [0xef, 0xbb, 0xbf]) == nil
      && ![0xfe, 0xff].contains(input.bytes.first)
    let theirs = isComparable ? try? JSONSerialization.jsonObject(with: Data(input.bytes), options: [.fragmentsAllowed]) : nil
    switch ours {
    case .success(let value):
      try soundlyWritten(value)
      if isComparable {
        // Browsers can send half a surrogate pair, which Foundation refuses.
        let text = input.text
        guard let theirs else {
          let hasSurrogate = text.range(of: #"\\u[dD][89a-fA-F]"#, options: .regularExpression) != nil
          try require(hasSurrogate || text.isEmpty, "Foundation refuses it")
          return "surrogate"
        }
        try require(isSame(value, theirs), "Foundation reads \(theirs), we \(value)")
      }
      return "\(shape(value))"
    case .failure(let error):
      try require(error.offset >= 0 && error.offset <= input.bytes.count + 1, "an error at byte \(error.offset)")
      // The depth and the range are limits of ours, and Foundation lets a comma pass before a bracket.
      let rest = input.bytes.dropFirst(error.offset)
      let isTrailingComma = ["]", "}"].contains { rest.starts(with: $0.utf8) }
      if theirs != nil, !error.reason.hasPrefix("nested deeper"), error.reason != "a number out of range", !isTrailingComma {
        throw Defect("Foundation takes it, and we say \(error)")
      }
      return "\(error.reason) \(min(error.offset, 8))"
    }
  }

  /// What was read can be written, into a page as well, and is then the same again.
  private static func soundlyWritten(_ value: JSONValue) throws {
    let written = value.serialized
    let text = String(decoding: written, as: UTF8.self)
    try require(String(validating: written, as: UTF8.self) != nil, "written, it is no UTF-8")
    for forbidden in ["</", "<!", "\u{2028}", "\u{2029}", "\n"] {
      try require(!text.utf8.contains(forbidden.utf8), "\(forbidden.debugDescription) in \(text)")
    }
    try require(!value.inert.contains(UInt8(ascii: "<")), "inert text with a tag")
    for text in [written, value.inert] {
      try require((try? JSONParser.parse(text)) == value, "written and read it is another value")
    }
  }

  private static func isSame(_ ours: JSONValue, _ theirs: Any) -> Bool {
    switch ours {
    case .null: return theirs is NSNull
    case .bool(let value): return (theirs as? NSNumber)?.boolValue == value
    case .int(let value): return (theirs as? NSNumber)?.int64Value == value
    case .double(let value):
      guard let number = theirs as? NSNumber else { return false }
      // Foundation's decimal numbers are a little off as doubles.
      return number.doubleValue == value || abs(number.doubleValue - value) <= abs(value) * 1e-13
    case .string(let value): return (theirs as? String).map { $0.utf8.elementsEqual(value.utf8) } ?? false
    case .array(let values):
      guard let list = theirs as? [Any], list.count == values.count else { return false }
      return zip(values, list).allSatisfy { isSame($0, $1) }
    case .object(let object):
      guard let dictionary = theirs as? [String: Any] else { return false }
      // Which one of two counts is not said anywhere.
      guard Set(object.names).count == object.count else { return true }
      return dictionary.count == object.count
        && object.members.allSatisfy { member in dictionary[member.name].map { isSame(member.value, $0) } ?? false }
    }
  }

  private static func shape(_ value: JSONValue, depth: Int = 0) -> String {
    guard depth < 4 else { return "…" }
    switch value {
    case .null: return "n"
    case .bool: return "b"
    case .int: return "i"
    case .double: return "d"
    case .string(let text): return "s\(min(text.utf8.count, 3))"
    case .array(let values): return "[\(values.prefix(4).map { shape($0, depth: depth + 1) }.joined())]"
    case .object(let object): return "{\(object.members.prefix(4).map { shape($0.value, depth: depth + 1) }.joined())}"
    }
  }

  private static let lines = FuzzTarget(
    "json-lines", seeds: ["{\"op\":\"log\"}\n[1]\n", "broken\n{\"a\":1}\n\n\r\n2"], words: words + ["{\"a\":1}\n"],
    generate: randomValue
  ) { input in
    let log = try input.sameForAllCuts { pieces in
      var lines = JSONLines()
      return pieces.flatMap { piece in piece.withCopiedBytes { lines.receive($0) } }.map(\.description).joined(separator: "\n")
    }
    return "\(log.utf8.count(where: { $0 == 10 })) \(log.prefix(10))"
  }
}

extension Collection<UInt8> {
  fileprivate func contains(_ part: some Collection<UInt8>) -> Bool { Array(self).firstRange(of: Array(part)) != nil }
}

import Testing

@testable import WebIOHTTP

@Suite struct JSONTests {
  private func parse(_ text: String) -> JSONValue? { try? JSONParser.parse(Array(text.utf8)) }

  @Test func values() {
    #expect(parse(" null ") == .null)
    #expect(parse("true") == true)
    #expect(parse("false") == false)
    #expect(parse("0") == 0)
    #expect(parse("-12") == -12)
    #expect(parse("9223372036854775807") == .int(.max))
    #expect(parse("9223372036854775808") == .double(9_223_372_036_854_775_808))
    #expect(parse("1.5e3") == 1500.0)
    #expect(parse("1E-2") == 0.01)
    #expect(parse("\"a\"") == "a")
    #expect(parse("[]") == [])
    #expect(parse("[1, [2], {}]") == [1, [2], [:]])
    #expect(parse("{\"a\":1,\"b\":{\"c\":null}}") == ["a": 1, "b": ["c": nil]])
  }

  @Test(arguments: [
    "", " ", "nul", "nulll", "True", "+1", "01", "-", "1.", ".5", "1e", "1e+", "0x10", "1_0", "NaN", "Infinity",
    "1e999",
    "'a'", "\"a", "\"\\x\"", "\"\\u12g4\"", "\"\\u12\"", "\"a\nb\"", "\"\\", "[1,]", "[,1]", "[1 2]", "[", "]",
    "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "{,}", "{\"a\" 1}", "{1:2}", "1 2", "[1]]", "// a\n1", "\u{feff}1",
    "tru\u{0435}", "１",
  ])
  func broken(_ text: String) {
    #expect(parse(text) == nil)
  }

  @Test func bytesThatAreNoText() {
    #expect(throws: JSONError.self) { try JSONParser.parse([0x22, 0xff, 0x22]) }
    #expect(throws: JSONError.self) { try JSONParser.parse([0x22, 0xc0, 0xae, 0x22]) }
    #expect(throws: JSONError.self) { try JSONParser.parse([0x22, 0xed, 0xa0, 0x80, 0x22]) }
    #expect(throws: JSONError.self) { try JSONParser.parse([0x31, 0x00]) }
  }

  @Test func escapes() {
    #expect(parse(#""\"\\\/\b\f\n\r\t\u00e9\u20AC""#) == "\"\\/\u{8}\u{c}\n\r\té€")
    #expect(parse(#""\ud83d\ude00!""#) == "😀!")
    #expect(parse(#""\ud83d""#) == "\u{fffd}")
    #expect(parse(#""\ud83dx""#) == "\u{fffd}x")
    #expect(parse(#""\ude00\ud83d\n""#) == "\u{fffd}\u{fffd}\n")
    #expect(parse(#""\ud83d\u0041""#) == "\u{fffd}A")
  }

  @Test func depthLimit() {
    func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    #expect(parse(nested(63)) != nil)
    #expect(parse(nested(64)) != nil)
    #expect(parse(nested(65)) == nil)
    #expect(parse(String(repeating: "[", count: 1_000_000)) == nil)
    #expect(parse(String(repeating: "{\"a\":", count: 1_000_000)) == nil)
  }

  @Test func valueLimit() {
    func values(_ text: String, limit: Int) -> JSONValue? {
      Array(text.utf8).withUnsafeBytes { try? JSONParser.parse($0, valueLimit: limit) }
    }
    for (text, count) in [("[0,0]", 3), ("{\"a\":{\"b\":[]}}", 3), ("\"a\"", 1)] {
      #expect(values(text, limit: count - 1) == nil)
      #expect(values(text, limit: count) != nil)
      #expect(values(text, limit: count + 1) != nil)
    }
    func zeros(_ count: Int) -> String { "[" + String(repeating: "0,", count: count - 2) + "0]" }
    #expect(parse(zeros(JSONParser.valueLimit)) != nil)
    #expect(parse(zeros(JSONParser.valueLimit + 1)) == nil)
  }

  @Test func theLastOfTwoNamesCounts() {
    #expect(parse("{\"a\":1,\"b\":2,\"a\":3}")?["a"] == 3)
  }

  @Test func accessors() {
    let value: JSONValue = ["i": 5, "d": 2.5, "w": 7.0, "s": "x", "b": true, "n": nil, "a": [1, 2]]
    #expect(value["i"]?.int == 5 && value["i"]?.double == 5)
    #expect(value["d"]?.int == nil && value["d"]?.double == 2.5)
    #expect(value["w"]?.int == 7)
    #expect(value["s"]?.string == "x" && value["s"]?.int == nil)
    #expect(value["b"]?.bool == true && value["n"]?.isNull == true)
    #expect(value["a"]?[1] == 2 && value["a"]?[2] == nil && value["a"]?[-1] == nil)
    #expect(value["z"] == nil && value[0] == nil && value["s"]?["x"] == nil)
    #expect(value["a"]?.array?.count == 2 && value.object?.names == ["i", "d", "w", "s", "b", "n", "a"])
    #expect(JSONValue.double(1e300).int == nil)
  }

  @Test func objectsAreEqualInAnyOrder() {
    #expect(JSONValue.object(["a": 1, "b": 2]) == ["b": 2, "a": 1])
    #expect(JSONValue.object(["a": 1, "b": 2]) != ["b": 2, "a": 2])
    var object: JSONObject = ["a": 1]
    object["b"] = 2
    object["a"] = 3
    #expect(object.members.map(\.name) == ["a", "b"] && object["a"] == 3)
    object["a"] = nil
    #expect(object.names == ["b"])
  }

  @Test func writing() {
    let value: JSONValue = ["a": [1, -2, 2.5, 1e21, nil, true], "b": ["c": "d"], "e": [], "f": [:]]
    #expect(value.description == #"{"a":[1,-2,2.5,1e+21,null,true],"b":{"c":"d"},"e":[],"f":{}}"#)
    #expect(JSONValue.double(.nan).description == "null")
    #expect(JSONValue.double(-.infinity).description == "null")
    #expect(JSONValue.int(.min).description == "-9223372036854775808")
  }

  @Test func stringsAreSafeInAScript() {
    func text(_ value: JSONValue) -> String { value.description }
    #expect(text("</script><!-- a<b") == #""\u003c/script>\u003c!-- a<b""#)
    #expect(text("\u{2028}\u{2029}\u{2027}") == "\"\\u2028\\u2029\u{2027}\"")
    #expect(text("\0\u{1f}\u{7f}\"\\\n\r\té") == "\"\\u0000\\u001f\u{7f}\\\"\\\\\\n\\r\\té\"")
  }

  @Test func whatIsWrittenIsRead() {
    func random(_ depth: Int) -> JSONValue {
      switch Int.random(in: 0...(depth > 3 ? 4 : 6)) {
      case 0: return .null
      case 1: return .bool(.random())
      case 2: return .int(.random(in: .min ... .max))
      case 3: return .double(Double(bitPattern: .random(in: 0...(.max))).isFinite ? .random(in: -1e9...1e9) : 0.5)
      case 4:
        let scalars = (0..<Int.random(in: 0...20)).map { _ in
          Unicode.Scalar(UInt32.random(in: 0...0x2100)).map(Character.init) ?? "?"
        }
        return .string(String(scalars))
      case 5: return .array((0..<Int.random(in: 0...5)).map { _ in random(depth + 1) })
      default: return .object(JSONObject((0..<Int.random(in: 0...5)).map { ("\($0)", random(depth + 1)) }))
      }
    }
    for _ in 0..<2_000 {
      let value = random(0)
      #expect(parse(value.description) == value)
    }
  }

  @Test func garbageNeverTraps() {
    let alphabet = Array("{}[]\",:\\u0019eE+-.tfn\u{20}\u{0}\u{ff}ad8".unicodeScalars).map { UInt8($0.value) }
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...30)).map { _ in alphabet.randomElement() ?? 0 }
      _ = try? JSONParser.parse(bytes)
    }
  }
}

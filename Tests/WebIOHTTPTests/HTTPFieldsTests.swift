import Testing

@testable import WebIOHTTP

@Suite struct HTTPFieldsTests {
  @Test func lookupIgnoresASCIICaseOnly() {
    var fields: HTTPFields = ["Content-Type": "a", "X-Keep": "b"]
    #expect(fields["content-TYPE"] == "a")
    #expect(fields["x-\u{212a}eep"] == nil)
    fields.append("content-type", "c")
    #expect(fields["Content-Type"] == "a")
    #expect(fields.all("CONTENT-type") == ["a", "c"])
    fields["Content-Type"] = "d"
    #expect(fields.all("Content-Type") == ["d"])
    fields["X-Keep"] = nil
    #expect(fields.list.map(\.name) == ["Content-Type"])
    #expect(fields.contains("CONTENT-TYPE") && !fields.contains("X-Keep"))
  }

  /// CVE-2022-3215, Tornado CVE-2026-35536: what is set cannot end the field.
  @Test(arguments: [
    ("A", "b\r\nSet-Cookie: c"), ("A", "b\nc"), ("A", "b\rc"), ("A", "b\0c"), ("A", "b\u{1b}[2J"), ("A", "b\u{7f}"),
    ("A\r\nB", "c"), ("A B", "c"), ("A:", "c"), ("", "c"), ("Ä", "c"), ("A\0", "c"), ("A\n", "c"),
    ("Location", "/\r\n\r\n<script>"), ("Set-Cookie", "a=b\r\nX: y"), ("Content-Disposition", "filename=\"a\nb\""),
  ])
  func injection(_ name: String, _ value: String) {
    var fields = HTTPFields()
    fields.append(name, value)
    #expect(fields.isEmpty)
    #expect(fields.invalidName != nil)
    fields.append("Good", "1")
    #expect(fields.count == 1)
    #expect(fields.invalidName != nil)
  }

  @Test func valuesAreTrimmedAndMayBeEmptyOrUnicode() {
    let fields: HTTPFields = ["A": " b\t", "C": "", "D": "é"]
    #expect(fields["A"] == "b")
    #expect(fields["C"] == "")
    #expect(fields["D"] == "é")
    #expect(fields.invalidName == nil)
  }

  @Test func elementsOfAList() {
    let fields: HTTPFields = ["Connection": "keep-alive , Upgrade,,x"]
    #expect(fields.contains("UPGRADE", in: "connection"))
    #expect(fields.contains("x", in: "connection"))
    #expect(!fields.contains("up", in: "connection"))
    #expect(!fields.contains("", in: "connection"))
  }

  @Test func appendingOthersKeepsTheirOrder() {
    var fields: HTTPFields = ["A": "1"]
    fields.append(contentsOf: ["B": "2", "A": "3"])
    #expect(fields.list.map { "\($0.name)=\($0.value)" } == ["A=1", "B=2", "A=3"])
  }
}

@Suite struct ProtocolTextTests {
  @Test func decimalIsDigitsOnly() {
    #expect(ASCII.decimal("0") == 0)
    #expect(ASCII.decimal("9223372036854775807") == .max)
    for text in ["", "+5", "-0", " 5", "5 ", "1_0", "0x5", "9223372036854775808", "99999999999999999999", "５", "٣"] {
      #expect(ASCII.decimal(text) == nil, "\(text)")
    }
  }

  @Test func numbersAreWritten() {
    var bytes: [UInt8] = []
    for value in [0, 9, 10, 1234567890, .max, .min, -5] {
      bytes.append(decimal: value)
      bytes.append(0x20)
    }
    #expect(
      String(decoding: bytes, as: UTF8.self) == "0 9 10 1234567890 9223372036854775807 -9223372036854775808 -5 ")
    bytes = []
    for value in [0, 15, 16, 255, 65_536, .max] {
      bytes.append(hex: value)
      bytes.append(0x20)
    }
    #expect(String(decoding: bytes, as: UTF8.self) == "0 f 10 ff 10000 7fffffffffffffff ")
  }

  @Test func tokens() {
    let tokens = (UInt8.min...UInt8.max).filter(ASCII.isToken).map { Character(Unicode.Scalar($0)) }
    #expect(String(tokens) == "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~")
  }

  @Test func percentEncoding() {
    func decode(_ text: String, form: Bool = false) -> String? {
      Array(text.utf8).withUnsafeBytes { PercentEncoding.decodeText($0, plusIsSpace: form) }
    }
    #expect(decode("a%20b+c") == "a b+c")
    #expect(decode("a+b", form: true) == "a b")
    #expect(decode("%C3%a9") == "é")
    #expect(decode("%252e") == "%2e")
    for text in ["%", "%2", "%2g", "%+1", "%c0%ae", "%ff"] { #expect(decode(text) == nil, "\(text)") }
    #expect(PercentEncoding.encode("a b/é~") == "a%20b%2F%C3%A9~")
    #expect(PercentEncoding.encode("a b/c", keepingSlash: true) == "a%20b/c")
  }

  @Test func base64() {
    for (plain, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
      #expect(Base64.encode(Array(plain.utf8)) == text)
      #expect(Base64.decode(text) == Array(plain.utf8))
    }
    for text in ["Zg", "Zg=", "Zh==", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm9_"] {
      #expect(Base64.decode(text) == nil, "\(text)")
    }
    for count in 0..<100 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255) }
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
  }

  @Test func sha1() {
    func hex(_ text: String) -> String {
      SHA1.digest(Array(text.utf8)).map {
        String(decoding: [ASCII.hexDigit($0 >> 4), ASCII.hexDigit($0 & 15)], as: UTF8.self)
      }
      .joined()
    }
    #expect(hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    #expect(hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(hex(String(repeating: "a", count: 1_000)) == "291e9a6c66994949b57ba5e650361e98fc36b1ba")
    #expect(WebSocketHandshake.answer(to: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
  }

  @Test func dates() {
    #expect(HTTPDate(seconds: 784_111_777).description == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(HTTPDate(seconds: 0).description == "Thu, 01 Jan 1970 00:00:00 GMT")
    #expect(HTTPDate(seconds: -1).description == "Wed, 31 Dec 1969 23:59:59 GMT")
    #expect(HTTPDate(seconds: 951_782_400).description == "Tue, 29 Feb 2000 00:00:00 GMT")
    #expect(HTTPDate(seconds: 4_107_542_399).description == "Sun, 28 Feb 2100 23:59:59 GMT")
    for text in [
      "Sun, 06 Nov 1994 08:49:37 gmt", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "",
      "Sun, 31 Feb 2000 00:00:00 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
      "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 0000 08:49:37 GMT",
    ] {
      #expect(HTTPDate(text) == nil, "\(text)")
    }
    for _ in 0..<5_000 {
      let date = HTTPDate(seconds: Int.random(in: -62_135_596_800...253_402_300_799))
      #expect(HTTPDate(date.description) == date)
    }
  }

  @Test func statuses() {
    #expect(HTTPStatus(404).description == "404 Not Found")
    #expect(HTTPStatus(99).code == 500 && HTTPStatus(1_000).code == 500 && HTTPStatus(-1).code == 500)
    #expect(HTTPStatus(599).reason == "Status")
  }

  @Test func utf8InPieces() {
    func check(_ bytes: [UInt8], _ splits: [Int]) -> Bool {
      var validator = UTF8Validator()
      var start = 0
      for end in splits + [bytes.count] {
        guard Array(bytes[start..<end]).withUnsafeBytes({ validator.accept($0) }) else { return false }
        start = end
      }
      return validator.isComplete
    }
    for _ in 0..<20_000 {
      let alphabet: [UInt8] = [
        0x41, 0x7f, 0x80, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5,
      ]
      let bytes = (0..<Int.random(in: 0...12)).map { _ in alphabet.randomElement() ?? 0 }
      let expected = String(validating: bytes, as: UTF8.self) != nil
      #expect(check(bytes, []) == expected, "\(bytes)")
      #expect(check(bytes, [bytes.count / 2]) == expected, "\(bytes)")
    }
    let long = Array("the quick brown fox – über den faulen Hund 😀 ".utf8)
    #expect(check(long, Array(0..<long.count)))
  }
}

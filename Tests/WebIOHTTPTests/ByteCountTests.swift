import Testing

@testable import WebIOHTTP

@Suite struct ByteCountTests {
  @Test(arguments: [
    ("0", 0), ("200", 200), ("40K", 40 << 10), ("200M", 200 << 20), ("2G", 2 << 30), ("1T", 1 << 40), ("1.5M", 3 << 19),
    ("0.5k", 512), ("1.25g", 5 << 28), ("40kB", 40 << 10), ("40KiB", 40 << 10), ("7b", 7), ("1.000001K", 1_024),
    ("9223372036854775", 9_223_372_036_854_775),
  ])
  func sizes(_ text: String, bytes: Int) throws {
    #expect(try ByteCount(parsing: text).bytes == bytes)
    #expect(ByteCount(stringLiteral: text).description == text)
  }

  @Test(arguments: [
    "", "M", "-1", "+5", " 5", "5 ", "5 M", "1,5M", "1.M", ".5M", "1.5", "1.5b", "1.2.3M", "5X", "5MM", "5Mb/s", "0x10",
    "１M", "9223372036854775807", "9000000000G", "99999999999999999999", "1.0000001M", "nan", "K5",
  ])
  func whatIsNoSize(_ text: String) {
    let error = #expect(throws: InvalidByteCount.self) { try ByteCount(parsing: text) }
    #expect(error?.description.hasPrefix("\"\(text)\" is no size.") == true)
    #expect(throws: InvalidByteCount.self) { try ByteCount(stringLiteral: text).checked() }
  }

  @Test func literals() throws {
    let text: ByteCount = "200M"
    let number: ByteCount = 300
    #expect(try text.checked() == 200 << 20)
    #expect(try number.checked() == 300)
    #expect(throws: InvalidByteCount.self) { try ByteCount(-1).checked() }
  }
}

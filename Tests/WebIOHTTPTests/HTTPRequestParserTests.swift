import Testing

@testable import WebIOHTTP

@Suite struct HTTPRequestParserTests {
  /// What `RequestCase.expected` says, for `bytes` fed in pieces that end at `splits`.
  private func events(_ bytes: [UInt8], splits: [Int] = [], limits: HTTPLimits = HTTPLimits()) -> String {
    var parser = HTTPRequestParser()
    var words: [String] = []
    var open: String?
    var start = 0
    loop: for end in splits + [bytes.count] {
      let done = Array(bytes[start..<end]).withUnsafeBytes { piece in
        var position = 0
        while true {
          switch parser.next(piece, &position, limits) {
          case .needsMore:
            precondition(position == piece.count, "bytes are left")
            return false
          case .head(let head):
            let word = "\(head.method) \(head.target)\(head.minorVersion == 1 && !head.wantsKeepAlive ? "~" : "")"
            let text = word + (head.saidKeepAlive ? "+|" : "|")
            if head.framing == .none { words.append(text) } else { open = text }
          case .body(let bytes): open? += String(decoding: bytes, as: UTF8.self)
          case .end:
            words.append(open ?? "?")
            open = nil
          case .failed(let error):
            words.append("!\(error.status.code)")
            return true
          }
        }
      }
      if done { return words.joined(separator: " ") }
      start = end
    }
    if open != nil || parser.isInHead { words.append("...") }
    return words.joined(separator: " ")
  }

  @Test func thereAreEnoughCases() {
    #expect(RequestCase.all.count >= 200)
    #expect(RequestCase.shapes.count >= 25)
  }

  @Test func casesFedWhole() {
    for item in RequestCase.all {
      #expect(events(item.bytes) == item.expected, "\(item.name)")
    }
  }

  @Test func casesFedByteByByte() {
    for item in RequestCase.all {
      #expect(events(item.bytes, splits: Array(0..<item.bytes.count)) == item.expected, "\(item.name)")
    }
  }

  @Test func casesFedInRandomPieces() {
    for item in RequestCase.all where item.bytes.count > 1 {
      for _ in 0..<20 {
        let splits = (0..<Int.random(in: 1...4)).map { _ in Int.random(in: 0...item.bytes.count) }.sorted()
        #expect(events(item.bytes, splits: splits) == item.expected, "\(item.name) at \(splits)")
      }
    }
  }

  @Test func everySingleSplitGivesTheSame() {
    for item in RequestCase.all where item.bytes.count < 200 {
      for split in 0...item.bytes.count {
        #expect(events(item.bytes, splits: [split]) == item.expected, "\(item.name) at \(split)")
      }
    }
  }

  /// One byte of a good request changed at random: never a trap, and the same for every split.
  @Test func mutationsDoNotDependOnTheSplit() {
    let seeds = RequestCase.all.map(\.bytes).filter { !$0.isEmpty }
    for round in 0..<20_000 {
      var bytes = seeds[round % seeds.count]
      for _ in 0..<Int.random(in: 1...3) {
        let index = Int.random(in: 0..<bytes.count)
        switch Int.random(in: 0..<3) {
        case 0: bytes[index] = UInt8.random(in: 0...255)
        case 1: bytes.insert([0x0d, 0x0a, 0x20, 0x3a, 0x30, 0x00].randomElement() ?? 0, at: index)
        default: if bytes.count > 1 { bytes.remove(at: index) }
        }
      }
      let whole = events(bytes)
      let splits = (0..<3).map { _ in Int.random(in: 0...bytes.count) }.sorted()
      let parts = events(bytes, splits: splits)
      #expect(whole == parts, "\(String(decoding: bytes, as: UTF8.self).debugDescription) at \(splits)")
    }
  }

  // MARK: Limits, at the limit and one off

  private func request(_ lines: String, body: String = "") -> [UInt8] { Array("\(lines)\r\n\r\n\(body)".utf8) }

  private func expectBoth(_ bytes: [UInt8], _ limits: HTTPLimits, _ expected: String, _ comment: Comment) {
    #expect(events(bytes, limits: limits) == expected, comment)
    #expect(events(bytes, splits: Array(0..<bytes.count), limits: limits) == expected, comment)
  }

  @Test func requestLineLimit() {
    var limits = HTTPLimits()
    limits.requestLine = 100
    for length in 99...101 {
      let target = "/" + String(repeating: "a", count: length - 14)
      let bytes = request("GET \(target) HTTP/1.1\r\nHost: x")
      expectBoth(bytes, limits, length <= 100 ? "GET \(target)|" : "!414", "\(length)")
    }
    // Also when its end never comes.
    expectBoth([UInt8](repeating: 0x61, count: 5_000), limits, "!414", "no end")
  }

  @Test func fieldLineLimit() {
    var limits = HTTPLimits()
    limits.fieldLine = 100
    for length in 99...101 {
      let bytes = request("GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "b", count: length - 3))")
      expectBoth(bytes, limits, length <= 100 ? "GET /|" : "!431", "\(length)")
    }
    let endless = Array("GET / HTTP/1.1\r\nHost: x\r\nA: ".utf8) + [UInt8](repeating: 0x62, count: 200)
    expectBoth(endless, limits, "!431", "no end")
  }

  @Test func fieldSectionLimit() {
    var limits = HTTPLimits()
    limits.fieldSection = 100
    for length in 98...102 {
      // "Host: x" and its end are 9, "A: " and its end 5.
      let bytes = request("GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "b", count: length - 14))")
      expectBoth(bytes, limits, length <= 100 ? "GET /|" : "!431", "\(length)")
    }
  }

  @Test func fieldCountLimit() {
    var limits = HTTPLimits()
    limits.fieldCount = 10
    for count in 9...11 {
      let more = (1..<count).map { "\r\nA\($0): b" }.joined()
      expectBoth(request("GET / HTTP/1.1\r\nHost: x\(more)"), limits, count <= 10 ? "GET /|" : "!431", "\(count)")
    }
  }

  @Test func bodyLimit() {
    var limits = HTTPLimits()
    limits.body = 10
    for count in 9...11 {
      let body = String(repeating: "b", count: count)
      let length = request("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(count)", body: body)
      expectBoth(length, limits, count <= 10 ? "POST /|\(body)" : "!413", "length \(count)")
      let chunks = "5\r\nbbbbb\r\n\(count - 5)\r\n\(body.dropFirst(5))\r\n0\r\n\r\n"
      let chunked = request("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked", body: chunks)
      expectBoth(chunked, limits, count <= 10 ? "POST /|\(body)" : "!413", "chunked \(count)")
    }
  }

  @Test func chunkExtensionLimit() {
    var limits = HTTPLimits()
    limits.chunkExtensions = 20
    // "abc" and CR are four bytes of extension each time.
    for count in 4...6 {
      let chunks = String(repeating: "1;abc\r\nx\r\n", count: count) + "0\r\n\r\n"
      let bytes = request("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked", body: chunks)
      expectBoth(bytes, limits, count <= 5 ? "POST /|\(String(repeating: "x", count: count))" : "!413", "\(count)")
    }
    let chunks = String(repeating: "1;abcd\r\nx\r\n", count: 5) + "0\r\n\r\n"
    expectBoth(request("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked", body: chunks), limits, "!413", "")
  }

  @Test func trailerLimit() {
    var limits = HTTPLimits()
    limits.trailers = 20
    for length in 19...21 {
      let trailer = "A: \(String(repeating: "b", count: length - 5))"
      let bytes = request(
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked", body: "0\r\n\(trailer)\r\n\r\n")
      expectBoth(bytes, limits, length <= 20 ? "POST /|" : "!431", "\(length)")
    }
  }

  @Test func smallChunkLimit() {
    var limits = HTTPLimits()
    limits.smallChunks = 10
    for count in 9...12 {
      let chunks = String(repeating: "1\r\nx\r\n", count: count) + "0\r\n\r\n"
      let bytes = request("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked", body: chunks)
      expectBoth(bytes, limits, count <= 10 ? "POST /|\(String(repeating: "x", count: count))" : "!413", "\(count)")
    }
  }

  // MARK: What a head says

  private func head(_ text: String) -> HTTPRequestHead? {
    var parser = HTTPRequestParser()
    var position = 0
    return Array(text.utf8).withUnsafeBytes { bytes in
      if case .head(let head) = parser.next(bytes, &position, HTTPLimits()) { head } else { nil }
    }
  }

  @Test func partsOfTheTarget() throws {
    let head = try #require(self.head("GET /a%20b?q=1+2&r=%C3%A9&s&q=3 HTTP/1.1\r\nHost: h:1\r\n\r\n"))
    #expect(head.path == "/a%20b")
    #expect(head.query == "q=1+2&r=%C3%A9&s&q=3")
    #expect(head.queryValue("q") == "1 2")
    #expect(head.queryValue("r") == "é")
    #expect(head.queryValue("s") == "")
    #expect(head.queryValue("t") == nil)
    #expect(head.host == "h:1")
    #expect(head.hasPath("/a%20b") && !head.hasPath("/a"))
    #expect(head.hasMethod("GET") && !head.hasMethod("GETS"))
    #expect(head.requestLine == "GET /a%20b?q=1+2&r=%C3%A9&s&q=3 HTTP/1.1")
  }

  @Test func partsOfAnAbsoluteTarget() throws {
    let head = try #require(self.head("\r\nGET http://Example.COM:80?x=%zz HTTP/1.1\r\nHost: example.com:80\r\n\r\n"))
    #expect(head.method == "GET")
    #expect(head.path == "/")
    #expect(head.query == "x=%zz")
    #expect(head.queryValue("x") == nil)
    #expect(head.host == "Example.COM:80")
  }

  @Test func fieldsKeepTheirSpellingAndOrder() throws {
    let head = try #require(self.head("GET / HTTP/1.1\r\nhOST: x\r\nA: 1\r\nB:\t2 \r\na:3\r\n\r\n"))
    #expect(head.fields.list.map(\.name) == ["hOST", "A", "B", "a"])
    #expect(head.fields["HOST"] == "x")
    #expect(head.fields["b"] == "2")
    #expect(head.fields.all("a") == ["1", "3"])
    #expect(head.query == nil)
  }

  @Test func millionsOfSmallChunksAreRefusedSoon() {
    let chunks = [UInt8](repeating: 0, count: 1_000_000).flatMap { _ in Array("1\r\nx\r\n".utf8) }
    let bytes = request("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked") + chunks
    #expect(events(bytes).hasSuffix("!413"))
  }
}

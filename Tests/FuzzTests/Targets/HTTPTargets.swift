import Foundation

@testable import WebIOHTTP

/// What a client or a server sends over HTTP/1: framing first, then what fields and addresses mean.
extension FuzzTarget {
  static let http: [FuzzTarget] = [request, chunked, response, query, fields, dates, sizes, base64, accessLog]

  private static let smallLimits: HTTPLimits = {
    var limits = HTTPLimits()
    (limits.requestLine, limits.fieldLine, limits.fieldSection, limits.fieldCount) = (60, 50, 150, 8)
    (limits.body, limits.chunkExtensions, limits.trailers, limits.smallChunks) = (200, 24, 40, 12)
    return limits
  }()

  private static func limits(_ input: FuzzInput) -> HTTPLimits { input.bytes.count % 2 == 0 ? HTTPLimits() : smallLimits }

  private static let words = [
    "GET / HTTP/1.1\r\n", "POST /a HTTP/1.1\r\n", "HTTP/1.0", "HTTP/1.1", "Host: a\r\n", "Content-Length: ",
    "Transfer-Encoding: ",
    "chunked", "gzip, chunked", "Connection: close\r\n", "keep-alive", "upgrade", "Expect: 100-continue\r\n", "0\r\n\r\n",
    "5;a=b\r\n",
    ";a=\"b\\\"c\"", "Trailer: x\r\n", "http://a/", "//a", "a:80", "[::1]:80", " HTTP/1.1\r\n",
    "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  ]

  private static let request = FuzzTarget(
    "http-request",
    seeds: [
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET http://a.test:80/x?y=1&z=%20+ HTTP/1.1\r\nHost: a.test:80\r\nCookie: a=b; c=d\r\n\r\nGET /2 HTTP/1.0\r\n\r\n",
      "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhelloGET / HTTP/1.1\r\nHost: b\r\n\r\n",
      "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=\"y\"\r\nhello\r\n0\r\nA: b\r\n\r\nOPTIONS * HTTP/1.1\r\nHost:\r\n\r\n",
      "GET /ws HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
    ], words: words
  ) { input in
    let limits = limits(input)
    let whole = try input.sameForAllCuts { pieces in
      var parser = HTTPRequestParser()
      var log = ""
      for piece in pieces { if !(try requests(piece, &parser, limits, &log)) { break } }
      return log
    }
    return whole.count > 200 ? "\(whole.count / 100)" : whole
  }

  /// False when the connection is over.
  private static func requests(
    _ piece: ArraySlice<UInt8>, _ parser: inout HTTPRequestParser, _ limits: HTTPLimits, _ log: inout String
  ) throws -> Bool {
    try piece.withCopiedBytes { bytes in
      var position = 0
      while true {
        switch parser.next(bytes, &position, limits) {
        case .needsMore:
          try require(position == bytes.count, "bytes are left")
          return true
        case .head(let head):
          try sound(head, limits)
          log += "\(head.requestLine) \(head.framing) \(head.wantsKeepAlive) \(head.expectsContinue) \(head.fields.list)\n"
        case .body(let body): log += String(decoding: body, as: Unicode.ASCII.self)
        case .end(let trailers): log += "end \(trailers.list)\n"
        case .failed(let error):
          log += "\(error.status.code)!"
          return false
        }
      }
    }
  }

  /// Whatever was accepted says the same to the next one who reads it: nothing can be smuggled in it.
  private static func sound(_ head: HTTPRequestHead, _ limits: HTTPLimits) throws {
    try require(head.fields.count <= limits.fieldCount, "more fields than allowed")
    try require(!head.method.isEmpty && head.method.utf8.allSatisfy(ASCII.isToken), "a method that is none")
    try require(head.target.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f }, "a blank or a control character in the target")
    _ = (head.host, head.path, head.query, head.queryItems.count, head.wantsUpgrade)
    for (name, value) in head.fields.list {
      try require(!name.isEmpty && name.utf8.allSatisfy(ASCII.isToken), "a name that is none: \(name)")
      try require(value.utf8.allSatisfy(ASCII.isFieldValue), "a control character in a value: \(value)")
      try require(
        value.utf8.first.map(ASCII.isBlank) != true && value.utf8.last.map(ASCII.isBlank) != true, "blanks around a value")
    }
    let lengths = head.fields.all("Content-Length")
    let codings = head.fields.all("Transfer-Encoding")
    switch head.framing {
    case .none: try require(codings.isEmpty && lengths.allSatisfy { ASCII.decimal($0) == 0 }, "a body is overlooked")
    case .length(let length):
      try require(codings.isEmpty && lengths.compactMap { ASCII.decimal($0) } == [length], "another length")
    case .chunked: try require(codings.count == 1 && lengths.isEmpty, "two framings")
    case .untilClose: throw Defect("a request without an end")
    }
  }

  private static let chunked = FuzzTarget(
    "http-chunked",
    seeds: ["5\r\nhello\r\n0\r\n\r\n", "a;b=c;d=\"e\"\r\n0123456789\r\n00\r\nX: y\r\n\r\n", "FFFFFFFFFFFFFFFF\r\n"],
    words: ["\r\n0\r\n\r\n", ";a", "=\"b\"", "X: y\r\n", "Host: a\r\n"],
    generate: { dice in
      var bytes: [UInt8] = []
      for _ in 0..<dice.below(6) {
        let chunk = dice.bytes(1 + dice.below(40))
        let size = String(chunk.count, radix: 16, uppercase: dice.isOne(in: 2))
        bytes +=
          Array("\(dice.isOne(in: 3) ? "0" : "")\(size)\(dice.isOne(in: 4) ? ";x=\"\\y\"" : "")\r\n".utf8) + chunk + [13, 10]
      }
      return bytes + Array("0\r\n\(dice.isOne(in: 3) ? "T: v\r\n" : "")\r\n".utf8)
    }
  ) { input in
    let limits = limits(input)
    var total = 0
    let log = try input.sameForAllCuts { pieces in
      var decoder = HTTPBodyDecoder(.chunked)
      var body: [UInt8] = []
      for piece in pieces {
        let end = piece.withCopiedBytes { bytes -> String? in
          var position = 0
          do throws(HTTPError) {
            while true {
              switch try decoder.next(bytes, &position, limits) {
              case .needsMore: return nil
              case .data(let data): body += data
              case .end(let trailers): return "end \(trailers.list)"
              }
            }
          } catch {
            return "\(error.status.code)"
          }
        }
        total = body.count
        try require(total <= limits.body, "a body of \(total) bytes, beyond the limit")
        if let end { return "\(body) \(end)" }
      }
      return "\(body) more"
    }
    return "\(min(total, 64)) \(log.suffix(12))"
  }

  private static let response = FuzzTarget(
    "http-response",
    seeds: [
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 304 \r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\nuntil the end",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n",
    ], words: words + ["HTTP/1.1 204 \r\n", "HTTP/1.1 200 OK\r\n"]
  ) { input in
    let limits = limits(input)
    let log = try input.sameForAllCuts { pieces in
      var parser = HTTPResponseParser()
      parser.isHeadRequest = input.bytes.count % 5 == 0
      var log = ""
      var body = ""
      var hasFailed = false
      for piece in pieces where !hasFailed {
        piece.withCopiedBytes { bytes in
          var position = 0
          while true {
            switch parser.next(bytes, &position, limits) {
            case .needsMore: return
            case .head(let head): log += "\(head.status.code) \(head.framing) \(head.keepsAlive) \(head.fields.list)\n"
            case .body(let bytes): body += String(decoding: bytes, as: Unicode.ASCII.self)
            case .end:
              log += "\(body) end\n"
              body = ""
            case .failed(let error):
              // How much of a body came before it was too long depends on the pieces.
              body = ""
              log += "\(error.status.code)!"
              hasFailed = true
              return
            }
          }
        }
      }
      return "\(log)\(body) \(parser.endOfInput())"
    }
    return log.count > 200 ? "\(log.count / 100)" : log
  }

  private static let query = FuzzTarget("percent-encoding", seeds: ["a=1&b=%41%20+c", "%E2%82%AC", "%zz%", "ümlaut/~"]) {
    input in
    let decoded = input.bytes.withCopiedBytes { PercentEncoding.decode($0) }
    let text = input.bytes.withCopiedBytes { PercentEncoding.decodeText($0) }
    if let valid = String(validating: input.bytes, as: UTF8.self), !valid.unicodeScalars.contains("\0"),
      decoded?.firstRange(of: [0xef, 0xbb, 0xbf]) == nil
    {
      // Foundation's mends what is no UTF-8 afterwards, and drops byte order marks.
      let theirs = valid.removingPercentEncoding
      try require(text == theirs || (text == nil && decoded != nil), "Foundation has \(theirs ?? "nil"), we \(text ?? "nil")")
    }
    for keepingSlash in [true, false] {
      let encoded = PercentEncoding.encode(input.text, keepingSlash: keepingSlash)
      try require(encoded.utf8.allSatisfy { ASCII.isToken($0) || $0 == UInt8(ascii: "/") }, "not encoded: \(encoded)")
      let again = Array(encoded.utf8).withUnsafeBytes { PercentEncoding.decodeText($0) }
      try require(again == input.text, "encoded and decoded it is another text")
    }
    let form = input.bytes.withCopiedBytes { PercentEncoding.decode($0, plusIsSpace: true) }
    try require((form == nil) == (decoded == nil), "a plus decides whether it decodes")
    return decoded == nil ? "broken" : text == nil ? "bytes" : "text \(min(20, decoded?.count ?? 0))"
  }

  private static let fields = FuzzTarget(
    "http-fields",
    seeds: [
      "gzip, br;q=0.5, *;q=0", "bytes=0-4", "bytes=-5", "bytes=3-", "bytes=9-2", "bytes=0-1,3-4", "\"tag\"",
      "W/\"tag\", \"other\"", "*",
      "Sat, 21 Nov 2026 17:00:00 GMT", "permessage-deflate; client_max_window_bits; server_max_window_bits=10, x",
      "close, Upgrade , keep-alive", "dGhlIHNhbXBsZSBub25jZQ==", "for=192.0.2.60;proto=http;by=203.0.113.43",
      "203.0.113.9, 10.0.0.1",
    ],
    words: ["bytes=", "gzip", ";q=", "0.0", "x-gzip", "W/", "\"tag\"", "server_no_context_takeover", "server_max_window_bits="]
  ) { input in
    var fields = HTTPFields()
    let value = input.text
    fields.append("Accept-Encoding", value)
    let isKept = fields.count == 1
    for name in ["Range", "If-None-Match", "If-Match", "If-Modified-Since", "If-Range", "Connection"] {
      fields.append(name, value)
    }
    try require(fields.invalidName == nil ? isKept : fields.isEmpty, "half of the fields are refused")
    let wire = fields.bytes
    let lineEnds = wire.count(where: { $0 == 13 || $0 == 10 })
    try require(lineEnds == 2 * fields.count, "a value begins a line of its own")
    _ = (Gzip.isAccepted(by: fields), fields.contains("close", in: "Connection"))
    let size = 1 + input.bytes.count % 10
    var outcome = "\(Gzip.isAccepted(by: fields))"
    if case .part(let range) = ByteRange(value, size: size) {
      try require(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= size, "the range \(range) of \(size) bytes")
      outcome += " \(range)"
    }
    let validators = Validators(etag: "\"tag\"", modified: HTTPDate(seconds: 1_795_280_400))
    outcome += " \(validators.evaluate(fields)) \(validators.allowRange(fields))"
    if let deflate = WebSocketDeflateParameters.choose(from: [value], contextTakeover: true) {
      try require((9...15).contains(deflate.serverWindowBits), "a window of \(deflate.serverWindowBits) bits")
      // What we answer we would take ourselves.
      let again = WebSocketDeflateParameters.choose(from: [deflate.description], contextTakeover: true)
      try require(again == deflate, "\(deflate) is read as \(again.map(\.description) ?? "nothing")")
      outcome += " \(deflate)"
    }
    return outcome
  }

  private static let dates = FuzzTarget(
    "http-date",
    seeds: [
      "Sat, 21 Nov 2026 17:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Tue, 29 Feb 2028 23:59:60 GMT",
      "Mon, 01 Jan 0001 00:00:00 GMT",
    ],
    words: ["Jan", "Feb", "Dec", "Sun, ", " GMT", "29", "30", "31", "9999", "0000"]
  ) { input in
    let number = Int(bitPattern: UInt(input.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })) >> (input.bytes.count % 40)
    let written = HTTPDate(seconds: number).description
    try require(written.utf8.count == 29, "\(number) is written as \(written)")
    if (-62_135_596_800...253_402_300_799).contains(number) {
      try require(
        HTTPDate(written)?.seconds == number,
        "\(number) is written as \(written) and read as \(HTTPDate(written)?.seconds ?? 0)")
    }
    guard let date = HTTPDate(input.text) else { return "none" }
    // A wrong weekday is let pass, and a leap second is the next minute's first.
    let again = HTTPDate(date.description)
    try require(again == date, "\(date) is read as \(again?.description ?? "nothing")")
    return date.description
  }

  private static let sizes = FuzzTarget(
    "byte-count", seeds: ["200", "40K", "1.5M", "2GiB", "0.000001T", "9223372036854775807"],
    words: ["K", "kb", "MiB", "T", "."]
  ) { input in
    guard let bytes = ByteCount(stringLiteral: input.text).bytes else { return "none" }
    try require(bytes >= 0, "\(bytes) bytes")
    if let plain = ASCII.decimal(input.text) { try require(plain == bytes, "another number") }
    return "\(bytes)"
  }

  private static let base64 = FuzzTarget("base64", seeds: ["", "QQ==", "QUI=", "QUJD", "+/+/"], words: ["=", "==", "A"]) {
    input in
    let encoded = Base64.encode(input.bytes)
    try require(encoded == Data(input.bytes).base64EncodedString(), "Foundation writes it otherwise")
    try require(Base64.decode(encoded) == input.bytes, "encoded and decoded it is something else")
    guard let decoded = Base64.decode(input.bytes) else { return "none" }
    try require(Data(base64Encoded: Data(input.bytes)).map(Array.init) == decoded, "Foundation reads it otherwise")
    try require(Base64.encode(decoded).utf8.elementsEqual(input.bytes), "two texts for the same bytes")
    return "\(min(decoded.count, 40))"
  }

  private static let accessLog = FuzzTarget(
    "access-log",
    seeds: [
      AccessLogFormat.standard, "json", "%(client_ip)s %(path)s %%",
      "GET /a\"b HTTP/1.1\r\nHost: a\r\nUser-Agent: \"x\\\"\r\n\r\n",
    ],
    words: ["%(", ")s", ").3f", "client_ip", "user_agent", "X-Forwarded-For: 1.2.3.4, ", "User-Agent: ", "\r\n", "GET /"]
  ) { input in
    var outcome = "\(AccessLogFormat(input.text) == nil)"
    var parser = HTTPRequestParser()
    let head = input.bytes.withCopiedBytes { bytes -> HTTPRequestHead? in
      var position = 0
      if case .head(let head) = parser.next(bytes, &position, HTTPLimits()) { return head }
      return nil
    }
    let entry = AccessLogEntry(
      request: head, peerAddress: "10.0.0.1", peerPort: 1, origin: .network, status: .ok, bytes: 1, duration: .seconds(1))
    for template in [
      AccessLogFormat.standard, AccessLogFormat.json, "\"%(path)s\" \"%(user_agent)s\" \"%(referer)s\" %(host)s",
    ] {
      guard let line = AccessLogFormat(template, trustedProxies: ["10.0.0.1"])?.line(entry) else {
        throw Defect("no such template")
      }
      try require(!line.contains(10) && !line.contains(13), "one entry is two lines")
      if template == AccessLogFormat.json { _ = try JSONSerialization.jsonObject(with: Data(line)) }
      if template.utf8.first == UInt8(ascii: "\"") {
        try require(
          line.count(where: { $0 == UInt8(ascii: "\"") }) == 6,
          "a quotation has another end: \(String(decoding: line, as: UTF8.self))")
      }
    }
    if let head { outcome += " \(head.fields.count)" }
    return outcome
  }
}

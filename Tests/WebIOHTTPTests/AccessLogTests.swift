import Testing
import WebIOPosix

@testable import WebIOHTTP

@EventLoop @Suite struct AccessLogTests {
  private func lines(
    _ template: String, trusted: [String] = [], peer: String = "192.0.2.1", port: UInt16 = 0,
    origin: StreamOrigin = .network, _ request: String
  ) -> [String] {
    guard let format = AccessLogFormat(template, trustedProxies: trusted) else { return ["no format"] }
    var lines: [String] = []
    let server = HTTPServer(
      handler: TestHandler { $0.respond(.ok, [:], Array("hello".utf8)) },
      accessLog: { lines.append(String(decoding: format.line($0), as: UTF8.self)) })
    let stream = TestStream(origin: origin, peerAddress: peer, peerPort: port)
    server.accept(stream)
    stream.receive(request)
    if template.contains("body_length"), lines.count == 1 { lines.append("\(stream.written.count)") }
    return lines
  }

  @Test func theStandardLine() throws {
    let result = lines(AccessLogFormat.standard, "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n")
    let pattern = ["192.0.2.1 - - [", "] \"GET /a?b HTTP/1.1\" 200 \(result[1]) 0."]
    #expect(result[0].hasPrefix(pattern[0]) && result[0].contains(pattern[1]), "\(result)")
    let tail = result[0].utf8.suffix(8)
    #expect(tail.first == UInt8(ascii: "0") && tail.dropFirst(2).allSatisfy(ASCII.isDigit))
    let time = result[0].utf8.dropFirst(pattern[0].utf8.count).prefix { $0 != UInt8(ascii: "]") }
    #expect(time.count == 20)
  }

  @Test func placeholders() {
    let request = "GET /p?q HTTP/1.1\r\nHost: h:1\r\nUser-Agent: u\"\\\u{7}\r\nReferer: r\r\n\r\n"
    let template =
      "%(client_ip)s|%(client_port)s|%(request_line)s|%(status_code)d|%(method)s|%(path)s|%(host)s|%(referer)s|%%"
    #expect(
      lines(template, "GET /p?q HTTP/1.1\r\nHost: h:1\r\nReferer: r\"\\é\r\n\r\n")
        == ["192.0.2.1|-|GET /p?q HTTP/1.1|200|GET|/p|h:1|r\\x22\\x5c\\xc3\\xa9|%"])
    // A control character does not come this far.
    #expect(lines("%(status_code)s %(user_agent)s", request) == ["400 -"])
    for template in ["%", "%(", "%(x)s", "%(path)", "%(path)q", "%s", "%(wall_seconds).f"] {
      #expect(AccessLogFormat(template) == nil, "\(template)")
    }
    #expect(AccessLogFormat("%(wall_seconds).3f") != nil)
  }

  @Test func thePeersPort() {
    #expect(lines("%(client_ip)s:%(client_port)s", port: 50_001, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") == ["192.0.2.1:50001"])
  }

  @Test func anUnknownPlaceholderIsAnError() {
    let error = #expect(throws: AccessLogError.self) { try AccessLog(format: "%(nothing)s") }
    #expect(error?.description.contains("%(nothing)s") == true)
  }

  @Test func forwardedAddresses() {
    let request = "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.2.3.4, 5.6.7.8\r\nX-Forwarded-For: ::1\r\n\r\n"
    let template = "%(client_ip)s"
    #expect(lines(template, request) == ["192.0.2.1"])
    #expect(lines(template, trusted: ["192.0.2.1"], request) == ["1.2.3.4,5.6.7.8,::1,192.0.2.1"])
    #expect(lines(template, trusted: ["unix"], peer: "", request) == ["1.2.3.4,5.6.7.8,::1,unix"])
    #expect(lines(template, trusted: ["192.0.2.1"], origin: .tunnel, request) == ["192.0.2.1"])
    #expect(
      lines(template, trusted: ["192.0.2.1"], "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: <b>\r\n\r\n")
        == ["192.0.2.1"])
  }

  @Test func brokenRequestsAreLoggedToo() {
    #expect(lines("%(request_line)s %(status_code)s", "\u{16}\u{3}\n") == ["- 400"])
  }
}

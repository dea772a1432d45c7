import Testing
import WebIOHTTP

@testable import WebIOTunnel

@Suite struct AnnouncementTests {
  private static func read(_ via: String, _ text: String, domain: String? = nil) throws -> [Announcement] {
    var configuration = try TunnelConfiguration(via: via)
    configuration.domain = domain
    var reader = AnnouncementReader(configuration)
    return reader.receive(Array(text.utf8)) + reader.finish()
  }

  private static func url(_ via: String, _ text: String, domain: String? = nil) throws -> String? {
    for case .address(let address) in try read(via, text, domain: domain) { return address.url }
    return nil
  }

  @Test func localhostRunInText() throws {
    let banner = """
      \u{1b}[1m===============================================================================\u{1b}[0m\r
      Welcome to localhost.run!\r
      Follow your favourite reverse tunnel at https://twitter.com/localhost_run\r
      To set up and manage custom domains go to https://admin.localhost.run/\r
      ** your connection id is 0c1d, please mention it if you send me a message about an issue. **\r
      authenticated as anonymous user\r
      2b5a9f.lhr.life tunneled with tls termination, https://2b5a9f.lhr.life\r
      """
    #expect(try Self.url("localhost.run", banner) == "https://2b5a9f.lhr.life")
  }

  @Test(arguments: [
    "https://x.lhr.life.evil.test", "https://lhr.life.evil.test", "https://evil.test/x.lhr.life",
    "https://evil.test#.lhr.life", "https://user@x.lhr.life", "https://x.lhr.life:8080", "https://x.lhr.life/path",
    "https://x.lhr.life?q", "javascript://x.lhr.life", "https://evilllhr.life", "https://-x.lhr.life",
    "https://x..lhr.life",
    "https://x.lhr.life\u{202e}", "https://\u{1b}[8mevil.test", "https://", "https://admin.evil.test",
  ])
  func claimsThatAreNotBelieved(_ claim: String) throws {
    #expect(try Self.url("localhost.run", "x tunneled with tls termination, \(claim)\n") == nil)
    #expect(try Self.url("localhost.run", #"{"status":"success","address":"\#(claim)"}"# + "\n") == nil)
    #expect(
      try Self.url("localhost.run", #"{"type":"v1.tcpip_forward.register.accepted","id":"localhost/\#(claim)"}"#) == nil
    )
  }

  @Test func theCustomDomainIsBelievedAndItsLookalikesAreNot() throws {
    func text(_ host: String) -> String { "x tunneled with tls termination, https://\(host)\n" }
    #expect(
      try Self.url("localhost.run", text("app.example.com"), domain: "app.example.com") == "https://app.example.com")
    #expect(try Self.url("localhost.run", text("a.app.example.com"), domain: "app.example.com") != nil)
    #expect(try Self.url("localhost.run", text("example.com"), domain: "app.example.com") == nil)
    #expect(try Self.url("localhost.run", text("xapp.example.com"), domain: "app.example.com") == nil)
  }

  @Test func whatIsPrintedIsWrittenAnew() throws {
    #expect(
      try Self.url("localhost.run", "tunneled with tls termination, https://ABC.LHR.Life/\n") == "https://abc.lhr.life")
  }

  @Test func refusalsCarryTheServersWords() throws {
    for line in [
      #"{"status":"error","message":"name \u001b[31mtaken\u0007"}"#,
      #"{"type":"v1.tcpip_forward.register.rejected","data":"name taken\r\nmore"}"#,
      #"{"status":"failed","address":"x.lhr.life","message":"name taken"}"#,
    ] { #expect(try Self.read("localhost.run", line + "\n") == [.refused("name taken")], "\(line)") }
  }

  @Test func otherProviders() throws {
    let serveo = "\u{1b}[32mForwarding HTTP traffic from https://abc.serveousercontent.com\u{1b}[0m\r\n"
    #expect(try Self.url("serveo", serveo) == "https://abc.serveousercontent.com")
    let pinggy = """
      You are not authenticated.\r
      Upgrade to Pinggy Pro to get unrestricted tunnels. https://dashboard.pinggy.io\r
      \r
      http://rnabc-1-2-3-4.a.free.pinggy.link\r
      https://rnabc-1-2-3-4.a.free.pinggy.link\r
      """
    #expect(try Self.read("pinggy", pinggy).compactMap(Self.address).last == "https://rnabc-1-2-3-4.a.free.pinggy.link")
    #expect(try Self.url("srv.us", "1: https://abcdef.srv.us/, https://me.gh.srv.us/\r\n") == "https://abcdef.srv.us")
    let sish =
      "Press Ctrl-C to close the session.\r\n\r\nStarting SSH Forwarding service for \u{1b}[33mhttp:80\u{1b}[0m. "
      + "Forwarded connections can be accessed via the following methods:\r\n"
      + "\u{1b}[92mHTTP\u{1b}[0m: http://abc.tuns.sh\r\n\u{1b}[92mHTTPS\u{1b}[0m: https://abc.tuns.sh\r\n"
    #expect(try Self.read("sish", sish).compactMap(Self.address).last == "https://abc.tuns.sh")
    let moe = "http (80)\r\nhttp://abcdefghijklmnopqrstuvwxyz234567.remote.moe/\r\n"
    #expect(try Self.url("remote.moe", moe) == "http://abcdefghijklmnopqrstuvwxyz234567.remote.moe")
    let localshare = #"{"address":"https://abcdefghijkl.app.pywebio.online","status":"success"}"# + "\n"
    #expect(try Self.url("localshare", localshare) == "https://abcdefghijkl.app.pywebio.online")
  }

  private static func address(_ announcement: Announcement) -> String? {
    if case .address(let address) = announcement { address.url } else { nil }
  }

  @Test func aServerOfOnesOwnMayNameAnyHostInJSONAndItsOwnDomainInText() throws {
    let relay = "ssh://me@relay.example.com"
    #expect(
      try Self.url(relay, #"{"status":"success","address":"https://x.apps.test:8443"}"#) == "https://x.apps.test:8443")
    #expect(try Self.url(relay, "see https://docs.example.org and https://x.y.test\n") == nil)
    #expect(try Self.url(relay, "your app: https://x.relay.example.com\n") == "https://x.relay.example.com")
    #expect(try Self.url(relay, "your app: https://x.example.com\n") == "https://x.example.com")
    #expect(try Self.url("ssh://me@10.0.0.1", "https://9.10.0.0.1\n") == "https://9.10.0.0.1")
    #expect(try Self.url("ssh://me@10.0.0.1", "https://x.0.0.1\n") == nil)
  }

  @Test func anEndlessBannerIsNotListenedToForEver() throws {
    let lines = try Self.read("serveo", String(repeating: "hello\n", count: 10_000))
    #expect(lines.count == 200)
    let long = String(repeating: "a", count: 600_000) + " Forwarding HTTP traffic from https://a.serveo.net\n"
    #expect(try Self.read("serveo", long).isEmpty)
    #expect(
      try Self.url("serveo", long + "Forwarding HTTP traffic from https://b.serveo.net\n") == "https://b.serveo.net")
  }

  @Test func textForTheTerminalHasNoControls() {
    func clean(_ text: String) -> String { TerminalText.clean(Array(text.utf8)) }
    #expect(clean("a\u{1b}[2J\u{1b}[1;31mb\u{1b}[0m\u{7}\u{8}c") == "abc")
    #expect(clean("\u{1b}]0;title\u{7}x\u{1b}]52;c;ZXZpbA==\u{1b}\\y") == "xy")
    #expect(clean("\u{1b}P1$r\u{1b}\\z\u{9b}31mq") == "z31mq")
    #expect(clean("a\u{202e}b\u{200b}c\u{feff}\u{2066}d") == "abcd")
    #expect(clean("tab\tend  ") == "tab end")
    #expect(TerminalText.clean([0xff, 0xc0, 0xae, 0x41]).hasSuffix("A"))
    #expect(clean(String(repeating: "x", count: 1000)).utf8.count == 400)
  }

  @Test func jsonLines() throws {
    func url(_ line: String) throws -> String? { try Self.url("ssh://me@tunnel.example.org", line + "\n") }
    let address = #""address":"a.example.org","status":"success""#
    #expect(try url("{\(address)}") == "https://a.example.org")
    #expect(try url(#" {"c":[1,{"d":null}],"f":-1.5e3,"# + address + "} ") == "https://a.example.org")
    #expect(try url(#"{"address":"\u0061.example.org","status":"success"}"#) == "https://a.example.org")
    #expect(try url(#"{"tls_termination":false,"# + address + "}") == "http://a.example.org")
    for bad in ["{\(address)", "{\(address)} x", "{\(address),}", "[{\(address)}]", #"{\#(address),"a":tru}"#] {
      #expect(try url(bad) == nil, "\(bad)")
    }
    let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
    #expect(try url(#"{"a":\#(deep),\#(address)}"#) == nil)
  }

  @Test func base64() {
    for count in 0..<40 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
      #expect(Base64.decode(Array(Base64.encode(bytes).utf8)) == bytes)
    }
    #expect(Base64.encode(Array("foobar".utf8)) == "Zm9vYmFy")
    #expect(Base64.encode(Array("foob".utf8)) == "Zm9vYg==")
    #expect(Base64.encode(Array("foob".utf8), padding: false) == "Zm9vYg")
    for bad in ["A", "AA", "AA=A", "A===", "====", "AB==", "AAA!", "AA==AAAA", "Zm9v\n"] {
      #expect(Base64.decode(Array(bad.utf8)) == nil, "\(bad)")
    }
  }
}

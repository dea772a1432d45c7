import Testing
import WebIOHTTP

@testable import WebIOTunnel

@Suite struct TargetTests {
  private static func parse(_ text: String) -> String {
    do {
      let target = try TunnelTarget.parse(text)
      return "\(target.provider.name) \(target.user ?? "-") \(target.endpoint)\(target.isOwnServer ? " own" : "")"
    } catch {
      return (error as? TunnelError).map { "\($0.code) \($0.exitCode)" } ?? "\(error)"
    }
  }

  @Test func namesAndAddresses() {
    #expect(Self.parse("localhost.run") == "localhost.run - localhost.run:22")
    #expect(Self.parse("plan@localhost.run") == "localhost.run plan localhost.run:22")
    #expect(Self.parse("pinggy") == "pinggy - a.pinggy.io:443")
    #expect(Self.parse("ssh://example.com") == "ssh - example.com:22 own")
    #expect(Self.parse("ssh://me@Example.COM:2222/") == "ssh me example.com:2222 own")
    #expect(Self.parse("ssh://a@b@[::1]:22") == "ssh a@b [::1]:22 own")
    #expect(Self.parse("ssh://[FE80::1]") == "ssh - [fe80::1]:22 own")
    #expect(Self.parse("sish://tunnels.example.com:2222") == "sish - tunnels.example.com:2222 own")
  }

  @Test(arguments: [
    "", "nobody", "ssh", "ssh:", "ssh://", "ssh://-oProxyCommand=x", "ssh://-x@host", "ssh://@host", "ssh://host:0",
    "ssh://host:65536", "ssh://host:+22", "ssh://host:022", "ssh://host:２２", "ssh://host:", "ssh://host/path",
    "ssh://host?x", "ssh://ho st", "ssh://host\n", "ssh://host\0", "ssh://me:secret@host", "ssh://[::1",
    "ssh://[1.2.3.4]",
    "ssh://a..b", "ssh://a_b", "http://host", "ssh://host;rm", "ssh://$(id)@host", "localhost.run:22",
    "ssh://" + String(repeating: "a", count: 64),
  ])
  func whatIsNoTarget(_ text: String) {
    #expect(Self.parse(text) == "usage 2")
  }

  @Test func anAppChoosesTheEngineAsTheCommandDoes() {
    #expect(RemoteAccess.Engine.allCases.map(\.configured) == TunnelConfiguration.Engine.allCases)
  }

  @Test func messagesShowNoControls() {
    #expect { try TunnelTarget.parse("\u{1b}[31mx") } throws: { !"\($0)".utf8.contains(0x1b) }
  }

  @Test func optionsThatAProviderDoesNotKnow() throws {
    func check(_ via: String, _ change: (inout TunnelConfiguration) -> Void) throws {
      var configuration = try TunnelConfiguration(via: via)
      change(&configuration)
      try configuration.validate()
    }
    try check("localhost.run") { $0.domain = "app.example.com" }
    try check("sish") { $0.name = "my-app" }
    #expect(throws: TunnelError.self) { try check("localhost.run") { $0.name = "x" } }
    #expect(throws: TunnelError.self) { try check("serveo") { $0.domain = "app.example.com" } }
    #expect(throws: TunnelError.self) { try check("sish") { $0.name = "a.b" } }
    #expect(throws: TunnelError.self) { try check("sish") { $0.name = "-x" } }
    #expect(throws: TunnelError.self) { try check("sish") { $0.name = "x;id" } }
    #expect(throws: TunnelError.self) { try check("localhost.run") { $0.domain = "example" } }
    #expect(throws: TunnelError.self) { try check("localhost.run") { $0.identityFile = "/no/such/file" } }
  }

  @Test func anonymousProvidersAreNotToldWhoOneIs() throws {
    for provider in Provider.all where provider != .plain {
      #expect(try TunnelConfiguration(via: provider.name).user == provider.user)
    }
    var configuration = try TunnelConfiguration(via: "localhost.run")
    configuration.domain = "app.example.com"
    #expect(configuration.user == "webio")
    #expect(configuration.forwardHost == "app.example.com" && configuration.forwardPort == 80)
  }

  @Test func providerNamesAreDistinct() {
    #expect(Set(Provider.all.map(\.name)).count == Provider.all.count)
  }
}

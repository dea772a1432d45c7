import Glibc
import TestSupport
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

extension PageEndToEnd {
  /// Pages whose parts come from several servers: assets from another host, and sessions on another host.
  @Suite struct ElsewhereTests {
    private static let assets = """
      return performance.getEntriesByType("resource").filter((entry) => entry.name.includes("core.js")).map((entry) => new URL(entry.name).port).join()
      """

    @Test func theAssetsComeFromAnotherHost() async throws {
      let network = try await ServedApp { putText("not this one") }
      let app = try await ServedApp(cdn: "http://127.0.0.1:\(network.port)/_webio/") {
        putText("Hello, \(try await input("Name"))!")
        hold()
      }
      let browser = try await Chromium.fresh()
      try await browser.open(app.url)
      try await browser.type("Ada\u{E007}", into: "[name=data]")
      try await browser.waitForText("Hello, Ada!")
      #expect(try await browser.run(Self.assets).string == "\(network.port)")
      // What is loaded when it is needed comes from there too.
      #expect(
        try await browser.run(
          "return performance.getEntriesByType('resource').every((r) => !r.name.includes(':\(app.port)/_webio'))"
        ).bool
          == true)
      try await browser.expectNoProblems()
    }

    /// Dead, and taking connections without a word.
    @Test(arguments: [false, true]) func aDeadHostOfAssetsIsToldAndDoneWithout(_ isSilent: Bool) async throws {
      let silent = try Listener.bind(try #require(SocketAddress(numericHost: "127.0.0.1", port: 0)))
      defer { close(silent) }
      let cdn = "http://127.0.0.1:\(isSilent ? try SocketAddress.local(of: silent).port : try freePort())/_webio/"
      let app = try await ServedApp(cdn: cdn) {
        putText("Hello, \(try await input("Name"))!")
        hold()
      }
      let browser = try await Chromium.fresh()
      try await browser.open(app.url)
      // Nobody touches it: the page says so and takes them from its own server.
      try await browser.waitForText("\(cdn) did not give the page its files. Put what is at /_webio/ there, or leave out cdn:")
      try await browser.picture("cdn-dead")
      try await browser.type("Bob\u{E007}", into: "[name=data]")
      try await browser.waitForText("Hello, Bob!")
      #expect(try await browser.run("return location.search").string?.contains("_pywebio_cdn=false") == true)
      #expect(try await browser.run(Self.assets).string == "\(app.port)")
      // Once: who comes back to this address knows.
      try await browser.open("\(app.url)?_pywebio_cdn=false")
      try await browser.type("Cy\u{E007}", into: "[name=data]")
      try await browser.waitForText("Hello, Cy!")
      #expect(try await browser.count(".w-toast") == 0)
    }

    /// A page of one host whose sessions are another's: `?pywebio_api=`.
    @Test(arguments: [Transport.webSocket, .http]) func aPageSpeaksToTheHostThatItsAddressNames(_ transport: Transport)
      async throws
    {
      let shown = try await ServedApp { putText("the page's own server") }
      let app = try await ServedApp(transport: transport, allowedOrigins: ["http://localhost:\(shown.port)"]) {
        putText("Hello, \(try await input("Name"))! You come from \(try info.origin)")
        hold()
      }
      let browser = try await Chromium.fresh()
      try await browser.open("\(shown.url)?pywebio_api=http://127.0.0.1:\(app.port)/")
      try await browser.type("Eve\u{E007}", into: "[name=data]")
      try await browser.waitForText("Hello, Eve! You come from http://localhost:\(shown.port)")
      #expect(
        try await browser.run("return WebIO._state.CurrentSession.transport").string == (transport == .http ? "http" : "ws"))
      // The page of a server that would take a WebSocket tries one first.
      if transport == .webSocket { try await browser.expectNoProblems() }
    }

    @Test func aHostThatDoesNotAllowItOpensNoSession() async throws {
      let shown = try await ServedApp { putText("the page's own server") }
      let app = try await ServedApp { putText("never seen") }
      let browser = try await Chromium.fresh()
      try await browser.open("\(shown.url)?pywebio_api=http://127.0.0.1:\(app.port)/")
      try await browser.waitForText("The server does not answer.")
      #expect(try await !browser.text.contains("never seen"))
      #expect(try await !browser.text.contains("the page's own server"))
    }
  }
}

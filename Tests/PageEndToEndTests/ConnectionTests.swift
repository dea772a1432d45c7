import TestSupport
import Testing
import WebIOPosix

@testable import WebIO

extension PageEndToEnd {
  /// Lost links, refreshes and servers that go: what the visitor sees of them.
  @Suite struct ConnectionTests {
    private static let cut = "WebIO._state.CurrentSession.ws.close()"
    private static let isOpen = "WebIO._state.CurrentSession.state === 'open'"

    @Test(arguments: [Transport.webSocket, .http]) func aLostLinkComesBackAndNothingIsLost(_ transport: Transport) async throws
    {
      let browser = try await open(transport: transport) {
        try putScope("lines")
        putButton("Count") {
          for number in 1...100 {
            putText("\(number)", scope: "lines")
            try await Task.sleep(for: .milliseconds(10))
          }
        }
        putText("it is \(try await input("Name"))")
        hold()
      }
      try await browser.type("half a na", into: "[name=data]")
      try await browser.press(button: "Count")
      for _ in 0..<3 {
        _ = try await browser.run("\(Self.cut)")
        try await browser.wait("it is connected again", "\(Self.isOpen)")
      }
      try await browser.wait("all lines", "document.getElementById('pywebio-scope-lines').children.length >= 100")
      #expect(try await browser.lines("lines") == (1...100).map(String.init))
      #expect(try await browser.value(of: "[name=data]") == "half a na")
      // What is sent while the link is down arrives when it is up, once.
      _ = try await browser.run(
        "\(Self.cut); document.querySelector('[name=data]').value = 'whole name'; document.querySelector('form').requestSubmit()"
      )
      try await browser.waitForText("it is whole name")
      #expect(try await browser.lines().filter { $0.hasPrefix("it is") }.count == 1)
      #expect(try await browser.count(".w-status:not(.w-good)") == 0)
    }

    @Test(arguments: [Transport.webSocket, .http]) func aRefreshKeepsTheSession(_ transport: Transport) async throws {
      let browser = try await open(transport: transport) {
        putText("session \(UInt32.random(in: 0...UInt32.max))")
        putText("first: \(try await input("First"))")
        let (second, third) = try await inputGroup("Group", .input("Second", name: "second"), .textarea("Third", name: "third"))
        putText("then: \(second) \(third)")
        hold()
      }
      try await browser.waitForText("session ")
      let session = try await browser.lines().first ?? ""
      try await browser.type("one\u{E007}", into: "[name=data]")
      try await browser.type("two", into: "[name=second]")
      try await browser.type("three", into: "[name=third]")
      try browser.refresh()
      try await browser.wait("what was typed is there", "document.querySelector('[name=third]')?.value === 'three'")
      #expect(try await browser.lines() == [session, "first: one"])
      #expect(try await browser.value(of: "[name=second]") == "two")
      try await browser.press(button: "Submit")
      try await browser.waitForText("then: two three")
      try browser.refresh()
      try await browser.waitForText("then: two three")
      #expect(try await browser.lines() == [session, "first: one", "then: two three"])
      #expect(try await browser.count("form") == 0)
      // Whoever comes anew begins anew.
      try await browser.open(try await browser.run("return location.href").string ?? "")
      try await browser.waitForText("session ")
      #expect(try await browser.lines() != [session])
    }

    @Test(arguments: [Transport.webSocket, .http]) func aServerThatIsGoneAndOneThatKnowsNothing(_ transport: Transport)
      async throws
    {
      let body: @Sendable () async throws -> Void = {
        putText("welcome")
        putButton("Click") { putText("clicked") }
        putText(try await input("Name"))
      }
      let browser = try await Chromium.fresh()
      let first = try await ServedApp(transport: transport, body)
      try await browser.open(first.url)
      try await browser.type("typed", into: "[name=data]")
      await first.stop()
      try await browser.wait("the page says so", "document.querySelector('.w-status')")
      #expect(try await browser.shown(".w-status") == "Connection lost. Reconnecting…")
      #expect(try await browser.value(of: "[name=data]") == "typed")
      try await browser.expectAccessible()
      try await browser.picture("connection-lost")
      _ = try await browser.consoleLog()
      let second = try await ServedApp(port: first.port, transport: transport, body)
      try await browser.wait("the page says so", "document.querySelector('#webio-note:not([hidden])')")
      try await browser.waitForText("The server no longer has this session.")
      #expect(try await browser.count(".w-status") == 0)
      #expect(try await browser.count("form") == 0)
      #expect(try await browser.text.contains("welcome"))
      #expect(try await browser.run("return document.querySelector('#pywebio-scope-ROOT button').disabled").bool == true)
      try await browser.expectAccessible()
      try await browser.picture("session-lost")
      try await browser.press(button: "Start again")
      try await browser.press(button: "Click")
      try await browser.waitForText("clicked")
      await second.stop()
    }

    /// At once, then after 0.5, 1, 2, 4, 5, 5 … seconds, each up to 15 % sooner. The page's clock runs ahead here.
    @Test func attemptsBackOffToFiveSeconds() async throws {
      let browser = try await Chromium.fresh()
      let app = try await ServedApp {
        putText("welcome"); hold()
      }
      try await browser.open(app.url)
      try await browser.waitForText("welcome")
      _ = try await browser.run(
        """
        window.__delays = [];
        const later = window.setTimeout;
        // Between two looks of the status pill and of the acknowledgements lie 700 and 250 ms; they are left alone.
        window.setTimeout = (run, delay = 0, ...rest) => {
          if (!/connect\\(\\)/.test(run)) return later(run, delay, ...rest);
          __delays.push(delay);
          return later(run, __delays.length > 9 ? 1e6 : 0, ...rest);
        };
        const now = performance.now.bind(performance);
        // The link had held for a while; the attempts fail at once.
        performance.now = () => now() + 10000;
        """)
      await app.stop()
      try await browser.wait("ten attempts", "window.__delays.length >= 10")
      let delays = try await browser.run("return __delays").items.compactMap(\.number)
      #expect(delays[0] == 0)
      for (delay, most) in zip(delays.dropFirst(), [500.0, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000, 5_000, 5_000]) {
        #expect(delay > most * 0.849 && delay <= most, "\(delays)")
      }
    }

    @Test func aHiddenPageWaitsUntilItIsLookedAt() async throws {
      let browser = try await Chromium.fresh()
      let app = try await ServedApp {
        putText("welcome"); hold()
      }
      try await browser.open(app.url)
      try await browser.waitForText("welcome")
      _ = try await browser.run(
        """
        window.__opened = 0;
        const Socket = window.WebSocket;
        window.WebSocket = class extends Socket { constructor(...all) { super(...all); __opened += 1; } };
        Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
        document.dispatchEvent(new Event("visibilitychange"));
        \(Self.cut);
        """)
      try await browser.wait("the link is lost", "WebIO._state.CurrentSession.state === 'lost'")
      // No attempt was made, and none is planned.
      #expect(try await browser.run("return [__opened, WebIO._state.CurrentSession.retryTimer]").items == [0, .null])
      _ = try await browser.run("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
      try await browser.wait("it is connected again", "\(Self.isOpen)")
      #expect(try await browser.run("return __opened").int == 1)
    }

    @Test func theEndOfASessionIsSaid() async throws {
      let browser = try await open {
        putText("your name is \(try await input("Name"))")
      }
      try await browser.type("Ada\u{E007}", into: "[name=data]")
      try await browser.waitForText("This session has ended.")
      #expect(try await browser.lines() == ["your name is Ada"])
      #expect(try await browser.count("form, .w-status") == 0)
      try await browser.expectAccessible()
      try await browser.picture("session-ended")
    }

    @Test func aSessionInTwoTabsBelongsToTheLatest() async throws {
      let browser = try await open {
        putText("the session")
        putButton("Click") { putText("clicked") }
      }
      try await browser.press(button: "Click")
      try await browser.waitForText("clicked")
      // As another tab with this tab's storage would do it.
      _ = try await browser.run(
        "window.__other = new WebSocket(WebIO._state.CurrentSession.address().replace(/page=[^&]*/, 'page=other'))")
      try await browser.waitForText("This session continues in another tab.")
      try await browser.expectAccessible()
      try await browser.picture("session-elsewhere")
      try await browser.press(button: "Continue here")
      try await browser.wait(
        "it is back", "!document.querySelector('#webio-note:not([hidden])') && document.body.innerText.includes('clicked')")
      try await browser.press(button: "Click")
      try await browser.wait("it works", "document.getElementById('pywebio-scope-ROOT').children.length === 4")
    }
  }
}

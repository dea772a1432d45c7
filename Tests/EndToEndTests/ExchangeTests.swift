import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// After a build the open page gets another session, and is not loaded again.
  @Suite struct ExchangeTests {
    private static let source = #"""
      import WebIO

      func main() async throws {
        setEnv(title: "A shop")
        putMarkdown("# Order")
        putImage(url: "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='40' height='30'/%3E")
        try putInput("note", label: "Note")
        for line in 1...40 { putText("line \(line)") }
        let name = try await input("Name")
        putText("Hello, \(name)!")
        putButton("Details") {
          try popup("Details") {
            putText("all of them")
            try putInput("detail", label: "Detail")
          }
        }
        let (paper, secret, city) = try await inputGroup("More", .file("Paper"), .input("Secret", type: .password), .input("City"))
        putText("\(paper?.filename ?? "nothing") \(secret.count) \(city)")
      }

      try await startServer(main)
      """#

    private static func greeting(_ words: String) throws -> String {
      try #require(source.contains("Hello, "))
      return source.replacing("Hello, ", with: "\(words), ")
    }

    /// A project that serves, the page of a visitor who has answered, and what is asked of both.
    private func visit(
      _ source: String = source, _ body: (HelloProject, WebioCommand, WebDriver) async throws -> Void
    ) async throws {
      let project = try await Fixture.shared.project()
      let browser = try await Fixture.shared.browser()
      try project.save(source)
      let webio = try project.dev("--port", "0")
      try await webio.explaining {
        try await browser.resize(width: 1000, height: 800)
        try await browser.open(webio.ready().url)
        try await browser.type("Ada\u{E007}", into: "form input")
        try await browser.waitForText("Hello, Ada!")
        _ = try await browser.find("form input[type=file]")
        _ = try await browser.run("window.isStillHere = true")
        try await body(project, webio, browser)
      }
      webio.program.interrupt()
      _ = try await webio.end()
      try project.restore()
    }

    private func isStillHere(_ browser: WebDriver) async throws -> Bool {
      try await browser.look("return window.isStillHere === true").bool == true
    }

    /// The session that the page shows has come with the build: no preview is in view, and no exchange under way.
    private func waitForGreeting(_ browser: WebDriver, _ words: String) async throws {
      try await eventually("the session that says \(words)", within: .seconds(60), state: browser.describe) {
        try await browser.look(
          """
          return document.body.innerText.includes(arguments[0]) && !document.querySelector("[style*=dashed]")
            && WebIO._state.CurrentSession.state === "open"
          """, .string("\(words), Ada!")
        ).bool == true
      }
    }

    @Test(.timeLimit(.minutes(5))) func theVisitorKeepsThePlaceInTheSamePage() async throws {
      try await visit { project, _, browser in
        let paper = project.directory.file("paper.txt")
        try "words".write(toFile: paper, atomically: true, encoding: .utf8)
        try await browser.type("by the door", into: "input[name=note]")
        try await browser.type(paper, into: "form input[type=file]")
        try await browser.type("hidden", into: "form input[type=password]")
        try await browser.type("Lond", into: "form input[type=text]")
        _ = try await browser.run("scrollTo(0, 250); document.querySelector('form input[type=text]').setSelectionRange(1, 3)")
        // What the visitor would see or hear of it.
        _ = try await browser.run(
          """
          window.seen = { live: [], frames: [] };
          const output = document.getElementById("pywebio-scope-ROOT");
          new MutationObserver((records) => {
            // Not the preview, which is one paragraph.
            if (records.some((record) => record.removedNodes.length > 10)) seen.live.push(output.getAttribute("aria-live"));
          }).observe(output, { childList: true });
          const look = () => {
            seen.frames.push([scrollY, output.childElementCount, document.title.replace("● ", ""), document.activeElement.name]);
            requestAnimationFrame(look);
          };
          look();
          """)
        try project.save(Self.greeting("Good day"))
        try await waitForGreeting(browser, "Good day")
        #expect(try await isStillHere(browser), "the page was loaded again")
        let place = try await browser.look(
          """
          const e = document.activeElement, form = document.querySelector("form");
          return [scrollY, e.value, e.selectionStart, e.selectionEnd, document.querySelector("[name=note]").value,
            form.querySelector("[type=file]").files[0]?.name, form.querySelector(".w-file-name")?.innerText,
            form.querySelector("[type=password]").value, document.title]
          """)
        #expect(
          place.text == "[250,\"Lond\",1,3,\"by the door\",\"paper.txt\",\"paper.txt\",\"hidden\",\"A shop\"]", "\(place.text)")
        try await browser.screenshot("exchange-kept")
        let sign = try await browser.look(
          "return document.querySelector('webio-dev').shadowRoot.querySelector('.sign')?.innerText")
        #expect(sign.string?.contains("kept 1 of 1 answer") == true, "\(sign.text)")
        let seen = try await browser.look(
          "return [seen.live.join(), new Set(seen.frames.map((frame) => frame.join())).size]")
        let frames = try await browser.look("return seen")
        #expect(seen.text == "[\"off\",1]", "no frame shows anything else: \(frames.text)")
        try await eventually("output is read out again") {
          try await browser.look("return document.getElementById('pywebio-scope-ROOT').ariaLive").string == "polite"
        }

        // It is a session as any other.
        try await browser.type("on", into: "form input[type=text]")
        try await browser.click("form button[type=submit]")
        try await browser.waitForText("paper.txt 6 ")
      }
    }

    @Test(.timeLimit(.minutes(5))) func anOpenPopupStaysOpen() async throws {
      try await visit { project, _, browser in
        try await browser.click("button[data-color]:not([type=submit])")
        try await browser.type("three of", into: "dialog input")
        _ = try await browser.run("document.activeElement.setSelectionRange(5, 5)")
        try project.save(Self.greeting("Good day"))
        try await eventually("the popup of the other session", within: .seconds(60), state: browser.describe) {
          try await browser.look(
            "return document.getElementById('pywebio-scope-ROOT').textContent.includes('Good day, Ada!')"
              + " && !document.querySelector('[style*=dashed]')"
          ).bool == true
        }
        let popup = try await browser.look(
          """
          const e = document.activeElement;
          return [document.querySelectorAll("dialog").length, document.querySelector("dialog").matches(":modal"), e.name, e.value,
            e.selectionStart, document.getAnimations().length]
          """)
        #expect(popup.text == "[1,true,\"detail\",\"three of\",5,0]", "\(popup.text)")
        #expect(try await isStillHere(browser))
        try await browser.screenshot("exchange-popup")
      }
    }

    /// A popup of the app is modal, and so nothing beside it can be reached.
    @Test(.timeLimit(.minutes(5)), arguments: [1_000, 390]) func theOverlayLiesOverAPopup(width: Int) async throws {
      try await visit { project, _, browser in
        try await browser.resize(width: width, height: 800)
        try await browser.click("button[data-color]:not([type=submit])")
        try await browser.type("three", into: "dialog input")
        try project.save(Self.source.replacing("putText(\"Hello", with: "putTxt(\"Hello"))
        _ = try await browser.waitForOverlay("putTxt", within: .seconds(60))
        let reached = """
          const root = document.querySelector("webio-dev").shadowRoot;
          const button = root.querySelector("header button"), box = button.getBoundingClientRect();
          const there = root.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
          const card = root.querySelector(".card").getBoundingClientRect();
          return [there === button, card.x >= 0 && card.right <= innerWidth, root.activeElement?.className]
          """
        #expect(try await browser.look(reached).text == "[true,true,\"card\"]")
        try await browser.screenshot("overlay-popup-\(width)")
        _ = try await browser.run("document.querySelector('webio-dev').shadowRoot.querySelector('header button').click()")
        let after =
          "const e = document.activeElement; return [e.name, e.value, document.querySelector('dialog').matches(':modal')]"
        #expect(try await browser.look(after).text == "[\"detail\",\"three\",true]")
        try project.save(Self.greeting("Good day"))
        try await eventually("the popup of the other session", within: .seconds(60), state: browser.describe) {
          try await browser.look("return document.getElementById('pywebio-scope-ROOT').textContent.includes('Good day, Ada!')")
            .bool
            == true
        }
        #expect(try await browser.look(after).text == "[\"detail\",\"three\",true]")
        #expect(try await isStillHere(browser))
        try await browser.resize(width: 1_000, height: 800)
      }
    }

    /// What is counted: sockets that are open, timers that will run, and what Chromium says of elements and listeners.
    private static let counters = """
      const Real = WebSocket; window.sockets = new Set();
      window.WebSocket = class extends Real {
        constructor(...words) { super(...words); sockets.add(this); this.addEventListener("close", () => sockets.delete(this)); }
      }
      window.timers = new Map();
      const { setTimeout, clearTimeout, setInterval } = window;
      window.setTimeout = (body, wait, ...words) => {
        const id = setTimeout(() => { timers.delete(id); body(...words); }, wait);
        timers.set(id, new Error().stack);
        return id;
      };
      window.clearTimeout = (id) => { timers.delete(id); clearTimeout(id); };
      window.setInterval = (...words) => { timers.set(Symbol(), new Error().stack); return setInterval(...words); };
      """

    private func withScript(_ script: String, in browser: WebDriver, _ body: () async throws -> Void) async throws {
      let added = try browser.call(
        "POST", "/goog/cdp/execute",
        ["cmd": "Page.addScriptToEvaluateOnNewDocument", "params": ["source": .string(script)]])
      func remove() throws {
        _ = try browser.call(
          "POST", "/goog/cdp/execute",
          ["cmd": "Page.removeScriptToEvaluateOnNewDocument", "params": ["identifier": added["identifier"]]])
      }
      do { try await body() } catch {
        try remove()
        throw error
      }
      try remove()
    }

    private func command(_ name: String, _ browser: WebDriver) throws -> JSON {
      try browser.call("POST", "/goog/cdp/execute", ["cmd": .string(name), "params": [:]])
    }

    /// What is there after a collection.
    private func weight(_ browser: WebDriver) async throws -> [String: Int] {
      _ = try command("Performance.enable", browser)
      _ = try command("HeapProfiler.collectGarbage", browser)
      var weight = ["sockets": try await browser.look("return sockets.size").int ?? .max]
      weight["timers"] = try await browser.look("return timers.size").int ?? .max
      for metric in try command("Performance.getMetrics", browser)["metrics"].items {
        guard let name = metric["name"].string, ["Nodes", "JSEventListeners", "Documents"].contains(name) else { continue }
        weight[name] = metric["value"].int
      }
      return weight
    }

    @Test(.timeLimit(.minutes(5))) func twentyExchangesLeaveNothingBehind() async throws {
      let browser = try await Fixture.shared.browser()
      try await withScript(Self.counters, in: browser) {
        // Chromium's advice on password forms keeps each of them in its console.
        func source(_ words: String) throws -> String {
          try Self.greeting(words).replacing(", type: .password", with: "")
        }
        try await visit(source("Hello")) { project, _, browser in
          try project.save(source("Good day"))
          try await waitForGreeting(browser, "Good day")
          try await browser.type("Lond", into: "form input[name]:not([type=file])")
          func exchange() async throws {
            // The same build again, as a socket asks for it that comes late.
            _ = try await browser.run(
              """
              window.before = WebIO._state.CurrentSession;
              dispatchEvent(new Event("webio:outdated", { cancelable: true }));
              """)
            try await eventually("another session", state: browser.describe) {
              try await browser.look(
                "return WebIO._state.CurrentSession !== before && WebIO._state.CurrentSession.state === 'open'"
              ).bool
                == true
            }
          }
          for _ in 1...3 { try await exchange() }
          // The sign has left, and what was shown is acknowledged.
          try await eventually("no timer is left", within: .seconds(30)) {
            let now = try await weight(browser)
            return now["timers"] == 0 && now["sockets"] == 2
          }
          let before = try await weight(browser)
          for _ in 1...20 { try await exchange() }
          // Chromium keeps some of it for a while by itself.
          var after: [String: Int] = [:]
          try await eventually("as much as before", within: .seconds(60), state: { "\(before) is now \(after)" }) {
            after = try await weight(browser)
            return after.allSatisfy { $0.value <= before[$0.key] ?? 0 }
          }
          #expect(try await isStillHere(browser))
          #expect(try await browser.look("return document.querySelector('form input[name]:not([type=file])').value") == "Lond")
        }
      }
    }

    @Test(.timeLimit(.minutes(5))) func anExchangeDuringAnExchangeIsTheLastOne() async throws {
      let browser = try await Fixture.shared.browser()
      try await withScript(Self.counters, in: browser) {
        try await visit { project, webio, browser in
          try project.save(Self.greeting("Good day"))
          try await waitForGreeting(browser, "Good day")
          // Four of them are called off by the next one, the last perhaps by that of the save.
          let position = webio.position
          try project.save(Self.greeting("Hi"))
          try await webio.event("built", after: position)
          _ = try await browser.run(
            "for (let i = 0; i < 5; i += 1) dispatchEvent(new Event('webio:outdated', { cancelable: true }))")
          try await waitForGreeting(browser, "Hi")
          try await eventually("one socket of the session, one of webio") {
            try await browser.look("return sockets.size === 2").bool == true
          }
          #expect(try await isStillHere(browser))
          #expect(try await browser.look("return document.querySelectorAll('form').length").int == 1)
          try await browser.type("Oslo", into: "form input[type=text]")
          try await browser.click("form button[type=submit]")
          try await browser.waitForText("nothing 0 Oslo")
        }
      }
    }

    /// The page stays readable, and the session comes when the link is there again.
    @Test(.timeLimit(.minutes(5))) func anExchangeWaitsForTheLink() async throws {
      let script = """
        const Real = WebSocket;
        window.WebSocket = class extends Real {
          constructor(url) { super(window.isCut && !String(url).includes("/__webio/") ? "ws://localhost:1/" : url); }
        }
        """
      let browser = try await Fixture.shared.browser()
      try await withScript(script, in: browser) {
        try await visit { project, webio, browser in
          let position = webio.position
          _ = try await browser.run("window.isCut = true; window.before = WebIO._state.CurrentSession;")
          try project.save(Self.greeting("Good day"))
          try await webio.event("reloaded", after: position)
          try await eventually("the page has left the old session") {
            try await browser.look("return before.state === 'left'").bool == true
          }
          #expect(try await browser.look("return WebIO._state.CurrentSession === before").bool == true)
          #expect(try await browser.text.contains("line 40"))
          _ = try await browser.run("window.isCut = false")
          try await waitForGreeting(browser, "Good day")
          #expect(try await isStillHere(browser))
        }
      }
    }

    /// Where the session is made of HTTP requests.
    enum Requests: CaseIterable {
      /// The app opens no WebSocket.
      case ofTheApp
      /// The session's WebSocket does not pass.
      case ofTheSession
      /// No WebSocket passes: the page hears nothing of builds, but that its session is of an older one.
      case only
    }

    @Test(.timeLimit(.minutes(5)), arguments: Requests.allCases) func anExchangeOverHTTP(_ requests: Requests) async throws {
      let passes =
        switch requests {
        case .ofTheApp: "true"
        case .ofTheSession: "String(url).includes('/__webio/')"
        case .only: "false"
        }
      let script = """
        const Real = WebSocket;
        window.WebSocket = class extends Real {
          constructor(url) { super(\(passes) ? url : "ws://localhost:1/"); }
        }
        """
      func source(_ words: String) throws -> String {
        let text = try Self.greeting(words)
        return requests == .ofTheApp
          ? text.replacing("startServer(main)", with: "startServer(main, transport: .http)") : text
      }
      let browser = try await Fixture.shared.browser()
      try await withScript(script, in: browser) {
        try await visit(source("Hello")) { project, _, browser in
          #expect(try await browser.look("return WebIO._state.CurrentSession.transport") == "http")
          for words in ["Good day", "Hi"] {
            try await browser.type("L", into: "form input[type=text]")
            _ = try await browser.run("scrollTo(0, 250)")
            try project.save(source(words))
            try await waitForGreeting(browser, words)
            #expect(try await isStillHere(browser), "the page was loaded again")
          }
          let place = try await browser.look(
            "return [scrollY, document.querySelector('form input[type=text]').value, WebIO._state.CurrentSession.transport]")
          #expect(place.text == "[250,\"LL\",\"http\"]", "\(place.text)")
          // It is a session as any other.
          try await browser.click("form button[type=submit]")
          try await browser.waitForText("nothing 0 LL")
        }
      }
    }

    @Test(.timeLimit(.minutes(5))) func anotherPageIsLoaded() async throws {
      try await visit { project, _, browser in
        func loads(_ source: String, _ shown: String, _ reason: Comment) async throws {
          _ = try await browser.run("window.isStillHere = true; scrollTo(0, 200)")
          try project.save(source)
          try await eventually("the page is loaded", within: .seconds(60), state: browser.describe) {
            try await browser.look(
              "return window.isStillHere === undefined && document.body.innerText.includes(arguments[0])", .string(shown)
            ).bool == true
          }
          #expect(try await browser.look("return scrollY").int == 200, reason)
        }
        let themed = try Self.greeting("Good day").replacing("startServer(main)", with: "startServer(main, theme: \"mint\")")
        try await loads(themed, "Good day, Ada!", "another theme")
        #expect(try await browser.look("return document.documentElement.dataset.theme") == "mint")
        let scripted = try Self.greeting("Hi").replacing(
          "setEnv(", with: "runJS(\"document.body.dataset.mark = 1\")\n  setEnv(")
        // The page that runs the script may stay no longer; the one before it is of another theme.
        try await loads(scripted, "Hi, Ada!", "the theme is gone again")
        try await loads(scripted.replacing("Hi, ", with: "Hey, "), "Hey, Ada!", "the app's script has run in the page")
      }
    }
  }
}

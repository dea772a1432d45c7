import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// Saves while a visitor is in the middle of something: the page stays where it was.
  @Suite struct ReplayTests {
    private static let source = #"""
      import WebIO

      func main() async throws {
        putMarkdown("# Order")
        let name = try await input("Name")
        let number = try await once("number") { Int.random(in: 1...1_000_000_000) }
        putText("Hello, \(name)! Your number is \(number).")
        putButtons(["More", "Less"]) { putText("clicked \($0)") }
        for line in 1...40 { putText("line \(line)") }
        let secret = try await input("Password", type: .password)
        putText("a password of \(secret.utf8.count)")
        _ = try await input("City")
        putText("ordered")
      }

      try await startServer(main)
      """#

    private static func edited(_ piece: String, _ other: String) throws -> String {
      try #require(source.contains(piece))
      return source.replacing(piece, with: other)
    }

    @Test(.timeLimit(.minutes(5))) func aVisitorKeepsThePlace() async throws {
      let project = try await Fixture.shared.project()
      try project.save(Self.source)
      let webio = try project.dev("--port", "0")
      let browser = try await Fixture.shared.browser()
      try await webio.explaining { try await walk(project, webio, browser) }
      webio.program.interrupt()
      _ = try await webio.end()
    }

    private func walk(_ project: HelloProject, _ webio: WebioCommand, _ browser: WebDriver) async throws {
      let (url, _) = try await webio.ready()
      try await browser.resize(width: 1000, height: 800)
      try await browser.open(url)
      try await answer(browser, "Name", "Ada")
      try await browser.waitForText("line 40")
      let number = try await text(of: browser, "Your number is")
      try await browser.click("button[data-color]")
      try await browser.waitForText("clicked More")
      try await answer(browser, "Password", "secret")
      try await browser.waitForText("a password of 6")
      try await browser.type("Lond", into: "form input")
      _ = try await browser.run("scrollTo(0, 300); document.querySelector('form input').setSelectionRange(1, 3)")

      // An edited text: everything else stays, the draft, the place, the caret, and what happens only once.
      try project.save(Self.edited("Hello, ", "Good day, "))
      try await browser.waitForText("Good day, Ada!", within: .seconds(60))
      try await sign(browser, "kept 3 of 3 answers")
      #expect(try await text(of: browser, "Your number is") == number)
      let place = try await browser.look(
        "const e = document.activeElement; return [scrollY, e.value, e.selectionStart, e.selectionEnd]")
      #expect(place.text == "[300,\"Lond\",1,3]", "\(place.text)")
      try await browser.screenshot("replay-kept")
      try await webio.event("replayed", after: 0)

      // An inserted question is asked; then the replay goes on by itself.
      try project.save(
        Self.edited("  putButtons", "  putText(\"born \\(try await input(\"Born\", type: .date))\")\n  putButtons"))
      try await sign(browser, "kept 1 of 3 answers, now at “Born”")
      _ = try await browser.run("document.querySelector('form input').value = '1815-12-10'")
      try await browser.click("form button[type=submit]")
      try await browser.waitForText("a password of 6")
      #expect(try await browser.look("return document.body.innerText.includes('clicked More')").bool == true)

      // A tightened validator stops at the old answer.
      try project.save(Self.edited("input(\"Name\")", "input(\"Name\", validate: { _ in \"no name\" })"))
      try await browser.waitForText("no name", within: .seconds(60))
      #expect(try await browser.look("return document.querySelector('form input').value") == "Ada")
      try await browser.screenshot("replay-stopped")

      // A replay that crashes the app is not tried again, and the page says so.
      try project.save(Self.edited("  putButtons", "  fatalError(\"no luck\")\n  putButtons"))
      try await sign(browser, "The replay crashed the app")
      try await browser.screenshot("replay-crashed")
      // Newer code bears it, but for the question that it does not ask any more.
      try project.save(Self.source)
      try await sign(browser, "kept 3 of 4 answers")
      try await press(browser, "Start over")
      try await answer(browser, "Name", "Bob")
      try await browser.waitForText("Hello, Bob!")

      // One step back, and all of them.
      try project.save(Self.edited("Hello, ", "Hi, "))
      try await sign(browser, "kept 1 of 1 answer")
      try await press(browser, "Back one")
      try await browser.waitForText("Name")
      #expect(try await browser.look("return document.body.innerText.includes('Hi, Bob')").bool == false)
      try await answer(browser, "Name", "Cleo")
      try await browser.waitForText("Hi, Cleo!")
      try project.save(Self.source)
      try await sign(browser, "kept 1 of 1 answer")
      try await press(browser, "Start over")
      _ = try await browser.find("form input")
      #expect(try await browser.look("return document.body.innerText.includes('Cleo')").bool == false)
      #expect(try await browser.consoleLog().filter { $0.contains("TypeError") || $0.contains("policy") } == [])
    }

    @Test(.timeLimit(.minutes(5))) func anEndedSessionIsReplayedAndStateRestartKeepsNothing() async throws {
      let project = try await Fixture.shared.project()
      let browser = try await Fixture.shared.browser()
      let webio = try project.dev("--port", "0")
      try await webio.explaining {
        try await greet(webio, browser)
        try project.save(project.edited("Hello, ", "Good day, "))
        try await browser.waitForText("Good day, Ada!", within: .seconds(60))
      }
      webio.program.interrupt()
      _ = try await webio.end()

      try project.restore()
      let other = try project.dev("--port", "0", "--state=restart")
      try await other.explaining {
        try await greet(other, browser)
        try project.save(project.edited("# Hello!", "# Anew!"))
        try await browser.waitForText("Anew!", within: .seconds(60))
        _ = try await browser.find("#input-container input")
      }
      other.program.interrupt()
      _ = try await other.end()
    }

    @Test(.timeLimit(.minutes(5))) func anEditedTextIsShownBeforeItIsCompiled() async throws {
      let project = try await Fixture.shared.project()
      let browser = try await Fixture.shared.browser()
      let webio = try project.dev("--port", "0")
      try await webio.explaining {
        try await greet(webio, browser)
        // What a preview draws is noted by the page, which keeps the note over the reload.
        _ = try await browser.run(
          """
          new MutationObserver(() => {
            const shown = document.querySelector("[style*=dashed]");
            if (shown) sessionStorage.setItem("seen", shown.innerText);
          }).observe(document.body, { subtree: true, childList: true });
          """)
        try project.save(project.edited("Hello, ", "Good day, "))
        try await webio.event("replayed", after: 0)
        try await browser.waitForText("Good day, Ada!")
        #expect(try await browser.look("return sessionStorage.getItem('seen')") == "Good day, Ada!")
        #expect(try await browser.look("return document.querySelector('[style*=dashed]') === null").bool == true)

        // A build that fails takes it back: as code the new text is none.
        try project.save(project.edited("Hello, \\(name)", "Hi, \\(name)").replacingOccurrences(of: "input(", with: "inputt("))
        _ = try await browser.waitForOverlay("inputt", within: .seconds(60))
        #expect(try await browser.look("return document.body.innerText.includes('Good day, Ada!')").bool == true)
      }
      webio.program.interrupt()
      _ = try await webio.end()
    }

    /// Nothing was answered: the new page does not wait for a replay that does not come.
    @Test(.timeLimit(.minutes(5))) func aPageWithoutAnswersIsBackAtOnce() async throws {
      let project = try await Fixture.shared.project()
      let browser = try await Fixture.shared.browser()
      let webio = try project.dev("--port", "0")
      try await webio.explaining {
        try await browser.open(webio.ready().url)
        try await browser.waitForText("What is your name?")
        try project.save(project.edited("# Hello!", "# Anew!"))
        try await sign(browser, "Updated in")
        #expect(try await browser.look("return document.body.innerText.includes('Anew!')").bool == true)
      }
      webio.program.interrupt()
      _ = try await webio.end()
    }

    /// The first file's text is not taken back while the build of both is under way.
    @Test(.timeLimit(.minutes(5))) func editedTextsOfTwoFilesAreShownTogether() async throws {
      let project = try await Fixture.shared.project()
      let browser = try await Fixture.shared.browser()
      let other = "\(project.path)/Sources/signature.swift"
      defer { try? FileManager.default.removeItem(atPath: other) }
      func signature(_ word: String) throws {
        try "import WebIO\n\nfunc sign() { putText(\"Yours \(word)\") }\n".write(
          toFile: other, atomically: true, encoding: .utf8)
      }
      func greeting(_ word: String) throws {
        let source = try project.edited("putText(\"Hello, \\(name)!\")", "putText(\"\(word), \\(name)!\")\n  sign()")
        try project.save(source)
      }
      try signature("none")
      try greeting("Hello")
      let webio = try project.dev("--port", "0")
      try await webio.explaining {
        try await greet(webio, browser)
        try await browser.waitForText("Yours none")
        // A quick compiler may be done before the second save: then both are saved once more.
        var isSeen = false
        for round in 1...5 where !isSeen {
          _ = try await browser.run(
            """
            sessionStorage.removeItem("both");
            new MutationObserver(() => {
              const shown = [...document.querySelectorAll("[style*=dashed]")].map((element) => element.innerText).join();
              if (shown.includes("Good") && shown.includes("Yours \(round)")) sessionStorage.setItem("both", shown);
            }).observe(document.body, { subtree: true, childList: true });
            """)
          let position = webio.position
          try greeting("Good day \(round)")
          try await eventually("the first text is shown", every: .milliseconds(1)) {
            try await browser.look("return document.body.innerText.includes('Good day \(round), Ada!')").bool == true
          }
          try signature("\(round)")
          try await browser.waitForText("Yours \(round)")
          try await eventually("both are compiled", within: .seconds(60)) {
            try await browser.look("return document.querySelector('[style*=dashed]') === null").bool == true
              && webio.events.dropFirst(position).last?["event"] == "replayed"
          }
          isSeen = try await browser.look("return sessionStorage.getItem('both')").string != nil
        }
        #expect(isSeen)
      }
      webio.program.interrupt()
      _ = try await webio.end()
    }

    @Test(.timeLimit(.minutes(5))) func aSavedSessionIsATest() async throws {
      let project = try await Fixture.shared.project()
      let browser = try await Fixture.shared.browser()
      let webio = try project.dev("--port", "0")
      try await webio.explaining {
        try await greet(webio, browser)
        try project.save(project.edited("# Hello!", "# Welcome!"))
        try await sign(browser, "kept 1 of 1 answer")
        try await press(browser, "Save")
        try await sign(browser, "webio replay .webio/sessions/1.json")
      }
      webio.program.interrupt()
      _ = try await webio.end()
      let file = "\(project.path)/.webio/sessions/1.json"

      let replay: ([String]) async throws -> (code: Int32, output: String, errors: String) = { words in
        try await WebioCommand.run(
          ["replay"] + words + [file, project.path], settings: project.directory, within: .seconds(120))
      }
      let same = try await replay([])
      #expect(same.code == 0 && same.errors.contains("the same: 1 of 1 answer"), "\(same.errors)")

      try project.save(project.edited("Hello, ", "Good day, "))
      let other = try await replay([])
      #expect(other.code == 1, "\(other.errors)")
      #expect(other.errors.contains("- output") && other.errors.contains("Hello, Ada!"), "\(other.errors)")
      #expect(other.errors.contains("+ output") && other.errors.contains("Good day, Ada!"), "\(other.errors)")
      #expect(try await replay(["--update"]).code == 0)
      let again = try await replay([])
      #expect(again.code == 0, "\(again.errors)")

      let none = try await WebioCommand.run(["replay", project.sourceFile], settings: project.directory)
      #expect(none.code == 2 && none.errors.contains("is no saved session"), "\(none.errors)")
    }

    /// A visitor of the template's app has answered.
    private func greet(_ webio: WebioCommand, _ browser: WebDriver) async throws {
      let (url, _) = try await webio.ready()
      try await browser.open(url)
      try await browser.type("Ada\u{E007}", into: "#input-container input")
      try await browser.waitForText("Hello, Ada!")
    }

    private func answer(_ browser: WebDriver, _ label: String, _ value: String) async throws {
      try await eventually("the question \(label)") {
        try await browser.look("return document.querySelector('form')?.innerText.includes(arguments[0])", .string(label)).bool
          == true
      }
      try await browser.type(value + "\u{E007}", into: "form input")
    }

    private func text(of browser: WebDriver, _ part: String) async throws -> String {
      let script =
        "return [...document.querySelectorAll('p')].find((p) => p.innerText.includes(arguments[0]))?.innerText.split('!')[1]"
      return try await browser.look(script, .string(part)).string ?? ""
    }

    private static let root = "document.querySelector('webio-dev').shadowRoot"

    /// The pill in the corner.
    private func sign(_ browser: WebDriver, _ wanted: String) async throws {
      var last = ""
      do {
        try await eventually("the sign", within: .seconds(60)) {
          let text = try await browser.look("return \(Self.root).querySelector('.sign')?.innerText ?? ''").string ?? ""
          if !text.isEmpty { last = text }
          return text.contains(wanted)
        }
      } catch {
        throw NotInTime("the sign says “\(last)” instead of “\(wanted)”: \(await browser.describe())")
      }
    }

    private func press(_ browser: WebDriver, _ label: String) async throws {
      _ = try await browser.run(
        "[...\(Self.root).querySelectorAll('button')].find((b) => b.innerText === arguments[0]).click()", .string(label))
    }
  }
}

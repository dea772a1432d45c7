import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What lies over the developer's page, and what does not lie over a visitor's.
  @Suite struct OverlayTests {
    /// Two errors, one of them with markup in it.
    @Test(.timeLimit(.minutes(4))) func errorsAreWalkedThroughAndOpenTheEditor() async throws {
      let project = try await Fixture.shared.project()
      let opened = project.directory.file("opened")
      let editor = project.directory.file("editor")
      try project.directory.write("editor", "#!/bin/sh\necho \"$@\" >> '\(opened)'\n")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: editor)
      try FileManager.default.createSymbolicLink(atPath: project.directory.file("code"), withDestinationPath: editor)
      defer {
        for name in ["editor", "code", "opened"] { try? FileManager.default.removeItem(atPath: project.directory.file(name)) }
      }
      let webio = try project.dev("--port", "0", environment: ["WEBIO_EDITOR": project.directory.file("code")])
      let browser = try await Fixture.shared.browser()
      try await webio.explaining {
        let (url, _) = try await webio.ready()
        try await browser.open(url)
        try await browser.waitForText("What is your name?")
        let markup = "<img src=x onerror=document.title=1><script>document.title=2</script>"
        try project.save(
          project.edited("putText(\"Hello", "putTxt(1)\n  let n: Int = \"\(markup)\"\n  putText(\"Hello"))
        let overlay = try await browser.waitForOverlay("2 errors", within: .seconds(60))
        #expect(overlay.contains("Sources/main.swift:6:3") && overlay.contains("Sources/main.swift:7:16"), "\(overlay)")
        #expect(overlay.contains(markup), "markup is shown as it is written: \(overlay)")
        let elements = "return document.querySelector('webio-dev').shadowRoot.querySelectorAll('img, script').length"
        #expect(try await browser.run(elements).int == 0)
        #expect(try await browser.run("return document.title").string?.hasPrefix("1") == false)
        try await browser.screenshot("overlay-two")

        // The keyboard goes from one to the other, and a click opens it.
        let current = "return document.querySelector('webio-dev').shadowRoot.querySelector('li.current .where').textContent"
        let press =
          "document.dispatchEvent(new KeyboardEvent('keydown', { key: arguments[0], bubbles: true, cancelable: true }))"
        #expect(try await browser.run(current) == "Sources/main.swift:6:3")
        for (key, place) in [("j", "7:16"), ("j", "7:16"), ("k", "6:3"), ("j", "7:16")] {
          _ = try await browser.run(press, .string(key))
          #expect(try await browser.run(current) == .string("Sources/main.swift:\(place)"), "\(key)")
        }
        _ = try await browser.run(
          "document.querySelector('webio-dev').shadowRoot.querySelector('li.current .where').click()")
        try await eventually("the editor") {
          (try? readText(opened))?.contains("-g \(project.sourceFile):7:16") == true
        }
        try project.restore()
        try await browser.waitForNoOverlay()
      }
      webio.program.interrupt()
      _ = try await webio.end()
    }

    @Test(.timeLimit(.minutes(4))) func aTaskThatThrowsShowsTheTerminalToTheDeveloper() async throws {
      let project = try await Fixture.shared.project()
      try project.save(
        project.edited(
          "putText(\"Hello, \\(name)!\")",
          "struct NoSuchCustomer: Error { let name: String }\n  print(\"looking for \\(name)\")\n  "
            + "throw NoSuchCustomer(name: name)"))
      let webio = try project.dev("--port", "0")
      let browser = try await Fixture.shared.browser()
      try await webio.explaining {
        let (url, _) = try await webio.ready()
        try await browser.open(url)
        try await browser.waitForText("What is your name?")
        try await browser.type("Ada\u{E007}", into: "#input-container input")
        try await browser.waitForText("Something went wrong in this app.")
        try await browser.waitForText("NoSuchCustomer(name: \"Ada\")")
        try await browser.waitForText("Terminal")
        let text = try await browser.look("return [...document.querySelectorAll('.w-error pre')].pop().textContent")
        #expect(text.string?.contains("looking for Ada") == true, "\(text.text)")
        try await browser.screenshot("task-error")
      }
      webio.program.interrupt()
      _ = try await webio.end()
      try project.restore()
    }

    /// The same port again, and the tab that was open instead of another one.
    @Test(.timeLimit(.minutes(4))) func anOldTabIsUsedAgain() async throws {
      let project = try await Fixture.shared.project()
      let browser = try await Fixture.shared.browser()
      var before = ""
      for isReused in [false, true] {
        let webio = try WebioCommand(
          ["dev", project.path, "--json", "--open"], settings: project.directory, environment: ["BROWSER": "/bin/true"])
        try await webio.explaining {
          let (url, _) = try await webio.ready()
          let opened = try await webio.event("opened")
          #expect(opened["reused"].bool == isReused)
          if isReused {
            #expect(url == before, "the port is another one")
          } else {
            try await browser.open(url)
          }
          try await browser.waitForText("What is your name?")
          // It has the token of this run: what is saved now comes to it.
          try project.save(project.edited("# Hello!", isReused ? "# Again!" : "# Once!"))
          try await browser.waitForText(isReused ? "Again!" : "Once!", within: .seconds(60))
          before = url
        }
        webio.program.interrupt()
        _ = try await webio.end()
      }
      try project.restore()
    }

    /// A lost dev socket is no reason to load the page again; only another build is.
    @Test(.timeLimit(.minutes(4))) func aReconnectIsNoReload() async throws {
      let project = try await Fixture.shared.project()
      let webio = try project.dev("--port", "0")
      let browser = try await Fixture.shared.browser()
      try await webio.explaining {
        let (url, _) = try await webio.ready()
        let script = """
          const Real = WebSocket; window.devSockets = []
          window.WebSocket = class extends Real {
            constructor(...words) { super(...words); if (String(words[0]).includes("/__webio/dev")) devSockets.push(this) }
          }
          """
        let added = try browser.call(
          "POST", "/goog/cdp/execute",
          ["cmd": "Page.addScriptToEvaluateOnNewDocument", "params": ["source": .string(script)]])
        try await browser.open(url)
        try await browser.waitForText("What is your name?")
        _ = try await browser.run("window.isStillHere = true")
        for round in 1...5 {
          try await eventually("dev socket \(round) is open") {
            try await browser.look("return devSockets.length === \(round) && devSockets.at(-1).readyState === 1").bool == true
          }
          _ = try await browser.run("devSockets.at(-1).close()")
        }
        try await eventually("it is back") { try await browser.look("return devSockets.length === 6").bool == true }
        #expect(
          try await browser.run("window.before = WebIO._state.CurrentSession; return window.isStillHere === true").bool == true)
        try project.save(project.edited("# Hello!", "# Other!"))
        // Its text is there before it is compiled; then the session is another one.
        try await eventually("the session of the other build", within: .seconds(60)) {
          try await browser.look("return WebIO._state.CurrentSession !== before && document.body.innerText.includes('Other!')")
            .bool
            == true
        }
        _ = try browser.call(
          "POST", "/goog/cdp/execute",
          ["cmd": "Page.removeScriptToEvaluateOnNewDocument", "params": ["identifier": added["identifier"]]])
      }
      webio.program.interrupt()
      _ = try await webio.end()
      try project.restore()
    }
  }
}

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `webio new` and `webio dev` with a real browser, a real compiler, and nobody touching the page.
  @Suite struct DevLoopTests {
    @Test(.timeLimit(.minutes(6))) func newDevEditBreakFixCrashStop() async throws {
      let project = try await Fixture.shared.project()
      let webio = try project.dev("--port", "0")
      let browser = try await Fixture.shared.browser()
      try await webio.explaining { try await walk(project, webio, browser) }
    }

    private func walk(_ project: HelloProject, _ webio: WebioCommand, _ browser: WebDriver) async throws {
      let (url, port) = try await webio.ready()

      // The form is filled, the answer shows.
      try await browser.resize(width: 1000, height: 800)
      // The page of the test before this one still asks for its webio.
      try await browser.open("about:blank")
      _ = try await browser.consoleLog()
      try await browser.open(url)
      try await browser.waitForText("What is your name?")
      try await browser.screenshot("hello-desktop")
      try await answer(browser, "Ada")
      try await browser.waitForText("Hello, Ada!")
      try await browser.screenshot("hello-answered")
      let complaints = try await browser.consoleLog().filter { $0.hasPrefix("SEVERE") }
      #expect(complaints == [])

      // A save changes the page by itself.
      var position = webio.position
      try project.save(project.edited("# Hello!", "# Good morning!"))
      try await browser.waitForText("Good morning!", within: .seconds(60))
      try await webio.event("reloaded", after: position)

      // An error covers the page and names its place; the last good app keeps serving.
      position = webio.position
      try project.saveInPlace(project.edited("putText(\"Hello", "putTxt(\"Hello"))
      let overlay = try await browser.waitForOverlay("putTxt", within: .seconds(60))
      #expect(overlay.contains("Sources/main.swift:6:3"), "\(overlay)")
      #expect(overlay.contains("cannot find 'putTxt' in scope"), "\(overlay)")
      try await browser.screenshot("overlay")
      let failed = try await webio.event("buildFailed", after: position)
      let diagnostic = failed["diagnostics"][0]
      #expect(diagnostic["file"].string?.hasSuffix("Sources/main.swift") == true, "\(diagnostic.text)")
      #expect(diagnostic["line"].int == 6 && diagnostic["column"].int == 3, "\(diagnostic.text)")
      #expect(diagnostic["severity"] == "error")
      #expect(diagnostic["message"].string?.contains("cannot find 'putTxt' in scope") == true)
      let session = try SessionProbe(port: port, origin: "http://127.0.0.1:\(port)")
      try #expect(session.command("input_group")["spec"]["inputs"][0]["type"] == "text")

      // The fix takes it away.
      try project.save(project.edited("# Hello!", "# Fixed!"))
      try await browser.waitForText("Fixed!", within: .seconds(60))
      try await browser.waitForNoOverlay()

      // A crash says so, and a save mends it.
      position = webio.position
      try project.save(project.edited("putText(\"Hello, \\(name)!\")", "fatalError(\"no luck, \\(name)\")"))
      try await webio.event("reloaded", after: position, within: .seconds(60))
      try await answerIfAsked(browser, "Bob")
      let crash = try await browser.waitForOverlay("The app crashed")
      #expect(crash.contains("Fatal error: no luck"), "\(crash)")
      #expect(crash.contains("Sources/main.swift:6:3"), "the place in the project: \(crash)")
      try await browser.screenshot("crash")
      let crashed = try await webio.event("crashed", after: position)
      #expect(crashed["signal"].string?.isEmpty == false, "\(crashed.text)")
      try project.save(project.edited("# Hello!", "# Alive again!"))
      try await browser.waitForText("Alive again!", within: .seconds(60))
      try await browser.waitForNoOverlay()

      // On a phone's width nothing hangs over the edge.
      try await browser.resize(width: 390, height: 844)
      let overhang = try await browser.run(
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth")
      #expect(overhang.int == 0)
      try await browser.screenshot("hello-phone")
      try await browser.resize(width: 1000, height: 800)

      // Ctrl-C leaves nothing.
      let traces = Traces(of: webio, port: port)
      webio.program.interrupt()
      #expect(try await webio.end() == .exited(130), "\(webio.account)")
      await traces.expectGone(within: .seconds(10))
      #expect(webio.events.last?["event"] == "exit" && webio.events.last?["code"].int == 130, "\(webio.account)")
      #expect(webio.events.allSatisfy { $0["event"] != "?" }, "standard output has a line that is no event")
      try Artifacts.save("dev-events.jsonl", webio.program.outputText)
    }

    @Test(.timeLimit(.minutes(3))) func aSingleFile() async throws {
      let project = try await Fixture.shared.project()
      let directory = try TemporaryDirectory("webio-single")
      try directory.write("hello.swift", project.source)
      let webio = try WebioCommand(
        ["dev", "hello.swift", "--json", "--no-open", "--port", "0"], directory: directory.path, settings: directory)
      try await webio.explaining {
        let (_, port) = try await webio.ready()
        let session = try SessionProbe(port: port, origin: "http://127.0.0.1:\(port)")
        #expect(try session.command("input_group")["spec"]["inputs"][0]["type"] == "text")
      }
    }

    /// The compiler's driver compares whole seconds: a second save within one must still be compiled.
    @Test(.timeLimit(.minutes(3))) func twoSavesWithinOneSecond() async throws {
      let project = try await Fixture.shared.project()
      let webio = try project.dev("--port", "0")
      try await webio.explaining {
        let (_, port) = try await webio.ready()
        let second = Date().timeIntervalSince1970.rounded(.down) + 10
        for (word, fraction) in [("Ahoy", 0.1), ("Servus", 0.9)] {
          let position = webio.position
          try project.save(project.edited("# Hello!", "# \(word)!"), at: Date(timeIntervalSince1970: second + fraction))
          try await webio.event("reloaded", after: position)
          let session = try SessionProbe(port: port, origin: "http://127.0.0.1:\(port)")
          let heading = try session.command("output")["spec"]["content"].string ?? ""
          #expect(heading.hasPrefix("# \(word)!"), "the page shows \(heading)")
        }
      }
    }

    @Test(.timeLimit(.minutes(3)), arguments: [SIGTERM, SIGKILL])
    func noOrphans(signal: Int32) async throws {
      let webio = try await Fixture.shared.project().dev("--port", "0")
      let (_, port) = try await webio.ready()
      let traces = Traces(of: webio, port: port)
      #expect(Processes.marked(traces.mark).count > 1)
      webio.program.send(signal)
      #expect(try await webio.end() == (signal == SIGTERM ? .exited(143) : .signalled(SIGKILL)))
      await traces.expectGone(within: .seconds(10))
    }

    @Test(.timeLimit(.minutes(3))) func noOrphansOfABuild() async throws {
      let project = try await Fixture.shared.project()
      let webio = try project.dev("--port", "0")
      let (_, port) = try await webio.ready()
      let position = webio.position
      try project.save(project.edited("# Hello!", "# Never seen"))
      try await webio.event("building", after: position)
      try await eventually("the compiler runs") {
        Processes.marked(webio.program.mark).contains { $0.command.contains("swift") }
      }
      let traces = Traces(of: webio, port: port)
      webio.program.send(SIGKILL)
      await traces.expectGone(within: .seconds(10))
    }

    @Test(.timeLimit(.minutes(3))) func aTakenPortIsNotTaken() async throws {
      let service = try await PythonServer()
      let project = try await Fixture.shared.project()
      let refused = try await WebioCommand.run(
        ["dev", project.path, "--no-open", "--port", "\(service.port)"], settings: project.directory)
      #expect(refused.code == 3)
      #expect(refused.errors.contains("\(service.port)"), "\(refused.errors)")
      #expect(refused.errors.contains("python"), "names the holder: \(refused.errors)")
    }

    @Test(.timeLimit(.minutes(3))) func aBrokenManifestIsMended() async throws {
      let project = try await Fixture.shared.project()
      let manifest = "\(project.path)/Package.swift"
      let good = try readText(manifest)
      defer { try? good.write(toFile: manifest, atomically: true, encoding: .utf8) }
      let webio = try project.dev("--port", "0")
      try await webio.explaining {
        let (_, port) = try await webio.ready()
        var position = webio.position
        try good.replacingOccurrences(of: "let package = Package(", with: "let package = Packge(")
          .write(toFile: manifest, atomically: true, encoding: .utf8)
        let failed = try await webio.event("buildFailed", after: position)
        #expect(failed["diagnostics"][0]["file"] == "Package.swift", "\(failed.text)")
        #expect(failed["diagnostics"][0]["message"].string?.contains("Packge") == true, "\(failed.text)")
        #expect(try HTTPProbe.get("/", port: port).status == 200, "the last good app goes on")
        position = webio.position
        try good.write(toFile: manifest, atomically: true, encoding: .utf8)
        try await webio.event("reloaded", after: position)
      }
      webio.program.interrupt()
      _ = try await webio.end()
    }

    /// Two would write the same objects at once.
    @Test(.timeLimit(.minutes(3))) func aProjectIsRunOnce() async throws {
      let project = try await Fixture.shared.project()
      let webio = try project.dev("--port", "0")
      let (url, _) = try await webio.ready()
      let second = try await WebioCommand.run(
        ["dev", project.path, "--no-open", "--port", "0"], settings: project.directory)
      #expect(second.code == 3)
      #expect(second.errors.contains("process \(webio.program.processID)"), "\(second.errors)")
      #expect(second.errors.contains(url), "\(second.errors)")
      // However the first one ends, the next one starts.
      webio.program.send(SIGKILL)
      _ = try await webio.end()
      let third = try project.dev("--port", "0")
      _ = try await third.ready()
      third.program.interrupt()
      _ = try await third.end()
    }

    /// An editor's or a terminal's build of the package does not hold ours up.
    @Test(.timeLimit(.minutes(3))) func anotherSwiftPMIsNotWaitedFor() async throws {
      let project = try await Fixture.shared.project()
      try FileManager.default.createDirectory(atPath: "\(project.path)/.build", withIntermediateDirectories: true)
      let holder = try Program(
        Program.require("python3"),
        [
          "-c",
          "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); "
            + "time.sleep(600)",
          "\(project.path)/.build/.lock",
        ])
      defer { holder.killAll() }
      try await eventually("the lock is held") { holder.outputText.contains("held") }
      let webio = try project.dev("--port", "0")
      _ = try await webio.ready()
      #expect(!webio.program.errorText.contains("Another instance"), "\(webio.account)")
      webio.program.interrupt()
      _ = try await webio.end()
    }

    private func answer(_ browser: WebDriver, _ name: String) async throws {
      try await browser.type(name + "\u{E007}", into: "#input-container input")
    }

    /// A reload answers by itself what was answered before.
    private func answerIfAsked(_ browser: WebDriver, _ name: String) async throws {
      let isAsked = try await eventually("the form or the crash") { () -> Bool? in
        if try await browser.overlay != nil { return false }
        let form = try await browser.look("return document.querySelector('#input-container input') !== null")
        return form.bool == true ? true : nil
      }
      if isAsked { try await answer(browser, name) }
    }
  }
}

/// A web server that is not ours.
final class PythonServer: Sendable {
  let port: UInt16
  let directory: TemporaryDirectory
  private let service: GuardedService

  init() async throws {
    let port = try freePort()
    let directory = try TemporaryDirectory("webio-python")
    try directory.write("hello.txt", "hello from behind\n")
    service = try await GuardedService(
      Program.require("python3"),
      ["-m", "http.server", "--bind", "127.0.0.1", "--directory", directory.path, "\(port)"])
    try await eventually("python serves") { Processes.isListening(port) }
    self.port = port
    self.directory = directory
  }

  func stop() async throws { try await service.stop() }
}

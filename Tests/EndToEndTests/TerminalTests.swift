import Foundation
import TestSupport
import Testing
import WebIOPosix

extension EndToEnd {
  /// What a person sees in the terminal, and the keys that are pressed there.
  @Suite struct TerminalTests {
    @Test(.timeLimit(.minutes(4))) func devInATerminal() async throws {
      let project = try await Fixture.shared.project()
      let terminal = try Program(
        WebioCommand.path, ["dev", "--no-open", "--port", "0"], directory: project.path,
        environment: WebioCommand.environment(project.directory).merging(["TERM": "xterm-256color"]) { $1 },
        inTerminal: true)
      defer { terminal.killAll() }
      try await see("Local:    http://", in: terminal)
      try await see("ready     http://", in: terminal, within: .seconds(120))

      // An error with its place, its source, and what goes on meanwhile.
      try project.save(project.edited("putText(\"Hello", "putTxt(\"Hello"))
      try await see("Sources/main.swift:6:3: error: cannot find 'putTxt' in scope", in: terminal, within: .seconds(60))
      try await see("failed    1 error; the last good version keeps running", in: terminal)

      // Two reloads take one line; a warning of a good build is told.
      try project.restore()
      try await see("reloaded  in", in: terminal, within: .seconds(60))
      try project.save(project.edited("# Hello!", "# Good morning!"))
      try await eventually("two reloads on one line", within: .seconds(60), state: { terminal.outputText }) {
        TerminalPicture.rows(terminal.outputText).contains { $0.contains("reloaded  in") && $0.hasSuffix("×2") }
      }
      try project.save(project.edited("putText(\"Hello", "let unused = 1\n  putText(\"Hello"))
      try await see("built     with 1 warning", in: terminal, within: .seconds(60))
      try await see("warning: Sources/main.swift:6:7: initialization of immutable value", in: terminal)
      try project.restore()

      // Keys, each with Enter.
      for (key, answer) in [
        ("h", "b  take back the last answer or click"), ("?", "There is no key ?; h lists them."),
        ("b", "There is no answer to take back."), ("u", "Public:   off, s + Enter"),
      ] {
        let position = plain(terminal).count
        terminal.type("\(key)\n")
        try await eventually("\(key) is answered", state: { terminal.outputText }) {
          plain(terminal).dropFirst(position).contains(answer)
        }
      }
      for key in ["r", "R"] {
        try await eventually("nothing is being built", within: .seconds(60)) {
          TerminalPicture.rows(terminal.outputText).last?.contains("…") == false
        }
        let position = plain(terminal).count
        terminal.type("\(key)\n")
        try await eventually("\(key) is answered", within: .seconds(60), state: { terminal.outputText }) {
          plain(terminal).dropFirst(position).contains("reloaded  in")
        }
      }

      let written = terminal.outputText
      terminal.type("q\n")
      #expect(try await terminal.waitForEnd(within: .seconds(60)) == .exited(0))
      try await eventually("nothing is left", within: .seconds(10)) { Processes.marked(terminal.mark).isEmpty }
      #expect(!written.contains("\u{1B}[2J"), "it clears by itself")
      // A build under way shows itself.
      #expect(written.contains("building …") && written.contains("starting …"))

      try Artifacts.save("terminal.txt", written)
      let python = try await PythonServer()
      try python.directory.write("terminal.html", TerminalPicture.page(written))
      let browser = try await Fixture.shared.browser()
      try await browser.open("http://127.0.0.1:\(python.port)/terminal.html")
      try await browser.screenshot("terminal")
    }

    /// `o` opens the address in the browser that BROWSER names, `c` empties the window and what was scrolled out of it.
    @Test(.timeLimit(.minutes(3))) func keysOpenThePageAndClearTheTerminal() async throws {
      let project = try await Fixture.shared.project()
      let opened = project.directory.file("opened-by-key")
      try project.directory.write("key-browser", "#!/bin/sh\necho \"$#: $1\" >> '\(opened)'\n")
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: project.directory.file("key-browser"))
      defer {
        for name in ["opened-by-key", "key-browser"] {
          try? FileManager.default.removeItem(atPath: project.directory.file(name))
        }
      }
      for browser in [project.directory.file("key-browser"), "none"] {
        let terminal = try Program(
          WebioCommand.path, ["dev", "--no-open", "--port", "0"], directory: project.path,
          environment: WebioCommand.environment(project.directory)
            .merging(["TERM": "xterm-256color", "BROWSER": browser]) { $1 }, inTerminal: true)
        defer { terminal.killAll() }
        try await see("ready     http://", in: terminal, within: .seconds(120))
        let url = try #require(plain(terminal).firstMatch(of: /ready +(http:\S+)/)?.1)
        #expect(!FileManager.default.fileExists(atPath: opened) || browser == "none", "--no-open")
        terminal.type(" o \n")
        if browser == "none" {
          try await see("There is no browser to open; BROWSER can name one.", in: terminal)
        } else {
          try await eventually("the page is opened") { (try? readText(opened)) == "1: \(url)\n" }
        }
        #expect(!terminal.outputText.contains("\u{1B}[2J") && !terminal.outputText.contains("\u{1B}[3J"))
        terminal.type("c\n")
        try await eventually("it is cleared") { terminal.outputText.contains("\u{1B}[H\u{1B}[2J\u{1B}[3J") }
        // What comes next stands at the top, and does not overwrite a line that is gone.
        terminal.type("u\n")
        try await eventually("the addresses") {
          let shown = terminal.outputText.components(separatedBy: "\u{1B}[3J").last ?? ""
          return shown.contains("Local:") && !shown.contains("\u{1B}[1A")
        }
        // Small letters and capitals are different keys, and longer words are none.
        terminal.type("O\n")
        try await see("There is no key O; h lists them.", in: terminal)
        terminal.type("quit\n")
        try await see("There is no key quit; h lists them.", in: terminal)
        terminal.type("q\n")
        #expect(try await terminal.waitForEnd(within: .seconds(60)) == .exited(0))
      }
      #expect(try readText(opened).components(separatedBy: "\n").count == 2, "opened once")
    }

    /// A shell's background job must not stop because it would like to read keys, and hears them when it comes forward.
    @Test(.timeLimit(.minutes(3))) func aBackgroundJobGoesOn() async throws {
      let project = try await Fixture.shared.project()
      let shell = try Program(
        Program.require("bash"), ["--norc", "-i"], directory: project.path,
        environment: WebioCommand.environment(project.directory).merging(["TERM": "xterm-256color", "PS1": "> "]) { $1 },
        inTerminal: true)
      defer { shell.killAll() }
      shell.type("\(WebioCommand.path) dev --no-open --port 0 &\n")
      try await see("ready     http://", in: shell, within: .seconds(120))
      // What is typed is the shell's.
      shell.type("echo $((40 + 2))-$(jobs -r | wc -l)\n")
      try await see("42-1", in: shell)
      shell.type("fg\n")
      try await eventually("the job hears a key", within: .seconds(60), every: .milliseconds(300), state: { shell.outputText })
      {
        shell.type("u\n")
        return plain(shell).components(separatedBy: "Local:    ").count > 2
      }
      // Stopped and sent back, it goes on.
      shell.type("\u{1A}")
      try await see("Stopped", in: shell)
      shell.type("bg\n")
      shell.type("echo $((40 + 3))-$(jobs -r | wc -l)\n")
      try await see("43-1", in: shell)
      shell.type("kill %1; wait %1; echo code-$?\n")
      try await see("code-143", in: shell)
    }

    @Test(.timeLimit(.minutes(3)), arguments: ["NO_COLOR", "CI", "TERM"])
    func plainTerminals(variable: String) async throws {
      let project = try await Fixture.shared.project()
      let value = variable == "TERM" ? "dumb" : "1"
      let terminal = try Program(
        WebioCommand.path, ["dev", "--no-open", "--port", "0"], directory: project.path,
        environment: WebioCommand.environment(project.directory).merging(["TERM": "xterm-256color"]) { $1 }
          .merging([variable: value]) { $1 }, inTerminal: true)
      defer { terminal.killAll() }
      try await see("ready     http://", in: terminal, within: .seconds(120))
      #expect(!terminal.outputText.contains(/\u{1B}\[[0-9;]+m/), "\(terminal.outputText.debugDescription)")
      if variable != "NO_COLOR" { #expect(!terminal.outputText.contains("\u{1B}")) }
      terminal.type("\u{3}")
      #expect(try await terminal.waitForEnd(within: .seconds(60)) == .exited(130))
    }

    /// `s` ends the tunnel and opens it again; a tunnel that cannot be opened does not end the session.
    @Test(.timeLimit(.minutes(3))) func aKeyStartsAndStopsSharing() async throws {
      let server = try await SSHServer()
      let project = try await Fixture.shared.project()
      let terminal = try Program(
        WebioCommand.path,
        [
          "dev", "--no-open", "--port", "0", "--no-qr", "--share=\(server.address)", "--identity", server.identity,
          "--known-hosts", server.writeKnownHosts(),
        ], directory: project.path,
        environment: WebioCommand.environment(project.directory).merging(["TERM": "xterm-256color"]) { $1 },
        inTerminal: true)
      defer { terminal.killAll() }
      try await see("public:  http://", in: terminal, within: .seconds(60))
      try await see("ready     http://", in: terminal, within: .seconds(120))
      let url = try #require(plain(terminal).firstMatch(of: /public: +(http:\S+)/)?.1)
      let port = try WebioCommand.port(of: String(url))
      #expect(try HTTPProbe.get("/", port: port, within: .seconds(60)).status == 200)
      terminal.type("s\n")
      try await see("no longer shared", in: terminal)
      try await eventually("the address is gone") { !Processes.isListening(port) }
      let position = plain(terminal).count
      terminal.type("s\n")
      try await eventually("it is shared again", within: .seconds(60), state: { terminal.outputText }) {
        plain(terminal).dropFirst(position).contains("public:  http://")
      }
      await server.stop()
      terminal.type("s\n")
      try await eventually("it is ended again", state: { terminal.outputText }) {
        plain(terminal).components(separatedBy: "no longer shared").count > 2
      }
      terminal.type("s\n")
      try await see("webio: ", in: terminal, within: .seconds(60))
      #expect(terminal.ended == nil)
      terminal.type("q\n")
      #expect(try await terminal.waitForEnd(within: .seconds(60)) == .exited(0))
    }

    /// `--host` tells the addresses, draws one and says who can come; they are reachable.
    @Test(.timeLimit(.minutes(3))) func otherMachinesAreLetInAndThatIsSaid() async throws {
      let project = try await Fixture.shared.project()
      let terminal = try Program(
        WebioCommand.path, ["dev", "--no-open", "--port", "0", "--host", "0.0.0.0"], directory: project.path,
        environment: WebioCommand.environment(project.directory).merging(["TERM": "xterm-256color"]) { $1 },
        inTerminal: true)
      defer { terminal.killAll() }
      try await see("ready     http://", in: terminal, within: .seconds(120))
      let shown = plain(terminal)
      let addresses = NetworkAddress.all.map(\.host).filter { !$0.hasPrefix("[") }
      try #require(!addresses.isEmpty, "this machine has no network")
      for host in addresses { #expect(shown.contains("Network:  http://\(host):"), "\(shown)") }
      #expect(shown.contains("everyone in the network reaches these addresses"))
      #expect(shown.contains("▄"), "a QR code")
      let port = try WebioCommand.port(of: String(try #require(shown.firstMatch(of: /Network: +(http:\S+)/)?.1)))
      let curl = try await Program.run(
        Program.require("curl"), ["-s", "-o", "/dev/null", "-w", "%{http_code}", "http://\(addresses[0]):\(port)/"])
      #expect(curl.output == "200", "\(curl)")
      terminal.type("q\n")
      #expect(try await terminal.waitForEnd(within: .seconds(60)) == .exited(0))
    }

    /// Into a pipe, as a script reads it: no colours, no control characters.
    @Test(.timeLimit(.minutes(3))) func devIntoAPipe() async throws {
      let project = try await Fixture.shared.project()
      let program = try Program(
        WebioCommand.path, ["dev", project.path, "--no-open"], environment: WebioCommand.environment(project.directory))
      defer { program.killAll() }
      try await eventually("the URL", within: .seconds(120), state: { program.errorText }) {
        program.errorText.contains("http://")
      }
      program.interrupt()
      #expect(try await program.waitForEnd(within: .seconds(60)) == .exited(130))
      let controls = (program.errorText + program.outputText).unicodeScalars.filter { $0.value < 32 && $0 != "\n" }
      #expect(controls.isEmpty, "\(program.errorText.debugDescription)")
    }

    private func see(_ text: String, in terminal: Program, within limit: Duration = .seconds(60)) async throws {
      try await eventually("the terminal shows \(text)", within: limit, state: { terminal.outputText }) {
        plain(terminal).contains(text)
      }
    }

    /// Colours may stand between the words.
    private func plain(_ terminal: Program) -> String {
      terminal.outputText.replacing(/\u{1B}\[[0-9;]*[mKA]/, with: "")
    }
  }
}

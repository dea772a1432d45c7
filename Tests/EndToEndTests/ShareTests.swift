import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `webio share` through a real sshd.
  @Suite struct ShareTests {
    private let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory("webio-share") }

    private func share(_ target: String, _ server: SSHServer, _ more: String...) throws -> WebioCommand {
      try WebioCommand(
        ["share", target, "--via", server.address, "--identity", server.identity]
          + ["--known-hosts", server.directory.file("known_hosts")] + more, settings: directory)
    }

    /// The address on the relay's side.
    private func publicPort(_ webio: WebioCommand, after position: Int = 0) async throws -> UInt16 {
      let event = try await webio.event("public", after: position, within: .seconds(300))
      return try WebioCommand.port(of: event["url"].string ?? "")
    }

    @Test(.timeLimit(.minutes(5))) func aPortAndOnlyItsURL() async throws {
      let server = try await SSHServer()
      _ = try server.writeKnownHosts()
      let python = try await PythonServer()
      let webio = try share("\(python.port)", server, "--url-only")
      let url = try await eventually("the URL", within: .seconds(60), state: { webio.program.errorText }) {
        let text = webio.program.outputText
        return text.hasSuffix("\n") ? text : nil
      }
      #expect(url.split(separator: "\n").count == 1 && url.hasPrefix("http://"), "\(url)")
      let port = try WebioCommand.port(of: url.trimmingCharacters(in: .newlines))
      let answer = try HTTPProbe.get("/hello.txt", port: port)
      #expect(answer.status == 200 && answer.text == "hello from behind\n", "\(answer)")

      let traces = Traces(of: webio, port: port)
      webio.program.interrupt()
      #expect(try await webio.end() == .exited(130), "\(webio.account)")
      await traces.expectGone(within: .seconds(10))
    }

    @Test(.timeLimit(.minutes(5))) func aReaderWhoPausesHoldsNobodyUp() async throws {
      let server = try await SSHServer()
      _ = try server.writeKnownHosts()
      let python = try await PythonServer()
      let webio = try share("\(python.port)", server, "--json")
      let port = try await publicPort(webio)
      webio.program.setReading(false)
      // More than the pipe takes, and more than webio keeps.
      let path = "/" + String(repeating: "x", count: 6_000)
      for _ in 0..<250 { #expect(try HTTPProbe.get(path, port: port).status == 404) }
      webio.program.setReading(true)
      _ = try await eventually("the word of what is missing", state: { webio.program.errorText }) {
        _ = try HTTPProbe.get("/hello.txt", port: port)
        return webio.program.errorText.contains("lines of this output are missing") ? true : nil
      }
      #expect(!webio.events.contains { $0["event"].string == "?" }, "only whole lines are left out")
      webio.program.setReading(false)
      for _ in 0..<30 { #expect(try HTTPProbe.get(path, port: port).status == 404) }
      webio.program.interrupt()
      #expect(try await webio.end() == .exited(130))
    }

    @Test(.timeLimit(.minutes(5))) func aTerminalThatIsStoppedHoldsNobodyUp() async throws {
      let server = try await SSHServer()
      _ = try server.writeKnownHosts()
      let python = try await PythonServer()
      let program = try Program(
        WebioCommand.path,
        ["share", "\(python.port)", "--via", server.address, "--identity", server.identity]
          + ["--known-hosts", server.directory.file("known_hosts")],
        environment: WebioCommand.environment(directory), inTerminal: true)
      defer { program.killAll() }
      let url = try await eventually("the URL", state: { program.outputText }) {
        program.outputText.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+/).map { String($0.output) }
      }
      let port = try WebioCommand.port(of: url)
      program.type("\u{13}")
      let path = "/" + String(repeating: "x", count: 6_000)
      for _ in 0..<50 { #expect(try HTTPProbe.get(path, port: port).status == 404) }
      program.type("\u{11}")
      _ = try await eventually("the log goes on", state: { String(program.outputText.suffix(300)) }) {
        program.outputText.count { $0 == "x" } >= 50 * 6_000 ? true : nil
      }
      program.type("\u{3}")
      #expect(try await program.waitForEnd() == .exited(130))
    }

    @Test(.timeLimit(.minutes(5))) func severalTunnelsAtOnceEachWithItsAddressAndItsFate() async throws {
      let servers = [try await SSHServer(), try await SSHServer()]
      let known = try servers.map { try readText($0.writeKnownHosts()) }.joined()
      try directory.write("known_hosts", known, mode: 0o600)
      // One key for both.
      try servers[1].directory.write(
        "authorized_keys", readText(servers[0].directory.file("user_key.pub")), mode: 0o600)
      let closed = "ssh://nobody@127.0.0.1:\(try freePort())"
      let python = try await PythonServer()
      let webio = try WebioCommand(
        ["share", "\(python.port)", "--json", "--identity", servers[0].identity]
          + ["--known-hosts", directory.file("known_hosts"), "--via", closed]
          + servers.flatMap { ["--via", $0.address] }, settings: directory)
      try await webio.explaining {
        for server in servers {
          let url = try await webio.event("public") { $0["provider"].string?.hasSuffix(":\(server.port)") == true }
          let answer = try HTTPProbe.get("/hello.txt", port: WebioCommand.port(of: url["url"].string ?? ""))
          #expect(answer.text == "hello from behind\n")
        }
        // One that fails does not take the others with it; the last one ends the command.
        let failed = try await webio.event("tunnelFailed")
        #expect(failed["message"].string?.contains("cannot connect") == true)
        await servers[0].stop()
        let event = try await webio.event("reconnecting", within: .seconds(60))
        #expect(event["provider"].string?.hasSuffix(":\(servers[0].port)") == true)
        #expect(webio.program.ended == nil)
      }
      webio.program.interrupt()
      #expect(try await webio.end() == .exited(130), "\(webio.account)")
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["libssh2", "ssh"])
    func eventsAndSocketsPassWithoutWaiting(_ engine: String) async throws {
      let server = try await SSHServer()
      _ = try server.writeKnownHosts()
      let events = try await EventServer()
      // The inspector looks at what passes, and must not hold it up either.
      for more in [[], ["--inspect"]] {
        let webio = try WebioCommand(
          ["share", "\(events.port)", "--json", "--via", server.address, "--identity", server.identity]
            + ["--known-hosts", server.directory.file("known_hosts"), "--engine", engine] + more, settings: directory)
        try await webio.explaining { try events.expectNoWaiting(port: try await publicPort(webio)) }
        webio.program.interrupt()
        #expect(try await webio.end() == .exited(130))
      }
    }

    @Test(.timeLimit(.minutes(5))) func theAddressAsACodeToScan() async throws {
      let server = try await SSHServer()
      _ = try server.writeKnownHosts()
      let python = try await PythonServer()
      let webio = try share("\(python.port)", server, "--qr")
      let drawn = try await eventually("the code", within: .seconds(60), state: { webio.program.errorText }) {
        let lines = webio.program.errorText.split(separator: "\n").filter { $0.contains("█") || $0.contains("▀") }
        return lines.count >= 15 ? lines : nil
      }
      #expect(Set(drawn.map(\.count)).count == 1, "a square: \(drawn)")
      #expect(!webio.program.errorText.contains("\u{1B}"), "no colours where there is no terminal")
      webio.program.interrupt()
      #expect(try await webio.end() == .exited(130))

      let quiet = try share("\(python.port)", server)
      try await eventually("the address", within: .seconds(60)) { quiet.program.errorText.contains("public:") }
      #expect(!quiet.program.errorText.contains("█"), "not without a terminal")
      #expect(quiet.program.errorText.contains("anyone with this address can reach the app"))
      quiet.program.interrupt()
      #expect(try await quiet.end() == .exited(130))
    }

    @Test(.timeLimit(.minutes(5))) func theOpenPageTellsThePublicAddress() async throws {
      let server = try await SSHServer()
      _ = try server.writeKnownHosts()
      let project = try await Fixture.shared.project()
      let webio = try project.dev(
        "--share=\(server.address)", "--identity", server.identity, "--known-hosts",
        server.directory.file("known_hosts"))
      try await webio.explaining {
        let ready = try await webio.ready()
        let url = try await webio.event("public")["url"].string ?? ""
        let browser = try await Fixture.shared.browser()
        try await browser.open(ready.url)
        try await eventually("the page tells the address", within: .seconds(60), state: browser.describe) {
          try await browser.look("return document.querySelector('webio-dev')?.shadowRoot.querySelector('.sign')?.innerText")
            == .string("Public address: \(url)")
        }
        try await browser.screenshot("share-announced")
      }
      webio.program.interrupt()
      #expect(try await webio.end() == .exited(130))
    }

    @Test(.timeLimit(.minutes(5))) func aPasswordForVisitors() async throws {
      let server = try await SSHServer()
      _ = try server.writeKnownHosts()
      let python = try await PythonServer()
      let webio = try share("\(python.port)", server, "--json", "--auth", "ada:secret")
      let port = try await publicPort(webio)
      #expect(try HTTPProbe.get("/hello.txt", port: port).status == 401)
      for (login, status) in [("ada:wrong", 401), ("ada:secret", 200)] {
        let token = Data(login.utf8).base64EncodedString()
        let answer = try HTTPProbe.get("/hello.txt", port: port, fields: ["Authorization": "Basic \(token)"])
        #expect(answer.status == status)
      }
      try await webio.event("request", where: { $0["status"].int == 401 })
    }

    /// On a port of sshd's own a visitor writes X-Forwarded-For as it likes.
    @Test(.timeLimit(.minutes(5))) func addressesAreNotAllowedWhereNobodyVouchesForThem() async throws {
      let server = try await SSHServer()
      _ = try server.writeKnownHosts()
      let python = try await PythonServer()
      let webio = try share("\(python.port)", server, "--json", "--allow", "127.0.0.1")
      #expect(try await webio.end(within: .seconds(60)) == .exited(2), "\(webio.account)")
      #expect(webio.program.errorText.contains("where they write X-Forwarded-For themselves"), "\(webio.account)")
      #expect(webio.program.errorText.contains("webio new relay"))
      #expect(!webio.program.outputText.contains("\"public\""))
      // Where it is known beforehand nothing is connected.
      let other = try await WebioCommand.run(
        ["share", "\(python.port)", "--via", "srv.us", "--allow", "127.0.0.1"], settings: directory)
      #expect(other.code == 2 && other.errors.contains("--allow cannot know them"), "\(other)")
      // Nothing is not everybody.
      for (empty, says) in [("", "--allow needs a value"), (",", "is no range"), ("127.0.0.1,", "is no range")] {
        let ended = try await WebioCommand.run(["share", "\(python.port)", "--allow", empty], settings: directory)
        #expect(ended.code == 2 && ended.errors.contains(says), "\(ended)")
      }
    }

    @Test(.timeLimit(.minutes(5))) func aProjectHealsReloadsAndHidesItsDevSide() async throws {
      let server = try await SSHServer()
      _ = try server.writeKnownHosts()
      let project = try await Fixture.shared.project()
      let webio = try share(project.path, server, "--json")
      try await webio.explaining { try await walk(project, webio, server) }
    }

    private func walk(_ project: HelloProject, _ webio: WebioCommand, _ server: SSHServer) async throws {
      var port = try await publicPort(webio)
      try await webio.event("built", within: .seconds(300))

      // The page and a session come through.
      let page = try HTTPProbe.get("/", port: port, within: .seconds(60))
      #expect(page.status == 200 && page.fields["content-type"] == "text/html; charset=utf-8", "\(page)")
      #expect(try ask(port) == "Hello, Ada!")

      // The public side has no dev endpoint and no trace of one.
      #expect(!page.text.contains("dev.js") && !page.text.contains("devToken"))
      for target in ["/__webio/dev", "/__webio/open", "/__webio/", "/__webio/dev.js", "/__webio"] {
        #expect(try HTTPProbe.get(target, port: port).status == 404, "\(target)")
      }
      let opened = try HTTPProbe.get("/__webio/open", port: port, method: "POST", body: "{\"file\":\"x\",\"line\":1}")
      #expect(opened.status == 404)
      #expect(throws: Connection.Failure.self) { try WebSocketProbe("/__webio/dev", port: port) }

      // Requests and sessions work while the app is reloaded.
      try project.save(project.edited("Hello, ", "Good evening, "))
      try await eventually("the public side has the new app", within: .seconds(90), state: { webio.account }) {
        let page = try HTTPProbe.get("/", port: port, within: .seconds(60))
        #expect(page.status == 200)
        // A session that is cut by the swap is opened again, as a page does it; a request never fails.
        return (try? ask(port)) == "Good evening, Ada!"
      }

      // The relay goes and comes back; the share heals by itself.
      let position = webio.position
      await server.stop()
      try await webio.event("reconnecting", after: position, within: .seconds(60))
      try await server.start()
      port = try await publicPort(webio, after: position)
      #expect(try ask(port) == "Good evening, Ada!")

      // Another host key under the same address is refused.
      await server.stop()
      try await server.changeHostKey()
      try await server.start()
      #expect(try await webio.end(within: .seconds(60)) == .exited(5), "\(webio.account)")
      #expect(webio.program.errorText.contains("host key"), "\(webio.account)")
      try Artifacts.save("share-events.jsonl", webio.program.outputText)
    }

    @Test(.timeLimit(.minutes(5))) func aChangedHostKeyIsRefusedAtTheStart() async throws {
      let server = try await SSHServer()
      _ = try server.writeKnownHosts()
      await server.stop()
      try await server.changeHostKey()
      try await server.start()
      let python = try await PythonServer()
      let webio = try share("\(python.port)", server)
      #expect(try await webio.end(within: .seconds(60)) == .exited(5), "\(webio.account)")
      #expect(webio.program.errorText.contains("host key"), "\(webio.account)")
      #expect(webio.program.outputText.isEmpty)
    }

    /// A session from the public side: the name is asked, the answer comes.
    private func ask(_ port: UInt16) throws -> String {
      let session = try SessionProbe(port: port, origin: "http://127.0.0.1:\(port)")
      let form = try session.command("input_group", within: .seconds(60))
      let name = form["spec"]["inputs"][0]["name"].string ?? ""
      try session.submit(form, .object([name: "Ada"]))
      let output = try session.command(within: .seconds(60)) {
        $0["command"] == "output" && $0["spec"]["type"] == "text"
      }
      return output["spec"]["content"].string ?? ""
    }
  }
}

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

    @Test(.timeLimit(.minutes(1))) func aPortAndOnlyItsURL() async throws {
      let server = try await SSHServer()
      _ = try server.writeKnownHosts()
      let python = try await PythonServer()
      let webio = try share("\(python.port)", server, "--url-only")
      let url = try await eventually("the URL", within: .seconds(20), state: { webio.program.errorText }) {
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
      await traces.expectGone(within: .seconds(1))
    }

    @Test(.timeLimit(.minutes(1))) func aPasswordForVisitors() async throws {
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
      let page = try HTTPProbe.get("/", port: port, within: .seconds(30))
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
      try await server.stop()
      try await webio.event("reconnecting", after: position, within: .seconds(60))
      try await server.start()
      port = try await publicPort(webio, after: position)
      #expect(try ask(port) == "Good evening, Ada!")

      // Another host key under the same address is refused.
      try await server.stop()
      try server.changeHostKey()
      try await server.start()
      #expect(try await webio.end(within: .seconds(60)) == .exited(5), "\(webio.account)")
      #expect(webio.program.errorText.contains("host key"), "\(webio.account)")
      try Artifacts.save("share-events.jsonl", webio.program.outputText)
    }

    @Test(.timeLimit(.minutes(1))) func aChangedHostKeyIsRefusedAtTheStart() async throws {
      let server = try await SSHServer()
      _ = try server.writeKnownHosts()
      try await server.stop()
      try server.changeHostKey()
      try await server.start()
      let python = try await PythonServer()
      let webio = try share("\(python.port)", server)
      #expect(try await webio.end(within: .seconds(30)) == .exited(5), "\(webio.account)")
      #expect(webio.program.errorText.contains("host key"), "\(webio.account)")
      #expect(webio.program.outputText.isEmpty)
    }

    /// A session from the public side: the name is asked, the answer comes.
    private func ask(_ port: UInt16) throws -> String {
      let session = try SessionProbe(port: port, origin: "http://127.0.0.1:\(port)")
      let form = try session.command("input_group", within: .seconds(30))
      let name = form["spec"]["inputs"][0]["name"].string ?? ""
      try session.submit(form, .object([name: "Ada"]))
      let output = try session.command(within: .seconds(10)) {
        $0["command"] == "output" && $0["spec"]["type"] == "text"
      }
      return output["spec"]["content"].string ?? ""
    }
  }
}

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// The instruments themselves: each sees what the other tests rely on.
  @Suite struct FixtureTests {
    @Test func aDaemonIsFoundByItsMark() async throws {
      let program = try Program("/bin/sh", ["-c", "setsid sleep 60 & wait"])
      defer { program.killAll() }
      try await eventually("three processes") { Processes.marked(program.mark).count >= 2 }
      program.send(SIGKILL)
      #expect(try await program.waitForEnd() == .signalled(SIGKILL))
      #expect(Processes.marked(program.mark).map(\.command) == ["sleep 60"])
      program.killAll()
      try await eventually("nothing is left") { Processes.marked(program.mark).isEmpty }
    }

    @Test func listenersAndTheirSocketsAreSeen() async throws {
      let port = try freePort()
      #expect(!Processes.isListening(port))
      let directory = try TemporaryDirectory()
      let script = """
        import socket, sys, time
        a = socket.socket(); a.bind(("127.0.0.1", int(sys.argv[1]))); a.listen()
        b = socket.socket(socket.AF_UNIX); b.bind(sys.argv[2]); b.listen()
        time.sleep(60)
        """
      let program = try Program(Program.require("python3"), ["-c", script, "\(port)", directory.file("s")])
      defer { program.killAll() }
      try await eventually("it listens", state: { program.errorText }) { Processes.isListening(port) }
      try await eventually("its socket shows") {
        Processes.marked(program.mark).flatMap { Processes.unixSockets(of: $0.id) } == [directory.file("s")]
      }
    }

    @Test func aTerminalTakesControlC() async throws {
      let program = try Program("/bin/sh", ["-c", "tty && stty size && exec sleep 60"], inTerminal: true)
      defer { program.killAll() }
      try await eventually("the size", state: { program.outputText }) { program.outputText.contains("30 100\r\n") }
      #expect(program.outputText.hasPrefix("/dev/pts/"))
      program.type("\u{3}")
      #expect(try await program.waitForEnd() == .signalled(SIGINT))
    }

    @Test(.timeLimit(.minutes(5))) func theRelayForwardsForOpenSSH() async throws {
      let server = try await SSHServer()
      let python = try await PythonServer()
      let remote = try freePort()
      let client = try Program(
        Program.require("ssh"),
        [
          "-F", "none", "-N", "-i", server.identity, "-o", "IdentitiesOnly=yes", "-p", "\(server.port)",
          "-o", "UserKnownHostsFile=\(try server.writeKnownHosts())", "-o", "ExitOnForwardFailure=yes",
          "-R", "\(remote):127.0.0.1:\(python.port)", "\(NSUserName())@127.0.0.1",
        ])
      defer { client.killAll() }
      try await eventually("the forward", state: { "\(client.errorText)\n\(await server.log)" }) {
        Processes.isListening(remote)
      }
      #expect(try HTTPProbe.get("/hello.txt", port: remote).text == "hello from behind\n")
      await server.stop()
      try await eventually("sshd takes its forwards along") { !Processes.isListening(remote) }
    }

    @Test(.timeLimit(.minutes(5))) func theBrowserTypesAndReads() async throws {
      let python = try await PythonServer()
      try python.directory.write(
        "page.html",
        """
        <input id=a onchange="document.body.append('you typed ' + this.value)">
        <webio-dev></webio-dev><script>
        document.querySelector("webio-dev").attachShadow({ mode: "open" }).innerHTML =
          "<div class=back><div class=card>over it</div></div>";
        </script>
        """)
      let browser = try await Fixture.shared.browser()
      try await browser.open("http://127.0.0.1:\(python.port)/page.html")
      try await browser.type("Ünïcode\u{E007}", into: "#a")
      try await browser.waitForText("you typed Ünïcode")
      #expect(try await browser.overlay == "over it")
    }
  }
}

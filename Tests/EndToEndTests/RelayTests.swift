import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `webio new relay`: a real sshd and a real nginx on loopback, and an app shared under a name of its own.
  @Suite struct RelayTests {
    private let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory("webio-relay") }

    @Test(.timeLimit(.minutes(5)), arguments: ["libssh2", "ssh"])
    func anAppIsSharedUnderANameOfItsOwn(_ engine: String) async throws {
      let relay = try await Relay(directory)
      let owner = try await relay.letIn("owner")
      let stranger = try await relay.letIn("stranger")
      let python = try await PythonServer()
      let webio = try relay.share(python.port, owner, "--name", "ada", "--engine", engine)
      try await webio.explaining {
        let url = try await webio.event("public", within: .seconds(60))["url"].string
        #expect(url == "http://ada.relay.test:\(relay.visitorPort)", "\(relay.log)")
        #expect(try relay.get("/hello.txt", "ada").text == "hello from behind\n")
        #expect(try relay.get("/hello.txt", "eve").status == 404)
        // The relay's word counts, and not the visitor's.
        _ = try relay.get("/who", "ada", fields: ["X-Forwarded-For": "198.51.100.7"])
        let request = try await webio.event("request") { $0["path"].string == "/who" }
        #expect(request["from"].string == "127.0.0.1")

        // The name is its owner's.
        let refused = try relay.share(python.port, stranger, "--name", "ada", "--engine", engine)
        #expect(try await refused.end(within: .seconds(60)) == .exited(5))
        #expect(refused.program.errorText.contains("the name ada belongs to another key"), "\(refused.account)")
        let foreign = try relay.share(python.port, stranger, "--domain", "ada.example.com", "--engine", engine)
        #expect(try await foreign.end(within: .seconds(60)) == .exited(5))
        let other = try relay.share(python.port, stranger, "--engine", engine)
        let made = try await other.event("public", within: .seconds(60))["url"].string ?? ""
        #expect(made.hasSuffix(".relay.test:\(relay.visitorPort)") && made != url, "a name made of the key")
        other.program.interrupt()
        #expect(try await other.end() == .exited(130))
      }
      webio.program.interrupt()
      #expect(try await webio.end() == .exited(130))
      try await eventually("the name is free", within: .seconds(60)) {
        try relay.get("/hello.txt", "ada").status == 404
      }
      try await relay.stop()
    }

    /// nginx writes the visitor's address, and what a visitor writes before it does not count.
    @Test(.timeLimit(.minutes(5))) func onlyAllowedAddressesComeIn() async throws {
      let relay = try await Relay(directory)
      let owner = try await relay.letIn("owner")
      let python = try await PythonServer()
      for (networks, status) in [("203.0.113.0/24,127.0.0.0/8", 200), ("203.0.113.0/24", 403)] {
        let webio = try relay.share(python.port, owner, "--name", "ada", "--allow", networks)
        try await webio.explaining {
          _ = try await webio.event("public", within: .seconds(60))
          let answer = try relay.get("/hello.txt", "ada", fields: ["X-Forwarded-For": "203.0.113.7"])
          #expect(answer.status == status, "\(networks)")
        }
        webio.program.interrupt()
        #expect(try await webio.end() == .exited(130))
      }
      try await relay.stop()
    }

    /// A wildcard certificate switches HTTPS on.
    @Test(.timeLimit(.minutes(5))) func aCertificateMakesItSecure() async throws {
      let made = try await Program.run(
        Program.require("openssl"),
        [
          "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
          "/CN=*.relay.test", "-addext", "subjectAltName=DNS:*.relay.test", "-keyout", directory.file("key.pem"),
          "-out", directory.file("cert.pem"),
        ])
      #expect(made.ending == .exited(0), "\(made.errors)")
      let relay = try await Relay(
        directory, ["TLS_CERT=\(directory.file("cert.pem"))", "TLS_KEY=\(directory.file("key.pem"))"])
      let owner = try await relay.letIn("owner")
      let python = try await PythonServer()
      let webio = try relay.share(python.port, owner, "--name", "ada")
      try await webio.explaining {
        let url = try await webio.event("public", within: .seconds(60))["url"].string ?? ""
        #expect(url == "https://ada.relay.test:\(relay.securePort)")
        let got = try await Program.run(
          Program.require("curl"),
          [
            "-s", "--cacert", directory.file("cert.pem"), "--resolve", "ada.relay.test:\(relay.securePort):127.0.0.1",
            "\(url)/hello.txt",
          ])
        #expect(got.output == "hello from behind\n", "\(got)")
        #expect(try relay.get("/hello.txt", "ada").status == 301)
      }
      webio.program.interrupt()
      #expect(try await webio.end() == .exited(130))
      try await relay.stop()
    }

    @Test(.timeLimit(.minutes(5))) func eventsAndSocketsPassWithoutWaiting() async throws {
      let relay = try await Relay(directory)
      let owner = try await relay.letIn("owner")
      let events = try await EventServer()
      let webio = try relay.share(events.port, owner, "--name", "ada")
      try await webio.explaining {
        _ = try await webio.event("public", within: .seconds(60))
        try events.expectNoWaiting(port: relay.visitorPort, host: "ada.relay.test:\(relay.visitorPort)")
      }
      webio.program.interrupt()
      #expect(try await webio.end() == .exited(130))
      try await relay.stop()
    }

    /// What ./install would do to a machine: the unit and the line of sudo are such as systemd and sudo take.
    @Test(.timeLimit(.minutes(5))) func theServiceIsOneThatSystemdTakes() async throws {
      let made = try await WebioCommand.run(["new", "relay", directory.file("relay"), "--no-git"], settings: directory)
      #expect(made.code == 0, "\(made.errors)")
      let into = directory.file("root")
      let installed = try await Program.run(directory.file("relay/install"), ["--into", into])
      #expect(installed.ending == .exited(0), "\(installed.errors)")
      let commands = installed.output.split(separator: "\n").map(String.init)
      let expected = [
        "'apt-get' 'update'", "openssh-server", "'systemctl' 'disable' '--now' 'nginx'", "'useradd'", "'usermod'",
        "'systemctl' 'daemon-reload'", "'systemctl' 'enable' 'relay'", "'systemctl' 'restart' 'relay'",
      ]
      for part in expected { #expect(commands.contains { $0.contains(part) }, "\(part): \(commands)") }
      let unit = "\(into)/etc/systemd/system/relay.service"
      let verified = try await Program.run(Program.require("systemd-analyze"), ["verify", "--recursive-errors=no", unit])
      #expect(verified.ending == .exited(0) && verified.errors.isEmpty, "\(verified)")
      // A mistake in it would have been found.
      let text = try readText(unit)
      try directory.write("root/broken.service", text.replacingOccurrences(of: "ExecStart=/", with: "ExecStart=/nowhere/"))
      let broken = try await Program.run(
        Program.require("systemd-analyze"), ["verify", "--recursive-errors=no", "\(into)/broken.service"])
      #expect(broken.ending != .exited(0) && broken.errors.contains("not executable"), "\(broken)")
      let checked = try await Program.run(Program.require("visudo"), ["-cf", "\(into)/etc/sudoers.d/relay"])
      #expect(checked.ending == .exited(0), "\(checked)")
      let unknown = try await Program.run(directory.file("relay/install"), ["--now"])
      #expect(unknown.ending == .exited(2))
    }

    /// A key is good for a name and for nothing else.
    @Test(.timeLimit(.minutes(5))) func aKeyOpensNothingElse() async throws {
      let relay = try await Relay(directory)
      let key = try await relay.letIn("owner")
      func ssh(_ words: String...) async throws -> (ending: Program.Ending, output: String, errors: String) {
        try await Program.run(
          Program.require("ssh"),
          [
            "-F", "none", "-i", key, "-p", "\(relay.sshPort)", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=\(directory.file("other_hosts"))", "-o", "ConnectTimeout=5",
          ] + words, within: .seconds(60))
      }
      let target = "\(NSUserName())@127.0.0.1"
      let shell = try await ssh(target, "echo", "inside; id")
      #expect(shell.ending == .exited(1) && !shell.output.contains("inside"), "\(shell)")
      let words = try await ssh(target, "true", "--name", "$(touch", directory.file("touched"), ")")
      #expect(words.ending == .exited(1) && !directory.contents.contains("touched"), "\(words)")
      let direct = try await ssh("-W", "127.0.0.1:\(relay.sshPort)", target)
      #expect(direct.ending != .exited(0) && direct.output.isEmpty, "\(direct)")
      let everywhere = try await ssh(
        "-o", "ExitOnForwardFailure=yes", "-R", "0.0.0.0:0:127.0.0.1:1", target, "true", "--name", "x")
      #expect(everywhere.errors.contains("remote port forwarding failed"), "\(everywhere)")
      try await relay.stop()
    }
  }
}

/// What `webio new relay` writes, running.
private final class Relay: Sendable {
  let sshPort: UInt16
  let visitorPort: UInt16
  let securePort: UInt16
  private let path: String
  private let directory: TemporaryDirectory
  private let program: Program

  init(_ directory: TemporaryDirectory, _ more: [String] = []) async throws {
    self.directory = directory
    sshPort = try freePort()
    visitorPort = try freePort()
    securePort = try freePort()
    path = directory.file("relay")
    let made = try await WebioCommand.run(["new", "relay", path, "--no-git"], settings: directory)
    guard made.code == 0 else { throw NotInTime("webio new relay: \(made.errors)") }
    let settings = [
      "DOMAIN=relay.test", "SSH_PORT=\(sshPort)", "RELAY_USER=\(NSUserName())", "HTTP_PORT=\(visitorPort)",
      "HTTPS_PORT=\(securePort)", "LISTEN=127.0.0.1", "STATE=\(path)/state",
    ]
    let original = try readText("\(path)/relay.conf")
    try directory.write("relay/relay.conf", original + (settings + more).joined(separator: "\n") + "\n")
    let program = try Program("\(path)/start", [])
    self.program = program
    let ports = [sshPort, visitorPort]
    try await eventually("the relay listens", within: .seconds(60), state: { program.errorText }) {
      if let ended = program.ended { throw NotInTime("start ended: \(ended) \(program.errorText)") }
      return ports.allSatisfy(Processes.isListening)
    }
    let key = try readText("\(path)/state/host_key.pub").split(separator: " ").prefix(2).joined(separator: " ")
    try directory.write("known_hosts", "[127.0.0.1]:\(sshPort) \(key)\n", mode: 0o600)
  }

  /// sshd and nginx write over their environment, so only `start` can find them.
  deinit { program.interrupt() }

  /// With everything that it started.
  func stop() async throws {
    let before = [sshPort, visitorPort]
    program.interrupt()
    _ = try await program.waitForEnd(within: .seconds(60))
    try await eventually("the ports are free") { !before.contains(where: Processes.isListening) }
  }

  var log: String { program.errorText }

  /// Makes a key that the relay lets in, and gives its file.
  func letIn(_ name: String) async throws -> String {
    let file = directory.file("key_\(name)")
    let made = try await Program.run(
      Program.require("ssh-keygen"), ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file])
    guard made.ending == .exited(0) else { throw NotInTime("ssh-keygen: \(made.errors)") }
    let line = try readText("\(file).pub").trimmingCharacters(in: .newlines)
    let added = try await Program.run("\(path)/add-key", [line])
    guard added.ending == .exited(0) else { throw NotInTime("add-key: \(added.errors)") }
    return file
  }

  func share(_ port: UInt16, _ key: String, _ more: String...) throws -> WebioCommand {
    try WebioCommand(
      [
        "share", "\(port)", "--json", "--via", "ssh://\(NSUserName())@127.0.0.1:\(sshPort)", "--identity", key,
        "--known-hosts", directory.file("known_hosts"),
      ] + more, settings: directory)
  }

  func get(_ target: String, _ name: String, fields: [String: String] = [:]) throws -> HTTPAnswer {
    try HTTPProbe.get(target, port: visitorPort, host: "\(name).relay.test:\(visitorPort)", fields: fields)
  }
}

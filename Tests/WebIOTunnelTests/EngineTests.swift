import CWebIOLinux
import Glibc
import TestSupport
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIOTunnel

/// Which engine carries a tunnel, and with which of the user's keys.
extension RealServers {
  @EventLoop @Suite(.serialized) struct EngineTests {
    private static func notices(_ probe: TunnelProbe) -> [String] {
      probe.events.compactMap { if case .notice(let text) = $0 { text } else { nil } }
    }

    @Test func anRSAHostKeyIsLeftToOpenSSHAndSaidInOneLine() async throws {
      let server = try await SSHServer(hostKeyTypes: ["rsa"])
      let probe = TunnelProbe(try TunnelProbe.configuration(server, .auto))
      let port = try await probe.port()
      #expect(try await Visitor.exchange(port: port, [1, 2, 3]) == [1, 2, 3])
      #expect(Self.notices(probe).filter { $0.hasPrefix("using the system's ssh: ") }.count == 1)
      #expect(probe.service.origins == [.tunnel])
      await probe.stop()

      let strict = TunnelProbe(try TunnelProbe.configuration(server, .libssh2))
      #expect(try await strict.failure().code == .noCommonAlgorithm)
      await server.stop()
    }

    @Test func anRSAUserKeyIsLeftToOpenSSH() async throws {
      let server = try await SSHServer()
      let key = server.directory.path + "/rsa_key"
      try SSHServer.run("ssh-keygen", ["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", key])
      try Files.replace(server.directory.path + "/authorized_keys", try Files.read(key + ".pub"), mode: 0o600)
      var configuration = try TunnelProbe.configuration(server, .auto)
      configuration.identityFile = key
      let probe = TunnelProbe(configuration)
      _ = try await probe.port()
      #expect(Self.notices(probe).contains { $0.contains("RSA key") })
      await probe.stop()
      await server.stop()
    }

    @Test func whatLibssh2CanDoItDoes() async throws {
      let server = try await SSHServer()
      let probe = TunnelProbe(try TunnelProbe.configuration(server, .auto))
      _ = try await probe.port()
      #expect(server.log.contains("libssh2") || !Self.notices(probe).contains { $0.contains("system's ssh") })
      await probe.stop()
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func anAccountWithoutAShellCanStillForward(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer()
      await server.stop()
      server.setSettings(["ForceCommand /bin/false"])
      try await server.start()
      let probe = TunnelProbe(try TunnelProbe.configuration(server, engine))
      let port = try await probe.port()
      #expect(try await Visitor.exchange(port: port, [7]) == [7])
      await probe.stop()
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func aRelayOfOnesOwnHandsOutNames(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer()
      await server.stop()
      let path = server.directory.path + "/relay.sh"
      let script = #"""
        set -- $SSH_ORIGINAL_COMMAND
        while [ $# -gt 0 ]; do [ "$1" = --name ] && name=${2%;}; shift; done
        echo "{\"status\":\"success\",\"address\":\"https://$name.apps.test\"}"
        exec cat
        """#
      try Files.create(path, Array(script.utf8), mode: 0o700)
      server.setSettings(["ForceCommand /bin/sh \(path)"])
      try await server.start()
      var configuration = try TunnelProbe.configuration(server, engine)
      configuration.name = "hello"
      let probe = TunnelProbe(configuration)
      #expect(try await probe.url() == "https://hello.apps.test")
      await probe.stop()
      await server.stop()
    }

    @Test func theCommandLineOfSSHIsWordsAndShowsAProviderNothingOfTheUser() throws {
      var configuration = try TunnelConfiguration(via: "localhost.run")
      configuration.domain = "app.example.com"
      let command = OpenSSHCommand(
        configuration: configuration, port: 80, socketPath: "/d/s", logPath: "/d/l", configurationPath: "/d/c",
        knownHostsPath: "/d/k",
        identities: ["/own"], hasSession: true)
      let words = command.arguments
      #expect(words.starts(with: ["-F", "none"]))
      #expect(words.contains("IdentityAgent=none") && words.contains("IdentitiesOnly=yes"))
      #expect(words.contains("StrictHostKeyChecking=yes"))
      #expect(words.contains("app.example.com:80:/d/s"))
      #expect(words.suffix(3) == ["--", "localhost.run", "--output json"])
    }

    /// What `startServer(remoteAccess:)` is told is what comes to the server: sshd tells by whom.
    @Test(arguments: [RemoteAccess.Engine.libssh2, .openSSH])
    func remoteAccessUsesTheEngineThatItIsTold(_ engine: RemoteAccess.Engine) async throws {
      let server = try await SSHServer(settings: ["LogLevel DEBUG1"])
      let access = RemoteAccess.tunnel(
        server.address, identityFile: server.identity, knownHostsFile: try server.writeKnownHosts(), engine: engine)
      let service = Service(.echo)
      access.start { service.serve($0) }
      let start = "Allocated listen port "
      let deadline = Deadline(.seconds(60))
      while !server.log.contains(start), !deadline.isOver { try await Task.sleep(for: .milliseconds(20)) }
      let range = try #require(server.log.firstRange(of: start), "\(server.log)")
      let port = try #require(UInt16(server.log[range.upperBound...].prefix { $0.isNumber }))
      #expect(try await Visitor.exchange(port: port, [1, 2, 3]) == [1, 2, 3])
      #expect(service.origins == [.tunnel])
      #expect(server.log.contains(engine == .libssh2 ? "software version libssh2_" : "software version OpenSSH_"))
      for tunnel in RemoteAccess.running { tunnel.stop() }
      RemoteAccess.running = []
      await server.stop()
    }

    /// ssh's default key exchange is what its start waits for; what the user has chosen stays.
    @Test func theUsersSettingsComeBeforeOurs() async throws {
      let directory = try TemporaryDirectory("webio-settings")
      let text = OpenSSHCommand.configurationText
        .replacing("Include ~/.ssh/config", with: "Include \(directory.file("own"))")
      try Files.create(directory.file("config"), Array(text.utf8), mode: 0o600)
      func exchanges() async throws -> String {
        let path = directory.file("config")
        let output = try await Program.run("/usr/bin/env", ["ssh", "-F", path, "-G", "relay.test"]).output
        let line = try #require(output.split(separator: "\n").first { $0.hasPrefix("kexalgorithms ") })
        return String(line.dropFirst(14))
      }
      #expect(try await exchanges().hasPrefix("curve25519-sha256,"))
      try Files.create(directory.file("own"), Array("Host relay.test\n  KexAlgorithms ecdh-sha2-nistp256\n".utf8), mode: 0o600)
      #expect(try await exchanges() == "ecdh-sha2-nistp256")
    }

    @Test func ofSSHsLogOnlyTheLogCounts() {
      var log = OpenSSHLog()
      func receive(_ text: String) -> OpenSSHLog.Event? { log.receive(Array(text.utf8)) }
      #expect(receive("debug1: Authentications that can continue: publickey,password\r") == nil)
      #expect(log.methods == ["publickey", "password"])
      #expect(receive("Allocated port 33445 for remote forward to /tmp/x:-2") == .bound(33445))
      #expect(receive("Allocated port 99999 for remote forward to /tmp/x:-2") == nil)
      #expect(receive("debug1: remote forward success for: listen localhost:80, connect /x:-2") == .bound(nil))
      #expect(receive("Error: remote port forwarding failed for listen port 80") == .forwardRefused)
      #expect(receive("root@h: Permission denied (publickey).") == nil)
      #expect(log.isLoginRefused)
      #expect(log.lastLine == "root@h: Permission denied (publickey).")
    }

    @Test func severalTunnelsAtOnceDoNotMix() async throws {
      let server = try await SSHServer()
      let one = TunnelProbe(try TunnelProbe.configuration(server))
      let two = TunnelProbe(try TunnelProbe.configuration(server), .count)
      let three = TunnelProbe(try TunnelProbe.configuration(server, .ssh))
      let ports = [try await one.port(), try await two.port(), try await three.port()]
      #expect(Set(ports).count == 3)
      #expect(try await Visitor.exchange(port: ports[0], [1]) == [1])
      #expect(try await Visitor.exchange(port: ports[1], [1]) != [1])
      #expect(try await Visitor.exchange(port: ports[2], [3]) == [3])
      await one.stop()
      #expect(try await Visitor.exchange(port: ports[2], [4]) == [4])
      await two.stop()
      await three.stop()
      await server.stop()
    }
  }
}

/// A real ssh-agent holding one key.
extension RealServers {
  @EventLoop @Suite(.serialized) struct AgentTests {
    private static func withAgent(_ key: String, _ body: () async throws -> Void) async throws {
      let directory = try Files.makeTemporaryDirectory("webio-agent")
      let socket = directory + "/agent"
      var agent: ChildProcess?
      // It tells its socket's name when it listens.
      var ready: CheckedContinuation<Void, Never>?
      agent = try ChildProcess(
        "/usr/bin/ssh-agent", ["-D", "-a", socket], environment: Environment.all,
        output: .pipe { _ in
          ready?.resume()
          ready = nil
        }
      ) { _ in }
      await withCheckedContinuation { ready = $0 }
      setenv("SSH_AUTH_SOCK", socket, 1)
      defer {
        unsetenv("SSH_AUTH_SOCK")
        agent?.kill()
        try? Files.remove(directory)
      }
      try SSHServer.run("ssh-add", ["-q", key])
      try await body()
    }

    @Test(arguments: ["ed25519", "ecdsa"])
    func aKeyInTheAgentSigns(_ type: String) async throws {
      let server = try await SSHServer()
      let key = server.directory.path + "/agent_key"
      try SSHServer.run("ssh-keygen", ["-q", "-t", type, "-N", "", "-f", key])
      try Files.replace(server.directory.path + "/authorized_keys", try Files.read(key + ".pub"), mode: 0o600)
      try await Self.withAgent(key) {
        try Files.remove(key)
        var configuration = try TunnelProbe.configuration(server)
        configuration.identityFile = nil
        let probe = TunnelProbe(configuration)
        let port = try await probe.port()
        #expect(try await Visitor.exchange(port: port, [5]) == [5])
        await probe.stop()
      }
      await server.stop()
    }

    @Test func anEncryptedKeyIsUsedWhenTheAgentHoldsItAndNamedWhenNot() async throws {
      let server = try await SSHServer()
      let key = server.directory.path + "/locked_key"
      try SSHServer.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key])
      try Files.replace(server.directory.path + "/authorized_keys", try Files.read(key + ".pub"), mode: 0o600)
      var configuration = try TunnelProbe.configuration(server)
      configuration.identityFile = key
      try await Self.withAgent(key) {
        try SSHServer.run("ssh-keygen", ["-q", "-p", "-P", "", "-N", "secret", "-f", key])
        let probe = TunnelProbe(configuration)
        _ = try await probe.port()
        await probe.stop()
      }
      let error = try await TunnelProbe(configuration).failure()
      #expect(error.code == .keyFile && error.problem.contains("encrypted") && error.advice.contains("ssh-add"))
      await server.stop()
    }

    @Test func anAgentThatIsGoneIsNoError() async throws {
      setenv("SSH_AUTH_SOCK", "/no/such/socket", 1)
      defer { unsetenv("SSH_AUTH_SOCK") }
      let server = try await SSHServer()
      let probe = TunnelProbe(try TunnelProbe.configuration(server))
      _ = try await probe.port()
      await probe.stop()
      await server.stop()
    }
  }
}

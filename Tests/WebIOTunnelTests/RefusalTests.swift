import Glibc
import TestSupport
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIOTunnel

/// What must not work does not, at once, with one sentence that says why.
extension RealServers {
  @EventLoop @Suite(.serialized) struct RefusalTests {
    @Test(arguments: bothEngines)
    func firstUseShowsTheFingerprintAndRemembersIt(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer()
      let configuration = try TunnelProbe.configuration(server, engine)
      let probe = TunnelProbe(configuration)
      let shown = try await probe.next("first use") { event in
        if case .firstUse(_, let fingerprint, let type, _) = event { [fingerprint, type] } else { nil }
      }
      _ = try await probe.url()
      await probe.stop()
      let file = try Files.readText(server.knownHosts)
      let fields = try Files.readText(server.directory.path + "/host_ed25519.pub").split(separator: " ")
      #expect(file == "[127.0.0.1]:\(server.port) \(fields[0]) \(fields[1])\n")
      #expect(Files.status(server.knownHosts)?.st_mode == S_IFREG | 0o600)
      let key = try #require(Base64.decode(Array(fields[1].utf8)).flatMap { HostKey(blob: $0) })
      #expect(shown == [key.fingerprint, "ssh-ed25519"])

      let again = TunnelProbe(configuration)
      _ = try await again.url()
      #expect(!again.events.contains { if case .firstUse = $0 { true } else { false } })
      await again.stop()
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func refusesAChangedHostKeyAlsoWhenItHealed(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer()
      let probe = TunnelProbe(try TunnelProbe.configuration(server, engine))
      _ = try await probe.url()
      let before = try Files.readText(server.directory.path + "/host_ed25519.pub").split(separator: " ")[1]
      await server.stop()
      try server.makeHostKey("ed25519")
      try await server.start()
      let error = try await probe.failure()
      #expect(error.code == .hostKeyChanged && error.exitCode == 5)
      let known = try #require(Base64.decode(Array(before.utf8)).flatMap { HostKey(blob: $0) })
      #expect(error.problem.contains(known.fingerprint))
      #expect(error.problem.contains("\(server.knownHosts):1"))
      #expect(!server.log.contains("Accepted"))
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func refusesAHostKeyOfAnotherType(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer()
      let configuration = try TunnelProbe.configuration(server, engine)
      let probe = TunnelProbe(configuration)
      _ = try await probe.url()
      await probe.stop()
      await server.stop()
      try server.makeHostKey("ecdsa")
      server.useHostKeys(["ecdsa"])
      try await server.start()
      let error = try await TunnelProbe(configuration).failure()
      #expect(error.code == .hostKeyChanged)
      #expect(error.problem.contains("another type") && error.problem.contains("ecdsa-sha2-nistp256"))
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func prefersTheHostKeyThatIsKnown(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer(hostKeyTypes: ["ed25519", "ecdsa"])
      let fields = try Files.readText(server.directory.path + "/host_ecdsa.pub").split(separator: " ")
      try Files.create(server.knownHosts, Array("[127.0.0.1]:\(server.port) \(fields[0]) \(fields[1])\n".utf8))
      let probe = TunnelProbe(try TunnelProbe.configuration(server, engine))
      #expect(try await probe.url().hasPrefix("http://127.0.0.1:"))
      await probe.stop()
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func refusesWhenTheKnownHostsCannotBeRead(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer()
      var configuration = try TunnelProbe.configuration(server, engine)
      // A directory can be opened and not read, also by root; opening a pipe would wait for ever.
      let pipe = server.directory.path + "/pipe"
      #expect(mkfifo(pipe, 0o600) == 0)
      for file in [server.directory.path, pipe, "/dev/zero"] {
        configuration.knownHostsFile = file
        let error = try await TunnelProbe(configuration).failure()
        #expect(error.code == .knownHostsUnreadable && error.exitCode == 5, "\(file): \(error)")
      }
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func tellsThatAKeyIsNotLetIn(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer(acceptsUserKey: false)
      let error = try await TunnelProbe(try TunnelProbe.configuration(server, engine)).failure()
      #expect(error.code == .authentication && error.exitCode == 5)
      #expect(error.problem.contains(server.identity) && error.problem.contains("publickey"))
      await server.stop()
    }

    /// OpenSSH hangs up after too many keys, with a reason.
    @Test(arguments: bothEngines)
    func tellsWhyTheServerHungUpOnTheLogin(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer(settings: ["MaxAuthTries 1"], acceptsUserKey: false)
      let error = try await TunnelProbe(try TunnelProbe.configuration(server, engine)).failure()
      #expect(error.code == .authentication && error.exitCode == 5 && error.isFinal, "\(error)")
      if engine == .libssh2 { #expect(error.problem.contains("it said: Too many authentication failures"), "\(error)") }
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func tellsThatAForwardIsRefused(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer(settings: ["AllowTcpForwarding no"])
      let error = try await TunnelProbe(try TunnelProbe.configuration(server, engine)).failure()
      #expect(error.code == .forwardRefused)
      #expect(error.advice.contains("AllowTcpForwarding"))
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func tellsThatAWebServerIsNoSSHServer(_ engine: TunnelConfiguration.Engine) async throws {
      let listener = try Listener(try #require(SocketAddress(numericHost: "127.0.0.1", port: 0))) { stream in
        stream.write(Array("HTTP/1.1 400 Bad \u{1b}[31mRequest\r\nContent-Length: 0\r\n\r\n".utf8))
        stream.close()
      }
      defer { listener.close() }
      let error = try await Self.failure(engine, "ssh://root@127.0.0.1:\(listener.address.port)")
      #expect(error.code == .notAnSSHServer)
      let endpoint = "127.0.0.1:\(listener.address.port)"
      #expect(error.problem == "\(endpoint) is not an SSH server (it said: HTTP/1.1 400 Bad Request)")
    }

    @Test(arguments: bothEngines)
    func tellsThatNobodyListens(_ engine: TunnelConfiguration.Engine) async throws {
      let port = try freePort()
      let error = try await Self.failure(engine, "ssh://root@127.0.0.1:\(port)")
      #expect(error.code == .unreachable)
      #expect(error.problem == "cannot connect to 127.0.0.1:\(port): Connection refused")
    }

    @Test(arguments: bothEngines)
    func tellsThatANameCannotBeResolved(_ engine: TunnelConfiguration.Engine) async throws {
      let error = try await Self.failure(engine, "ssh://root@no-such-host.invalid")
      #expect(error.code == .unresolvable)
      #expect(error.problem.hasPrefix("cannot resolve no-such-host.invalid: "))
    }

    private static func failure(_ engine: TunnelConfiguration.Engine, _ target: String) async throws -> TunnelError {
      var configuration = try TunnelConfiguration(via: target)
      configuration.knownHostsFile = "/tmp/webio-no-such-file-\(getpid())"
      configuration.userKnownHosts = false
      configuration.engine = engine
      let probe = TunnelProbe(configuration)
      let error = try await probe.failure()
      #expect(error.exitCode == 5)
      return error
    }
  }
}

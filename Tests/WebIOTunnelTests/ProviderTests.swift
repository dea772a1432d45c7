import Glibc
import TestSupport
import Testing
import WebIOPosix

@testable import WebIOTunnel

/// Providers, each played by a real sshd with a forced command that writes what the provider writes.
extension RealServers {
  @EventLoop @Suite(.serialized) struct ProviderTests {
    /// A server whose session runs `script`; `$FIFO` is a pipe through which the test tells it when to go on.
    private static func standIn(_ script: String, _ settings: [String] = []) async throws -> SSHServer {
      let server = try await SSHServer()
      await server.stop()
      let path = server.directory.path + "/session.sh"
      try Files.create(path, Array(script.replacing("$FIFO", with: server.directory.path + "/fifo").utf8), mode: 0o700)
      guard mkfifo(server.directory.path + "/fifo", 0o600) == 0 else { throw SystemError("mkfifo") }
      server.setSettings(["ForceCommand /bin/sh \(path)"] + settings)
      try await server.start()
      return server
    }

    private static func configuration(
      _ dialect: String, _ server: SSHServer, _ engine: TunnelConfiguration.Engine = .libssh2
    ) throws -> TunnelConfiguration {
      var configuration = try TunnelProbe.configuration(server, engine)
      configuration.target = try TunnelTarget.parse("\(dialect)://root@127.0.0.1:\(server.port)")
      configuration.remotePort = try freePort()
      return configuration
    }

    @Test(
      arguments: [
        #"{"status":"success","address":"abc.localhost.run"}"#,
        #"{"connection_id":"1","event":"authn","message":"authenticated as anonymous user"}\n{"event":"tcpip-forward","#
          + #""address":"abc.localhost.run","listen_host":"localhost","listen_port":80,"authz_code":"OK","#
          + #""status":"success","type":"opened","tls_termination":true,"message":"abc.localhost.run tunneled with tls"}"#,
        #"{"specversion":"1.0","type":"v1.tcpip_forward.register.accepted","id":"localhost/abc.localhost.run","#
          + #""source":"ssh://localhost.run/","data":"abc.localhost.run tunneled with tls termination, "#
          + #"https://abc.localhost.run\\r\\n\\u001b[0m"}"#,
        "abc.localhost.run tunneled with tls termination, https://abc.localhost.run",
      ], bothEngines)
    func localhostRunInThreeGenerationsAndText(_ text: String, _ engine: TunnelConfiguration.Engine) async throws {
      let server = try await Self.standIn("printf '%b\\n' '\(text.replacing("\\\\", with: "\\\\\\\\"))'; cat $FIFO\n")
      var configuration = try Self.configuration("localhost.run", server, engine)
      configuration.trustedSuffixes = configuration.target.provider.suffixes
      let probe = TunnelProbe(configuration)
      #expect(try await probe.url() == "https://abc.localhost.run")
      await probe.stop()
      await server.stop()
    }

    /// Every other row of the table, over both engines: greeting, address, and a visitor through it.
    @Test(
      arguments: [
        (
          "serveo", "\\033[32mForwarding HTTP traffic from https://abc.serveo.net\\033[0m\\r",
          "https://abc.serveo.net"
        ),
        (
          "pinggy",
          "You are not authenticated. https://dashboard.pinggy.io\\r\\nhttps://rn-1-2-3-4.a.free.pinggy.link\\r",
          "https://rn-1-2-3-4.a.free.pinggy.link"
        ),
        ("srv.us", "1: https://abcdef.srv.us/, https://me.gh.srv.us/\\r", "https://abcdef.srv.us"),
        (
          "sish",
          "Starting SSH Forwarding service for \\033[33mhttp:80\\033[0m.\\r\\n"
            + "\\033[92mHTTPS\\033[0m: https://abc.tuns.sh\\r",
          "https://abc.tuns.sh"
        ),
        ("remote.moe", "http (80)\\r\\nhttp://abcdefgh.remote.moe/\\r", "http://abcdefgh.remote.moe"),
        (
          "localshare", "{\"address\":\"https://abc.app.pywebio.online\",\"status\":\"success\"}",
          "https://abc.app.pywebio.online"
        ),
      ], bothEngines)
    func theOthers(
      _ row: (dialect: String, text: String, url: String), _ engine: TunnelConfiguration.Engine
    ) async throws {
      let server = try await Self.standIn("printf '%b\\n' '\(row.text)'; cat $FIFO\n")
      var configuration = try Self.configuration(row.dialect, server)
      configuration.engine = engine
      // The stand-in's own domain is 127.0.0.1: it stands for the provider's here.
      configuration.trustedSuffixes = configuration.target.provider.suffixes
      let probe = TunnelProbe(configuration)
      #expect(try await probe.url() == row.url)
      #expect(try await Visitor.exchange(port: configuration.remotePort, [1, 2]) == [1, 2])
      await probe.stop()
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func aSessionThatEndsIsTheTunnelsEnd(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await Self.standIn(
        #"""
        echo '{"status":"success","address":"one.lhr.life"}'
        read line < $FIFO
        """#)
      let probe = TunnelProbe(try Self.configuration("localhost.run", server, engine))
      _ = try await probe.url()
      try Self.wake(server)
      _ = try await probe.next("reconnecting") { if case .reconnecting = $0 { true } else { nil } }
      #expect(try await probe.url() == "https://one.lhr.life")
      await probe.stop()
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func aNameThatIsTakenIsToldInTheServersWords(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await Self.standIn(
        #"echo '{"type":"v1.tcpip_forward.register.rejected","data":"that name is taken"}'; cat $FIFO"#)
      let error = try await TunnelProbe(try Self.configuration("localhost.run", server, engine)).failure()
      #expect(error.code == .forwardRefused && error.problem.contains("that name is taken"))
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func aProviderThatHangsUpIsQuoted(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await Self.standIn("echo 'we are \u{1b}[31mclosed today'")
      let error = try await TunnelProbe(try Self.configuration("serveo", server, engine)).failure()
      #expect(error.exitCode == 5 && error.problem.contains("we are closed today"), "\(error)")
      await server.stop()
    }

    @Test func aKeyThatIsNotTheProvidersIsRefusedBeforeAnythingIsSaid() async throws {
      let server = try await Self.standIn("cat $FIFO")
      var configuration = try Self.configuration("localhost.run", server)
      configuration.target = TunnelTarget(
        provider: .localhostRun, user: "root", host: "127.0.0.1", port: server.port, isOwnServer: false)
      for engine in bothEngines {
        configuration.engine = engine
        let error = try await TunnelProbe(configuration).failure()
        // The stand-in has no RSA key at all: neither engine may take another one instead.
        #expect([.noCommonAlgorithm, .hostKeyChanged, .connectionLost].contains(error.code), "\(error)")
      }
      #expect(!server.log.contains("Accepted"))
      await server.stop()
      try server.makeHostKey("rsa")
      server.useHostKeys(["rsa"])
      try await server.start()
      configuration.engine = .auto
      let error = try await TunnelProbe(configuration).failure()
      #expect(error.code == .hostKeyChanged)
      #expect(error.problem.contains("SHA256:FV8IMJ4IYjYUTnd6on7PqbRjaZf4c1EhhEBgeUdE94I"))
      #expect(!server.log.contains("Accepted"))
      await server.stop()
    }

    /// What it writes, with NAME for the name; each of them may give out another one while the connection lives.
    private nonisolated static let rotations = [
      ("localhost.run", #"{"status":"success","address":"NAME.lhr.life"}"#, "https://NAME.lhr.life"),
      (
        "localhost.run",
        #"{"specversion":"1.0","type":"v1.tcpip_forward.register.accepted","id":"localhost/NAME.lhr.life","#
          + #""source":"ssh://localhost.run/","data":"NAME.lhr.life tunneled with tls termination, https://NAME.lhr.life"}"#,
        "https://NAME.lhr.life"
      ),
      ("serveo", "Forwarding HTTP traffic from https://NAME.serveo.net", "https://NAME.serveo.net"),
      ("pinggy", "https://NAME.a.free.pinggy.link", "https://NAME.a.free.pinggy.link"),
      ("srv.us", "1: https://NAME.srv.us/", "https://NAME.srv.us"),
      ("sish", "HTTPS: https://NAME.tuns.sh", "https://NAME.tuns.sh"),
      ("remote.moe", "http://NAME.remote.moe/", "http://NAME.remote.moe"),
      ("localshare", #"{"address":"https://NAME.app.pywebio.online","status":"success"}"#, "https://NAME.app.pywebio.online"),
      ("ssh", #"{"address":"https://NAME.example.com","status":"success"}"#, "https://NAME.example.com"),
    ]

    @Test(arguments: rotations, bothEngines)
    func aNewAddressInALivingConnectionIsAnnounced(
      _ row: (dialect: String, text: String, url: String), _ engine: TunnelConfiguration.Engine
    ) async throws {
      func named(_ name: String, _ text: String) -> String { text.replacing("NAME", with: name) }
      let server = try await Self.standIn(
        """
        exec 3<>$FIFO
        echo '\(named("one", row.text))'
        read line <&3
        echo '\(named("two", row.text))'
        read line <&3
        """)
      var configuration = try Self.configuration(row.dialect, server, engine)
      configuration.trustedSuffixes = configuration.target.provider.suffixes
      let probe = TunnelProbe(configuration)
      #expect(try await probe.url() == named("one", row.url))
      try Self.wake(server)
      #expect(try await probe.url() == named("two", row.url))
      #expect(!probe.events.contains { if case .reconnecting = $0 { true } else { false } })
      #expect(try await Visitor.exchange(port: configuration.remotePort, [7]) == [7])
      await probe.stop()
      await server.stop()
    }

    /// A domain of one's own is asked for with one's own key.
    @Test(arguments: bothEngines)
    func aDomainIsInTheForwardRequest(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await Self.standIn(
        #"echo '{"status":"success","address":"app.example.com"}'; cat $FIFO"#, ["LogLevel DEBUG1"])
      var configuration = try Self.configuration("localhost.run", server, engine)
      configuration.domain = "app.example.com"
      let probe = TunnelProbe(configuration)
      #expect(try await probe.url() == "https://app.example.com")
      #expect(server.log.contains("tcpip-forward listen app.example.com port \(configuration.remotePort)"), "\(server.log)")
      #expect(server.log.contains("Accepted publickey"))
      await probe.stop()
      await server.stop()
    }

    private static func wake(_ server: SSHServer) throws {
      let descriptor = open(server.directory.path + "/fifo", O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw SystemError("open fifo") }
      write(descriptor, "\n", 1)
      close(descriptor)
    }
  }
}

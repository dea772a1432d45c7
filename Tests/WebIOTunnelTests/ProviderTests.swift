import Glibc
import Testing
import WebIOPosix

@testable import WebIOTunnel

/// Providers, each played by a real sshd with a forced command that writes what the provider writes.
extension RealServers {
  @EventLoop @Suite(.serialized) struct ProviderTests {
    /// A server whose session runs `script`; `$FIFO` is a pipe through which the test tells it when to go on.
    private static func standIn(_ script: String) async throws -> SSHServer {
      let server = try await SSHServer()
      await server.kill()
      let path = server.directory + "/session.sh"
      try Files.create(path, Array(script.replacing("$FIFO", with: server.directory + "/fifo").utf8), mode: 0o700)
      guard mkfifo(server.directory + "/fifo", 0o600) == 0 else { throw SystemError("mkfifo") }
      server.setSettings(["ForceCommand /bin/sh \(path)"])
      try await server.start()
      return server
    }

    private static func configuration(_ dialect: String, _ server: SSHServer) throws -> TunnelConfiguration {
      var configuration = try TunnelProbe.configuration(server)
      configuration.target = try TunnelTarget.parse("\(dialect)://root@127.0.0.1:\(server.port)")
      configuration.remotePort = try SSHServer.freePort()
      return configuration
    }

    @Test(arguments: [
      #"{"status":"success","address":"abc.localhost.run"}"#,
      #"{"connection_id":"1","event":"authn","message":"authenticated as anonymous user"}\n{"event":"tcpip-forward","#
        + #""address":"abc.localhost.run","listen_host":"localhost","listen_port":80,"authz_code":"OK","#
        + #""status":"success","type":"opened","tls_termination":true,"message":"abc.localhost.run tunneled with tls"}"#,
      #"{"specversion":"1.0","type":"v1.tcpip_forward.register.accepted","id":"localhost/abc.localhost.run","#
        + #""source":"ssh://localhost.run/","data":"abc.localhost.run tunneled with tls termination, "#
        + #"https://abc.localhost.run\\r\\n\\u001b[0m"}"#,
    ])
    func localhostRunInThreeGenerations(_ text: String) async throws {
      let server = try await Self.standIn("printf '%b\\n' '\(text.replacing("\\\\", with: "\\\\\\\\"))'; cat $FIFO\n")
      let probe = TunnelProbe(try Self.configuration("localhost.run", server))
      #expect(try await probe.url() == "https://abc.localhost.run")
      await probe.stop()
      await server.remove()
    }

    @Test func aNewAddressInALivingConnectionIsAnnounced() async throws {
      let server = try await Self.standIn(
        #"""
        echo '{"status":"success","address":"one.lhr.life"}'
        read line < $FIFO
        echo '{"status":"success","address":"two.lhr.life"}'
        read line < $FIFO
        """#)
      let probe = TunnelProbe(try Self.configuration("localhost.run", server))
      #expect(try await probe.url() == "https://one.lhr.life")
      try Self.wake(server)
      #expect(try await probe.url() == "https://two.lhr.life")
      #expect(!probe.events.contains { if case .reconnecting = $0 { true } else { false } })
      await probe.stop()
      await server.remove()
    }

    private static func wake(_ server: SSHServer) throws {
      let descriptor = open(server.directory + "/fifo", O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw SystemError("open fifo") }
      write(descriptor, "\n", 1)
      close(descriptor)
    }
  }
}

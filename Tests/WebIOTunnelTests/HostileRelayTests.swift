import Glibc
import TestSupport
import Testing
import WebIOPosix

@testable import WebIOTunnel

/// A relay that does what no relay should: nothing is reachable that was not asked for, and nobody else suffers.
extension RealServers {
  @EventLoop @Suite(.serialized) struct HostileRelayTests {
    /// An SSH server by paramiko, which does as it is told; what comes of it are lines.
    @EventLoop private final class Relay {
      private(set) var lines: [String] = []
      private var rest: [UInt8] = []
      private var child: ChildProcess?
      let directory: TemporaryDirectory

      init(_ mode: String) throws {
        directory = try TemporaryDirectory("webio-hostile")
        child = try ChildProcess(
          "/usr/bin/python3", ["-u", "-c", HostileRelayTests.script, mode], environment: Environment.all,
          output: .pipe { [weak self] in self?.receive($0) }, onExit: { _ in })
      }

      private func receive(_ bytes: some Sequence<UInt8>) {
        rest += bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
          lines.append(String(decoding: rest[..<end], as: UTF8.self))
          rest.removeFirst(end + 1)
        }
      }

      func line(_ prefix: String) async throws -> String {
        for _ in 0..<1_200 {
          if let line = find(prefix) { return line }
          await withCheckedContinuation { continuation in
            Reactor.shared.schedule(after: .milliseconds(25)) { continuation.resume() }
          }
        }
        throw NotInTime("no line \(prefix): \(lines)")
      }

      private func find(_ prefix: String) -> String? {
        lines.first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
      }

      func configuration(_ engine: TunnelConfiguration.Engine) async throws -> TunnelConfiguration {
        var configuration = try TunnelConfiguration(via: "ssh://root@127.0.0.1:\(try await line("port "))")
        configuration.knownHostsFile = directory.file("known_hosts")
        configuration.userKnownHosts = false
        configuration.engine = engine
        return configuration
      }

      func stop() { child?.kill() }
    }

    @Test(arguments: bothEngines)
    func onlyWhatWasAskedForIsReachable(_ engine: TunnelConfiguration.Engine) async throws {
      let relay = try Relay("strange")
      let probe = TunnelProbe(try await relay.configuration(engine))
      _ = try await probe.url()
      #expect(try await relay.line("right ") == "echoed", "\(relay.lines)")
      let strange = relay.lines.filter { $0.hasPrefix("strange ") }
      #expect(strange.count == 8 && !strange.contains { $0.hasSuffix(" accepted") }, "\(relay.lines)")
      #expect(probe.service.visitors == 1)
      await probe.stop()
      relay.stop()
    }

    @Test(arguments: bothEngines)
    func aFloodOfChannelsIsTurnedAwayAndForgotten(_ engine: TunnelConfiguration.Engine) async throws {
      let relay = try Relay("flood")
      var configuration = try await relay.configuration(engine)
      configuration.maximumChannels = 20
      let probe = TunnelProbe(configuration)
      _ = try await probe.url()
      #expect(try await relay.line("echoes ") == "20", "\(relay.lines)")
      #expect(try await relay.line("right ") == "echoed", "\(relay.lines)")
      #expect(probe.service.visitors == 21)
      await probe.stop()
      relay.stop()
    }

    @Test(arguments: bothEngines)
    func aSessionThatNeverStopsTalkingHoldsUpNobody(_ engine: TunnelConfiguration.Engine) async throws {
      let relay = try Relay("talk")
      let probe = TunnelProbe(try await relay.configuration(engine))
      _ = try await probe.url()
      let before = try Self.residentKilobytes()
      #expect(try await relay.line("said ").isEmpty == false, "\(relay.lines)")
      #expect(try await relay.line("right ") == "echoed", "\(relay.lines)")
      #expect(try Self.residentKilobytes() - before < 50_000)
      #expect(!probe.events.contains { if case .reconnecting = $0 { true } else { false } })
      await probe.stop()
      relay.stop()
    }

    /// RFC 4253 section 4.2 lets a server say more before its version, and names no end.
    @Test(arguments: bothEngines)
    func anEndlessBannerEnds(_ engine: TunnelConfiguration.Engine) async throws {
      let talker = Talker()
      let listener = try Listener(try #require(SocketAddress(numericHost: "127.0.0.1", port: 0))) { talker.talk($0) }
      defer { listener.close() }
      var configuration = try TunnelConfiguration(via: "ssh://root@127.0.0.1:\(listener.address.port)")
      configuration.knownHostsFile = "/tmp/webio-no-such-file-\(getpid())"
      configuration.userKnownHosts = false
      configuration.engine = engine
      let before = try Self.residentKilobytes()
      let error = try await TunnelProbe(configuration).failure(within: .seconds(60))
      #expect(error.code == .notAnSSHServer && error.exitCode == 5, "\(error)")
      #expect(error.problem.utf8.count < 300)
      #expect(try Self.residentKilobytes() - before < 50_000)
    }

    /// Writes as much as is taken, for ever.
    @EventLoop private final class Talker: ByteStreamDelegate {
      private let line = [UInt8](repeating: UInt8(ascii: "x"), count: 998) + [13, 10]
      func talk(_ stream: any ByteStream) {
        stream.delegate = self
        stream.setReading(true)
        for _ in 0..<1_100 { stream.write(line) }
      }
      func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {}
      func streamDidEnd(_ stream: any ByteStream) { stream.abort() }
      func streamDidDrain(_ stream: any ByteStream) { for _ in 0..<1_100 { stream.write(line) } }
      func streamDidClose(_ stream: any ByteStream, error: SystemError?) {}
    }

    private static func residentKilobytes() throws -> Int {
      let fields = try Files.readText("/proc/self/statm").split(separator: " ")
      return (Int(fields[1]) ?? 0) * 4
    }

    private nonisolated static let script = #"""
      import paramiko, socket, sys, threading, time
      mode = sys.argv[1]
      key = paramiko.ECDSAKey.generate()
      PORT = 4242

      def echoes(transport, port=PORT):
          channel = transport.open_channel("forwarded-tcpip", ("localhost", port), ("192.0.2.1", 5000), timeout=10)
          channel.settimeout(10)
          channel.sendall(b"hello")
          got = b""
          while len(got) < 5:
              more = channel.recv(5 - len(got))
              if not more: break
              got += more
          return channel, got == b"hello"

      def right(transport):
          channel, good = echoes(transport)
          channel.close()
          print("right", "echoed" if good else "silent")

      def attack(transport, session):
          if mode == "strange":
              places = [("forwarded-tcpip", ("localhost", PORT + 1)), ("forwarded-tcpip", ("localhost", 22)),
                        ("forwarded-tcpip", ("192.0.2.9", 80)), ("direct-tcpip", ("127.0.0.1", 22)), ("x11", None), ("session", None),
                        ("auth-agent@openssh.com", None), ("tun@openssh.com", None)]
              for kind, place in places:
                  try:
                      transport.open_channel(kind, place, ("192.0.2.1", 5000), timeout=2)
                      print("strange", kind, place, "accepted")
                  except paramiko.ChannelException:
                      print("strange", kind, place, "refused")
                  except paramiko.SSHException:
                      # libssh2 1.10 does not even answer for kinds that it does not know.
                      print("strange", kind, place, "unanswered")
          elif mode == "flood":
              channels, good = [], 0
              for _ in range(200):
                  try:
                      channel, answered = echoes(transport)
                      channels.append(channel)
                      good += answered
                  except (OSError, paramiko.SSHException): pass
              print("echoes", good)
              for channel in channels: channel.close()
              time.sleep(0.5)
          elif mode == "talk":
              said, end = 0, time.monotonic() + 2
              while time.monotonic() < end:
                  said += session.send(b"\x1b[2J all work and no play " * 1000)
              print("said", said)
          right(transport)

      class Server(paramiko.ServerInterface):
          def __init__(self): self.isBound = threading.Event()
          def get_allowed_auths(self, user): return "none"
          def check_auth_none(self, user): return paramiko.AUTH_SUCCESSFUL
          def check_channel_request(self, kind, number):
              return paramiko.OPEN_SUCCEEDED if kind == "session" else paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
          def check_channel_env_request(self, channel, name, value): return False
          def check_port_forward_request(self, address, port):
              self.isBound.set()
              return PORT
          def check_channel_exec_request(self, channel, command):
              def run():
                  self.isBound.wait(10)
                  channel.sendall(b"webio-no-address\n")
                  # The client has to know of the forward before anything comes by it.
                  time.sleep(0.3)
                  attack(channel.get_transport(), channel)
              threading.Thread(target=run, daemon=True).start()
              return True

      def serve(connection):
          transport = paramiko.Transport(connection)
          transport.add_server_key(key)
          try: transport.start_server(server=Server())
          except (EOFError, paramiko.SSHException): pass

      listener = socket.create_server(("127.0.0.1", 0))
      print("port", listener.getsockname()[1])
      while True:
          connection, _ = listener.accept()
          threading.Thread(target=serve, args=(connection,), daemon=True).start()
      """#
  }
}

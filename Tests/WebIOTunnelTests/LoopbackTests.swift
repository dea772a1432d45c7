import Glibc
import TestSupport
import Testing
import WebIOPosix

@testable import WebIOTunnel

/// All that start servers run one after the other: they count descriptors, move the environment, and measure time.
@Suite(.serialized) struct RealServers {}

/// Tunnels to a real sshd on this machine.
extension RealServers {
  @EventLoop @Suite(.serialized) struct LoopbackTests {
    @Test(arguments: bothEngines)
    func carriesBytesBothWaysAndMarksVisitors(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer()
      let probe = TunnelProbe(try TunnelProbe.configuration(server, engine))
      let port = try await probe.port()
      #expect(port != server.port)
      let answer = try await Visitor.exchange(port: port, Array("hello".utf8))
      #expect(answer == Array("hello".utf8))
      #expect(probe.service.origins == [.tunnel])
      await probe.stop()
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func answersAVisitorWhoHasEndedItsDirection(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer()
      let probe = TunnelProbe(try TunnelProbe.configuration(server, engine), .count)
      let bytes = Checksum.pattern(from: 0, count: 300_000)
      var sum = Checksum()
      bytes.withUnsafeBytes { sum.add($0) }
      let answer = try await Visitor.exchange(port: try await probe.port(), bytes)
      #expect(String(decoding: answer, as: UTF8.self) == "300000 \(sum.value)")
      await probe.stop()
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func servesSixtyFourVisitorsAtOnce(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer()
      let probe = TunnelProbe(try TunnelProbe.configuration(server, engine))
      let port = try await probe.port()
      let visits = (0..<64).map { index in
        Task { @EventLoop in
          let bytes = Checksum.pattern(from: index * 1000, count: 100_000 + index)
          return try await Visitor.exchange(port: port, bytes) == bytes
        }
      }
      for visit in visits { #expect(try await visit.value) }
      #expect(probe.service.visitors == 64)
      await probe.stop()
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func carriesAHundredMebibytesDownWhole(_ engine: TunnelConfiguration.Engine) async throws {
      let size = 100 << 20
      let server = try await SSHServer()
      let probe = TunnelProbe(try TunnelProbe.configuration(server, engine), .send(size))
      let (count, sum) = try await Visitor.download(port: try await probe.port())
      #expect(count == size)
      #expect(sum == Self.checksum(size))
      await probe.stop()
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func carriesAHundredMebibytesUpWhole(_ engine: TunnelConfiguration.Engine) async throws {
      let size = 100 << 20
      let server = try await SSHServer()
      let probe = TunnelProbe(try TunnelProbe.configuration(server, engine), .count)
      let answer = try await Visitor.upload(port: try await probe.port(), count: size)
      #expect(String(decoding: answer, as: UTF8.self) == "\(size) \(Self.checksum(size).value)")
      await probe.stop()
      await server.stop()
    }

    private static func checksum(_ size: Int) -> Checksum {
      var sum = Checksum()
      for start in stride(from: 0, to: size, by: 1 << 20) {
        Checksum.pattern(from: start, count: min(1 << 20, size - start)).withUnsafeBytes { sum.add($0) }
      }
      return sum
    }

    @Test(arguments: bothEngines)
    func healsWithTheSameAddressAfterAKill(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer()
      let probe = TunnelProbe(try TunnelProbe.configuration(server, engine))
      let url = try await probe.url()
      await server.stop()
      _ = try await probe.next("reconnecting") { if case .reconnecting = $0 { true } else { nil } }
      try await server.start()
      let back = MonotonicTime.now
      #expect(try await probe.url() == url)
      #expect(MonotonicTime.now - back < .seconds(8), "a back-off that has grown")
      let port = try #require(url.split(separator: ":").last.flatMap { UInt16($0) })
      #expect(try await Visitor.exchange(port: port, [1, 2, 3]) == [1, 2, 3])
      await probe.stop()
      await server.stop()
    }
  }
}

import Glibc
import TestSupport
import Testing
import WebIOPosix

@testable import WebIOTunnel

extension RealServers {
  /// What happens to a tunnel in a long life.
  @EventLoop @Suite(.serialized) struct EnduranceTests {
    @Test(arguments: bothEngines)
    func twentyKillsInARowLeaveNothingBehind(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer()
      let before = try Files.list("/proc/self/fd").count
      let children = Self.children(of: getpid()).count
      let probe = TunnelProbe(try TunnelProbe.configuration(server, engine))
      let port = try await probe.port()
      for round in 0..<(engine == .ssh ? 5 : 20) {
        // In the middle of work: a visitor is waiting for its answer.
        let visitor = Task { @EventLoop in try? await Visitor.exchange(port: port, [UInt8](repeating: 1, count: 50_000))
        }
        if round % 2 == 0 { _ = await visitor.value }
        await server.stop()
        _ = try await probe.next("reconnecting") { if case .reconnecting = $0 { true } else { nil } }
        _ = await visitor.value
        try await server.start()
        let begun = MonotonicTime.now
        #expect(try await probe.port() == port)
        // Half a second on a quiet machine; the bound is for a back-off that has grown.
        #expect(MonotonicTime.now - begun < .seconds(8), "round \(round)")
      }
      #expect(try await Visitor.exchange(port: port, [9]) == [9])
      await probe.stop()
      try await Self.eventually("all closed") {
        let descriptors = (try? Files.list("/proc/self/fd").count) ?? 0
        return probe.service.open == 0 && descriptors <= before && Self.children(of: getpid()).count <= children
      }
      await server.stop()
    }

    @Test func aFrozenServerIsNoticedWithinFifteenSecondsAndWelcomeBackInTwo() async throws {
      let healthy = try await SSHServer(settings: ["LogLevel DEBUG1"])
      let idle = TunnelProbe(try TunnelProbe.configuration(healthy))
      let idlePort = try await idle.port()
      let server = try await SSHServer()
      let probes = [
        TunnelProbe(try TunnelProbe.configuration(server, .libssh2)),
        TunnelProbe(try TunnelProbe.configuration(server, .ssh)),
      ]
      for probe in probes { _ = try await probe.port() }
      let frozen = Self.descendants(of: server.processID)
      #expect(frozen.count >= 3)
      for process in frozen { kill(process, SIGSTOP) }
      let begun = MonotonicTime.now
      for probe in probes {
        _ = try await probe.next("reconnecting") { if case .reconnecting = $0 { true } else { nil } }
      }
      let noticed = MonotonicTime.now - begun
      #expect(noticed > .seconds(5) && noticed <= .seconds(30), "\(noticed)")
      // The listening socket still takes connections while the process is frozen.
      for process in frozen { kill(process, SIGCONT) }
      let back = MonotonicTime.now
      for probe in probes { _ = try await probe.url() }
      #expect(MonotonicTime.now - back < .seconds(8), "\(MonotonicTime.now - back)")
      for probe in probes { await probe.stop() }
      await server.stop()

      // Meanwhile one that only had nothing to do is none the worse.
      try await Self.eventually("fifteen seconds") { MonotonicTime.now - begun > .seconds(15) }
      #expect(try await Visitor.exchange(port: idlePort, [1, 2]) == [1, 2])
      #expect(!idle.events.contains { if case .reconnecting = $0 { true } else { false } })
      // And libssh2's queue did not grow by an answer that nobody takes.
      #expect(healthy.log.contains("request env reply 1") && !healthy.log.contains("keepalive@"))
      await idle.stop()
      await healthy.stop()
    }

    @Test(arguments: bothEngines)
    func aRekeyInTheMiddleOfATransferIsNotNoticed(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer()
      await server.stop()
      server.setSettings(["RekeyLimit 5M"])
      try await server.start()
      let size = 40 << 20
      let probe = TunnelProbe(try TunnelProbe.configuration(server, engine), .send(size))
      let port = try await probe.port()
      let downloads = (0..<2).map { _ in Task { @EventLoop in try await Visitor.download(port: port) } }
      for download in downloads { #expect(try await download.value.count == size) }
      #expect(downloads.count == 2)
      await probe.stop()
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func visitorsBeyondTheLimitAreTurnedAway(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer()
      var configuration = try TunnelProbe.configuration(server, engine)
      configuration.maximumChannels = 2
      let probe = TunnelProbe(configuration)
      let port = try await probe.port()
      let held = [try await Visitor.connect(port: port), try await Visitor.connect(port: port)]
      try await Self.eventually("two visitors") { probe.service.visitors == 2 }
      #expect(try await Visitor.exchange(port: port, [1]) == [])
      #expect(probe.service.visitors == 2)
      for stream in held { stream.abort() }
      try await Self.eventually("both gone") { probe.service.open == 0 }
      #expect(try await Visitor.exchange(port: port, [1]) == [1])
      await probe.stop()
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func aStalledVisitorHoldsUpNobodyAndNoMemory(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer()
      let probe = TunnelProbe(try TunnelProbe.configuration(server, engine), .send(64 << 20))
      let port = try await probe.port()
      // Connected and never read: what is sent to them must wait in windows and buffers of a fixed size.
      var stalled: [SocketStream] = []
      for _ in 0..<20 { stalled.append(try await Visitor.connect(port: port)) }
      try await Self.eventually("all visitors") { probe.service.visitors == 20 }
      let (count, _) = try await Visitor.download(port: port)
      #expect(count == 64 << 20)
      for stream in stalled { stream.abort() }
      // OpenSSH tells nobody that a visitor of a forward is gone as long as bytes wait for it.
      if engine == .libssh2 { try await Self.eventually("all gone") { probe.service.open == 0 } }
      await probe.stop()
      try await Self.eventually("all closed") { probe.service.open == 0 }
      await server.stop()
    }

    @Test(arguments: bothEngines)
    func stopEndsEverythingAtOnce(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer()
      let probe = TunnelProbe(try TunnelProbe.configuration(server, engine))
      let port = try await probe.port()
      let stream = try await Visitor.connect(port: port)
      try await Self.eventually("one visitor") { probe.service.visitors == 1 }
      await probe.stop()
      if case .closed = probe.events.last {} else { Issue.record("\(probe.events)") }
      try await Self.eventually("visitor gone") { probe.service.open == 0 }
      try await Self.eventually("connection gone") { Self.descendants(of: server.processID).count == 1 }
      stream.abort()
      await server.stop()
    }

    // MARK: Looking at processes

    static func eventually(_ what: String, _ condition: @EventLoop () -> Bool) async throws {
      for _ in 0..<1_200 {
        if condition() { return }
        await withCheckedContinuation { continuation in
          Reactor.shared.schedule(after: .milliseconds(25)) { continuation.resume() }
        }
      }
      Issue.record("not \(what) within 30 s")
    }

    private static func children(of process: pid_t) -> [pid_t] {
      let tasks = (try? Files.list("/proc/\(process)/task")) ?? []
      return tasks.flatMap { task -> [pid_t] in
        let text = (try? Files.readText("/proc/\(process)/task/\(task)/children")) ?? ""
        return text.split(separator: " ").compactMap { pid_t($0) }
      }
    }

    private static func descendants(of process: pid_t) -> [pid_t] {
      [process] + children(of: process).flatMap(descendants)
    }
  }
}

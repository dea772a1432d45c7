import Glibc
import Testing
import WebIOPosix

@testable import WebIODev

extension LoopTests {
  @EventLoop @Suite struct AppProcessTests {
    private func start(_ scratch: Scratch, _ modes: [String], _ events: Recorder<AppProcess.Event>) throws -> AppProcess {
      try AppProcess(
        executable: FakeApp.python, arguments: [try FakeApp.write(to: scratch)] + modes, directory: scratch.path,
        environment: Environment.all, generation: 7, token: "t"
      ) { events.add($0) }
    }

    @Test func itServesOnASocketThatIsNoFile() async throws {
      let scratch = try Scratch()
      let events = Recorder<AppProcess.Event>()
      try Files.makeDirectories(scratch("tmp"))
      setenv("TMPDIR", scratch("tmp"), 1)
      defer { unsetenv("TMPDIR") }
      let app = try start(scratch, [], events)
      #expect(await events.wait { $0.contains(.ready) })
      #expect(events.all.contains(.output("generation 7")))
      #expect(try Files.list(scratch("tmp")) == [])
      let connected = await withCheckedContinuation { (done: CheckedContinuation<Bool, Never>) in
        Connector.connect(to: app.socket.address) { result in
          if case .success(let stream) = result {
            stream.abort()
            done.resume(returning: true)
          } else {
            done.resume(returning: false)
          }
        }
      }
      #expect(connected)
      app.stop()
      #expect(await events.wait { $0.last == .stopped })
    }

    /// As in a framework's server, which binds to nothing that it is given.
    @Test func itMayServeAtAPortOfItsOwn() async throws {
      let scratch = try Scratch()
      let events = Recorder<AppProcess.Event>()
      let app = try start(scratch, ["own-port"], events)
      #expect(await events.wait { $0.contains(.ready) })
      #expect(!app.socket.address.isUnix && app.socket.address.isLoopback && app.socket.address.port > 0)
      let connected = await withCheckedContinuation { (done: CheckedContinuation<Bool, Never>) in
        Connector.connect(to: app.socket.address) { result in
          if case .success(let stream) = result { stream.abort() }
          done.resume(returning: (try? result.get()) != nil)
        }
      }
      #expect(connected)
      app.stop()
      #expect(await events.wait { $0.last == .stopped })
    }

    @Test func aCrashIsToldWithItsLastLines() async throws {
      let events = Recorder<AppProcess.Event>()
      let scratch = try Scratch()
      let app = try start(scratch, ["crash-at-start"], events)
      let crash = Crash(status: .signalled(SIGSEGV), log: ["about to crash"], isBeforeReady: true)
      #expect(await events.wait { $0.last == .crashed(crash) })
      #expect(crash.reason == "SIGSEGV")
      withExtendedLifetime((app, scratch)) {}
    }

    @Test func anAppThatIgnoresSIGTERMIsKilled() async throws {
      let events = Recorder<AppProcess.Event>()
      let scratch = try Scratch()
      let app = try start(scratch, ["ignore-term"], events)
      #expect(await events.wait { $0.contains(.ready) })
      let began = MonotonicTime.now
      app.stop(grace: .milliseconds(200))
      #expect(await events.wait { $0.last == .stopped })
      #expect(MonotonicTime.now - began < .seconds(30))
      withExtendedLifetime(scratch) {}
    }

    @Test func nothingItForkedIsLeft() async throws {
      let scratch = try Scratch()
      let events = Recorder<AppProcess.Event>()
      let app = try start(scratch, ["fork"], events)
      #expect(await events.wait { $0.contains(.ready) })
      func running() async throws -> Int {
        try await shell("pgrep -cf '\(scratch("app.py"))' || true", in: "/").split(separator: "\n").first.flatMap {
          Int($0)
        } ?? 0
      }
      #expect(try await running() >= 2)
      app.stop()
      #expect(await events.wait { $0.last == .stopped })
      #expect(try await running() <= 1, "only the shell that looks")
    }

    @Test func aFloodOfOutputIsSurvived() async throws {
      let events = Recorder<Int>()
      var lines = 0
      let scratch = try Scratch()
      let app = try AppProcess(
        executable: FakeApp.python, arguments: [try FakeApp.write(to: scratch), "chatty"], directory: scratch.path,
        environment: Environment.all, generation: 1, token: ""
      ) { event in
        if case .output = event { lines += 1 }
        if event == .stopped { events.add(lines) }
      }
      while lines < 100_000 { await events.settle(.milliseconds(20)) }
      app.stop()
      #expect(await events.wait { !$0.isEmpty })
    }

    @Test func theLastLinesAreTheLast() {
      var tail = Tail(limit: 3)
      for index in 0..<20 {
        tail.append("\(index)")
        #expect(tail.lines == (max(0, index - 2)...index).map(String.init))
      }
    }

    @Test func crashesAreThrottled() {
      var throttle = CrashThrottle()
      #expect(throttle.crashed(afterServing: nil) == .waitForSave)
      throttle.built()
      #expect(throttle.crashed(afterServing: .seconds(1)) == .restart(after: .milliseconds(100)))
      #expect(throttle.crashed(afterServing: .seconds(1)) == .restart(after: .milliseconds(400)))
      #expect(throttle.crashed(afterServing: .seconds(1)) == .restart(after: .milliseconds(1600)))
      #expect(throttle.crashed(afterServing: .seconds(1)) == .waitForSave)
      #expect(throttle.crashed(afterServing: .seconds(60)) == .restart(after: .milliseconds(100)))
    }
  }
}

import Glibc
import Testing
import WebIOPosix

@testable import WebIODev

extension LoopTests {
  @EventLoop @Suite struct BuilderTests {
    private func builder(
      _ scratch: Scratch, _ script: String, _ events: Recorder<Builder.Event>
    ) -> Builder {
      let command = BuildCommand(
        path: "/bin/sh", arguments: ["-c", script], environment: Environment.all, directory: scratch.path,
        executable: scratch("app"))
      return Builder(command, package: scratch.path) { events.add($0) }
    }

    private func results(_ events: Recorder<Builder.Event>) -> [BuildResult] {
      events.all.compactMap { if case .finished(let result) = $0 { result } else { nil } }
    }

    @Test func aGoodBuildNamesTheExecutable() async throws {
      let scratch = try Scratch()
      let events = Recorder<Builder.Event>()
      let builder = builder(scratch, "echo '[1/2] Compiling a'; echo noise >&2; echo '[2/2] Linking'", events)
      builder.build()
      #expect(await events.wait { _ in !builder.isBuilding })
      #expect(events.all.count == 4)
      #expect(events.all[0] == .started)
      guard case .built(scratch("app"), let milliseconds) = results(events).first else {
        throw SystemError("no result")
      }
      #expect(milliseconds < 5_000)
    }

    @Test func aBadBuildTellsWhy() async throws {
      let scratch = try Scratch()
      try scratch.write("a.swift", "let x = y\n")
      let events = Recorder<Builder.Event>()
      let builder = builder(scratch, "echo \"$PWD/a.swift:1:9: error: cannot find 'y' in scope\"; exit 1", events)
      builder.build()
      #expect(await events.wait { _ in !builder.isBuilding })
      guard case .failed(let diagnostics, let log) = results(events).first else { throw SystemError("no failure") }
      #expect(diagnostics.count == 1 && log.count == 1)
      #expect(diagnostics[0].place == "a.swift:1:9" && diagnostics[0].frame == "1 | let x = y\n  |         ^")
    }

    @Test(arguments: [("kill -KILL $$", "signal 9 (SIGKILL)"), ("exit 7", "exit code 7")])
    func aBuildWithoutAWordIsExplained(script: String, reason: String) async throws {
      let scratch = try Scratch()
      let events = Recorder<Builder.Event>()
      let builder = builder(scratch, script, events)
      builder.build()
      #expect(await events.wait { _ in !builder.isBuilding })
      guard case .failed(let diagnostics, _) = results(events).first else { throw SystemError("no failure") }
      #expect(diagnostics.map(\.message) == ["The build ended with \(reason)."])
    }

    /// Its precompiled modules name the place where it was.
    @Test(arguments: [true, false]) func aMovedProjectIsBuiltAnew(helps: Bool) async throws {
      let scratch = try Scratch()
      try scratch.write("build/debug/ModuleCache/A/a.pcm", "")
      let events = Recorder<Builder.Event>()
      let words = "error: precompiled file 'a.pcm' was compiled with module cache path '/old', but the path is currently '/new'"
      let builder = builder(
        scratch, "\(helps ? "[ -e build/debug/ModuleCache ] || exit 0;" : "") echo x >> tries; echo \"\(words)\"; exit 1",
        events)
      builder.command.scratchPath = scratch("build")
      builder.build()
      #expect(await events.wait { _ in !builder.isBuilding })
      #expect(results(events).count == 1)
      guard case .built? = results(events).first else {
        #expect(!helps)
        #expect(try Files.readText(scratch("tries")) == "x\nx\n", "once more, and no more")
        return
      }
      #expect(helps)
    }

    @Test func theNewestContentIsWhatIsBuilt() async throws {
      let scratch = try Scratch()
      let events = Recorder<Builder.Event>()
      // A compiler that reads, thinks, and writes what it read.
      let builder = builder(scratch, "trap 'exit 130' INT; v=$(cat in); sleep 0.05; echo $v >> out", events)
      for index in 0..<20 {
        try scratch.write("in", "\(index)")
        builder.build()
        await events.settle(.milliseconds(7))
      }
      #expect(await events.wait { _ in !builder.isBuilding })
      #expect(!results(events).isEmpty)
      let out = try Files.readText(scratch("out")).split(separator: "\n")
      #expect(out.last == "19")
    }

    @Test func aBuildThatDoesNotListenIsKilled() async throws {
      let scratch = try Scratch()
      let events = Recorder<Builder.Event>()
      let builder = builder(scratch, "trap '' INT TERM; [ -e go ] || sleep 60", events)
      builder.build()
      await events.settle(.milliseconds(50))
      try scratch.write("go", "")
      let began = MonotonicTime.now
      builder.build()
      #expect(await events.wait { _ in !builder.isBuilding })
      #expect(MonotonicTime.now - began < .seconds(30))
      #expect(results(events).count == 1)
    }

    @Test func stoppingLeavesNothing() async throws {
      let scratch = try Scratch()
      let events = Recorder<Builder.Event>()
      let builder = builder(scratch, "sleep 60 & echo $! > pid; wait", events)
      builder.build()
      while !Files.exists(scratch("pid")) { await events.settle(.milliseconds(5)) }
      await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in builder.stop { done.resume() } }
      let child = try #require(pid_t(try Files.readText(scratch("pid")).split(separator: "\n").first ?? ""))
      #expect(kill(child, 0) == -1)
      #expect(results(events).isEmpty)
    }

    /// It is there long before SwiftPM could have built once more.
    @Test(arguments: [true, false]) func aSaveWaitsForThePlanThatIsRead(isUnderstood: Bool) async throws {
      let scratch = try Scratch()
      let events = Recorder<Builder.Event>()
      let source = try scratch.write("main.swift", "")
      // The driver, the compiler and the linker in one, of which the first takes its time to say what it would call.
      try scratch.write(
        "bin/ld.lld",
        """
        #!/bin/sh
        cd '\(scratch.path)'
        case "$*" in
        *-###) touch asked; until [ -e go ]; do sleep 0.01; done; \(isUnderstood ? "" : "exit 1;")
          case "$*" in
          *emit-executable*|*-o\\ app*) echo "'$0' main.o -o app" ;;
          *) echo "'$0' -frontend -c -primary-file '\(source)' -o main.o" ;;
          esac ;;
        *) echo x >> direct ;;
        esac
        """)
      chmod(scratch("bin/ld.lld"), 0o755)
      try scratch.write("build/sources", "\(source)\n")
      try scratch.write(
        "build/debug.yaml",
        """
        commands:
          "C.app-x-debug.exe":
            args: ["\(scratch("bin/ld.lld"))","-emit-executable","-module-name","app"]
          "C.app-x-debug.module":
            args: ["\(scratch("bin/ld.lld"))","-module-name","app","@\(scratch("build/sources"))"]

        """)
      let builder = builder(scratch, "echo x >> swiftpm", events)
      builder.command.scratchPath = scratch("build")
      builder.build()
      while !Files.exists(scratch("asked")) { await events.settle(.milliseconds(5)) }
      #expect(!builder.isBuilding && !builder.isDirect)
      events.clear()
      for _ in 0..<3 { builder.build(contentsOf: [source]) }
      #expect(builder.isBuilding && results(events).isEmpty)
      try scratch.write("go", "")
      #expect(await events.wait { _ in !builder.isBuilding })
      guard case .built(scratch("app"), _) = results(events).last else { throw SystemError("\(events.all)") }
      #expect(results(events).count == 1)
      #expect(try Files.readText(scratch("swiftpm")) == (isUnderstood ? "x\n" : "x\nx\n"))
      #expect(Files.exists(scratch("direct")) == isUnderstood, "the compiler and the linker")
      await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in builder.stop { done.resume() } }
    }
  }
}

import Glibc
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIODev

extension LoopTests {
  /// A save to a running app, with a compiler that takes no time: it copies the source and makes it executable.
  @EventLoop @Suite struct DevSessionTests {
    @EventLoop private final class Setting {
      let scratch: Scratch
      let events = Recorder<String>()
      let session: DevSession
      var url = ""
      var port: UInt16 { UInt16(url.split(separator: ":").last ?? "") ?? 0 }

      init(modes: [String] = [], build: String? = nil, options change: (inout DevSession.Options) -> Void = { _ in })
        throws
      {
        scratch = try Scratch()
        try scratch.write("app/Package.swift", "1")
        try scratch.write("app/Sources/main.swift", "#!\(FakeApp.python)\n\(FakeApp.script)")
        try Files.makeDirectories(scratch("out"))
        let script =
          build
            ?? """
            if grep -q SYNTAX Sources/main.swift; then echo "$PWD/Sources/main.swift:2:1: error: SYNTAX"; exit 1; fi
            echo '[1/1] Compiling'; cp Sources/main.swift ../out/app.new; chmod +x ../out/app.new; mv ../out/app.new ../out/app
            """
        var options = DevSession.Options()
        options.port = 0
        options.host = "127.0.0.1"
        options.arguments = modes
        options.build = BuildCommand(
          path: "/bin/sh", arguments: ["-c", script], environment: Environment.all, directory: scratch("app"),
          executable: scratch("out/app"))
        change(&options)
        let toolchain = Toolchain(swift: "/bin/false")
        let project = Project(
          directory: scratch("app"), name: "app", product: "app", scratchPath: scratch("out"), toolchain: toolchain,
          roots: [
            WatchRoot(scratch("app"), isRecursive: false), WatchRoot(scratch("app/Sources")),
            WatchRoot(scratch("app/static")),
          ],
          workingDirectory: scratch("app"),
          request: .init(path: scratch("app"), product: nil, toolkit: .path("/"), environment: []))
        session = DevSession(project, options) { [events] in events.add(Self.text($0)) }
        url = try session.start()
      }

      private static func text(_ event: DevEvent) -> String {
        switch event {
        case .building: "building"
        case .progress(let progress): "progress \(progress.action)"
        case .compiled: "compiled"
        case .built: "built"
        case .buildFailed(let diagnostics, _): "failed \(diagnostics.map { $0.place ?? $0.message })"
        case .ready: "ready"
        case .reloaded(_, let pages, _): "reloaded \(pages)"
        case .replayed(let kept, let total): "replayed \(kept)/\(total)"
        case .crashed(let crash): "crashed \(crash.reason)\(crash.waits ? " waits" : "")"
        case .appOutput(let line): "output \(line.prefix(40))"
        case .request(let entry): "\(entry.method) \(entry.path) \(entry.status)"
        case .assetChanged(let name): "asset \(name)"
        case .warning(let text): "warning \(text)"
        }
      }

      func save(_ change: String, _ name: String = "app/Sources/main.swift") throws {
        try scratch.write(name, "#!\(FakeApp.python)\n\(FakeApp.script)\n# \(change)\n")
      }

      func wait(_ event: String, times: Int = 1) async -> Bool {
        await events.wait { $0.filter { $0 == event }.count >= times }
      }

      func get(_ path: String) async throws -> Answer { try await TestClient.send(session.gateway, "GET", path) }

      func stop() async {
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in session.stop { done.resume() } }
      }

      /// Processes of this app, from outside.
      func processes() async throws -> Int {
        let count = try await shell("pgrep -f '^[^ ]*python3 \(scratch("out"))' | wc -l", in: "/")
        return Int(count.split(separator: "\n").first ?? "") ?? -1
      }
    }

    @Test func aSaveIsServedAndNothingIsLeftBehind() async throws {
      let setting = try Setting()
      #expect(await setting.wait("ready"))
      #expect(setting.url.hasPrefix("http://127.0.0.1:"))
      #expect(try await setting.get("/gen").text == "1")
      try setting.save("two")
      #expect(await setting.wait("reloaded 0"))
      #expect(try await setting.get("/gen").text == "2")
      #expect(
        setting.events.all.filter { !$0.hasPrefix("output") && !$0.hasPrefix("GET") } == [
          "building", "progress Compiling", "built", "ready", "building", "progress Compiling", "built", "reloaded 0",
        ])
      // The old one goes, and its name with it.
      while try await setting.processes() > 1 { await setting.events.settle(.milliseconds(20)) }
      #expect(try Files.list(setting.scratch("out")).filter { $0.contains(".webio-") } == ["app.webio-2"])
      await setting.stop()
      #expect(try await setting.processes() == 0)
      #expect(try Files.list(setting.scratch("out")).filter { $0.hasPrefix("app") } == ["app"])
      let refused = try await shell(
        "bash -c 'exec 3<>/dev/tcp/127.0.0.1/\(setting.port)' 2>/dev/null && echo open || echo closed", in: "/")
      #expect(refused == "closed\n")
    }

    @Test func aBadBuildKeepsTheLastGoodApp() async throws {
      let setting = try Setting()
      #expect(await setting.wait("ready"))
      try setting.save("SYNTAX")
      #expect(await setting.wait(#"failed ["Sources/main.swift:2:1"]"#))
      #expect(try await setting.get("/gen").text == "1")
      guard case .failed = setting.session.gateway.channel.state else { throw SystemError("no failure state") }
      try setting.save("good")
      #expect(await setting.wait("reloaded 0"))
      #expect(setting.session.gateway.channel.state == .idle)
      await setting.stop()
    }

    @Test func pagesHearWhatHappens() async throws {
      let setting = try Setting { $0.gateway.token = "secret" }
      #expect(await setting.wait("ready"))
      let page = RawClient(try TestClient.stream(setting.session.gateway, .local))
      page.write(
        "GET /__webio/dev?token=secret HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nConnection: Upgrade\r\n"
          + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
      #expect(await page.wait(for: #"{"event":"hello","generation":1}"#))
      try setting.save("SYNTAX")
      #expect(await page.wait(for: #"{"event":"building"}"#))
      #expect(
        await page.wait(for: #""event":"buildFailed","diagnostics":[{"file":"Sources/main.swift","line":2,"column":1"#))
      // One that comes later hears the same.
      let late = RawClient(try TestClient.stream(setting.session.gateway, .local))
      late.write(
        "GET /__webio/dev?token=secret HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nConnection: Upgrade\r\n"
          + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
      #expect(await late.wait(for: "buildFailed"))
      try setting.save("good")
      #expect(await page.wait(for: #"{"event":"built","generation":2,"ms":"#))
      try setting.scratch.write("app/static/look.css", "a {}")
      #expect(await page.wait(for: #"{"event":"css","name":"look.css"}"#))
      #expect(setting.events.all.contains("asset static/look.css"))
      #expect(setting.events.all.filter { $0 == "building" }.count == 3, "a style sheet is not compiled")
      late.stream.abort()
      page.stream.abort()
      await setting.stop()
    }

    @Test func twentySavesInASecondEndWithTheLast() async throws {
      let setting = try Setting()
      #expect(await setting.wait("ready"))
      for index in 1...20 {
        try setting.scratch.write("app/Sources/main.swift", "#!\(FakeApp.python)\n\(FakeApp.script)\n# save \(index)\n")
        await setting.events.settle(.milliseconds(50))
      }
      await setting.events.settle(.milliseconds(1_000))
      #expect(try Files.readText(setting.scratch("out/app")).hasSuffix("# save 20\n"))
      let generation = try await setting.get("/gen").text
      #expect(try Files.readText(setting.scratch("out/app.webio-\(generation)")).hasSuffix("# save 20\n"))
      #expect(try await setting.processes() == 1)
      await setting.stop()
    }

    /// Ten pages and ten WebSockets of the app are open while somebody connects a thousand times a second, through five reloads.
    @Test func noConnectionIsRefusedAndEachPageHearsOfEachBuild() async throws {
      let setting = try Setting { $0.gateway.token = "secret" }
      #expect(await setting.wait("ready"))
      let script = try setting.scratch.write("load.py", Self.load)
      let begun = setting.scratch("begun")
      async let told = shell("\(FakeApp.python) \(script) \(setting.port) secret \(begun)", in: setting.scratch.path)
      while !Files.exists(begun) { await setting.events.settle(.milliseconds(10)) }
      for round in 2...6 {
        try setting.save("round \(round)")
        #expect(await setting.wait("reloaded 10", times: round - 1))
      }
      #expect(try await setting.get("/gen").text == "6")
      let report = try JSONParser.parse(Array(try await told.utf8))
      #expect(report["refused"] == 0 && report["failed"] == 0, "\(report)")
      #expect((report["connects"]?.int ?? 0) >= 1_000, "\(report)")
      // Each hears each build, once and in order, and nothing is reloaded for another reason.
      #expect(report["heard"]?.array == Array(repeating: [1, 2, 3, 4, 5, 6], count: 10), "\(report)")
      // No connection of the app holds a swap up, and none outlives it.
      #expect(report["ended"] == 10, "\(report)")
      await setting.stop()
      #expect(try await setting.processes() == 0)
    }

    private static let load = #"""
      import base64, json, os, socket, sys, threading, time
      port, token, begun = int(sys.argv[1]), sys.argv[2], sys.argv[3]

      def upgraded(path):
          stream = socket.create_connection(("127.0.0.1", port), 20)
          stream.sendall((
              f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nConnection: Upgrade\r\n"
              "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode())
          head = b""
          while b"\r\n\r\n" not in head: head += stream.recv(1)
          assert b" 101 " in head, head
          stream.settimeout(60)
          return stream

      def listen(stream, heard):
          reader = stream.makefile("rb")
          while heard[-1:] != [6]:
              first, size = reader.read(1)[0], reader.read(1)[0]
              if size == 126: size = int.from_bytes(reader.read(2), "big")
              if size == 127: size = int.from_bytes(reader.read(8), "big")
              data = reader.read(size)
              if first & 15 != 1: continue
              message = json.loads(data)
              if message["event"] in ("hello", "built"): heard.append(message["generation"])

      pages = [(upgraded(f"/__webio/dev?token={token}"), []) for _ in range(10)]
      sockets = [upgraded("/socket") for _ in range(10)]
      ended = []
      def wait(stream):
          while stream.recv(4096): pass
          ended.append(1)
      threads = [threading.Thread(target=listen, args=page, daemon=True) for page in pages]
      threads += [threading.Thread(target=wait, args=(stream,), daemon=True) for stream in sockets]
      for thread in threads: thread.start()

      connects = refused = failed = 0
      due = time.monotonic()
      limit = due + 90
      while (any(thread.is_alive() for thread in threads) or connects < 1000) and time.monotonic() < limit:
          try:
              with socket.create_connection(("127.0.0.1", port), 20) as stream:
                  connects += 1
                  if connects % 20 == 0:
                      stream.sendall(f"GET /gen HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
                      if not stream.makefile("rb").read().startswith(b"HTTP/1.1 200 "): failed += 1
          except OSError: refused += 1
          if connects == 1: open(begun, "w").close()
          # A late machine does not make up for it in a burst.
          due = max(due + 0.001, time.monotonic() - 0.01)
          time.sleep(max(0, due - time.monotonic()))
      print(json.dumps({"connects": connects, "refused": refused, "failed": failed, "ended": len(ended),
                        "heard": [heard for _, heard in pages]}))
      """#

    @Test func aCrashAtStartWaitsForASave() async throws {
      let setting = try Setting(modes: ["crash-at-start"])
      #expect(await setting.wait("crashed SIGSEGV waits"))
      await setting.events.settle(.milliseconds(300))
      #expect(setting.events.all.filter { $0.hasPrefix("crashed") }.count == 1)
      let waiting = try await setting.get("/gen")
      #expect(waiting.status == 0 || waiting.status == 503)
      try setting.save("again")
      #expect(await setting.wait("crashed SIGSEGV waits", times: 2))
      await setting.stop()
    }

    @Test func anAppThatDiesIsStartedAgainAndNotForEver() async throws {
      let setting = try Setting()
      #expect(await setting.wait("ready"))
      for _ in 0..<3 {
        // The request dies with the app; the next one waits for its successor.
        _ = try await TestClient.send(setting.session.gateway, "POST", "/segv", body: [])
        #expect(try await setting.get("/gen").status == 200)
      }
      _ = try await TestClient.send(setting.session.gateway, "POST", "/segv", body: [])
      #expect(await setting.wait("crashed SIGSEGV waits"))
      #expect(setting.events.all.filter { $0 == "crashed SIGSEGV" }.count == 3)
      await setting.stop()
    }

    @Test func anAppThatIgnoresSIGTERMAndForksIsGoneToo() async throws {
      let setting = try Setting(modes: ["ignore-term", "fork"])
      #expect(await setting.wait("ready"))
      #expect(try await setting.processes() == 2)
      let began = MonotonicTime.now
      await setting.stop()
      #expect(MonotonicTime.now - began < .seconds(30))
      #expect(try await setting.processes() == 0)
    }

    @Test func stoppingInTheMiddleOfABuildIsClean() async throws {
      let setting = try Setting(build: "sleep 60")
      #expect(await setting.wait("building"))
      await setting.stop()
      #expect(!setting.events.all.contains { $0.hasPrefix("failed") })
    }

    @Test func anAppThatNeverServesDoesNotReplaceTheOneThatDoes() async throws {
      let setting = try Setting()
      #expect(await setting.wait("ready"))
      try setting.scratch.write("app/Sources/main.swift", "#!\(FakeApp.python)\nimport time\ntime.sleep(60)\n")
      #expect(await setting.wait("built", times: 2))
      await setting.events.settle(.milliseconds(200))
      #expect(try await setting.get("/gen").text == "1")
      try setting.save("serves")
      #expect(await setting.wait("reloaded 0"))
      #expect(try await setting.get("/gen").text == "3")
      await setting.stop()
      #expect(try await setting.processes() == 0)
    }

    /// An app that writes below the watched directories at each start and each request.
    @Test func aFileThatChangesByItselfIsNamedAndPutOff() async throws {
      let setting = try Setting()
      #expect(await setting.wait("ready"))
      for index in 1...12 {
        try setting.scratch.write("app/static/visits.json", "\(index)")
        #expect(
          await setting.events.wait { events in
            events.count { $0 == "asset static/visits.json" } == min(index, 4)
              && events.contains { $0.hasPrefix("warning static/visits.json changes again") } == (index >= 5)
          }, "write \(index)")
        await setting.events.settle(.milliseconds(30))
      }
      #expect(setting.events.all.count { $0.hasPrefix("warning static/visits.json") } == 1)
      // Others go on.
      try setting.scratch.write("app/static/look.css", "a {}")
      #expect(await setting.wait("asset static/look.css"))
      await setting.stop()
    }

    @Test func aBuildThatWaitsForAnotherSwiftPMSaysSo() async throws {
      let words = "Another instance of SwiftPM (PID: 42) is already running using '/x', waiting"
      let setting = try Setting(build: "echo \"\(words)\"; sleep 60")
      #expect(await setting.wait("warning \(words)"))
      await setting.stop()
    }

    @Test func requestsAreLogged() async throws {
      let setting = try Setting()
      #expect(await setting.wait("ready"))
      _ = try await setting.get("/gen?secret=1")
      _ = try await setting.get("/__webio/none")
      #expect(await setting.wait("GET /gen 200"))
      #expect(!setting.events.all.contains { $0.contains("__webio") || $0.contains("secret") })
      await setting.stop()
    }
  }
}

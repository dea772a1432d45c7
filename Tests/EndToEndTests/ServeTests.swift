import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `webio serve`: a directory of Swift files as a visitor and its developer see it. Release builds, as it makes them by itself.
  @Suite(.timeLimit(.minutes(15))) struct ServeTests {
    private let directory: TemporaryDirectory
    private let outside: TemporaryDirectory

    init() throws {
      directory = try TemporaryDirectory("webio-serve")
      outside = try TemporaryDirectory("webio-outside")
    }

    /// A text of its own, so that an earlier run has not left what it becomes.
    private let mark = "m\(UInt64.random(in: 0..<UInt64.max))"

    private func app(_ text: String) -> String {
      """
      import WebIO
      /// Greets <visitors>.
      try await startServer {
        let name = try await input("\(text) Who?")
        putText("Hello, \\(name)! You come from \\(try info.userIP).")
        hold()
      }

      """
    }

    private func serve(_ arguments: String...) throws -> WebioCommand {
      try WebioCommand(
        ["serve", directory.path, "--port", "0", "--json", "--toolkit", checkout] + arguments, settings: outside)
    }

    /// The answer once there is one: 503 is the page that tells to wait.
    private func answer(
      _ target: String, _ port: UInt16, fields: [String: String] = [:], _ command: WebioCommand
    ) async throws -> HTTPAnswer {
      try await eventually(target, within: .seconds(600), every: .milliseconds(200), state: { command.account }) {
        let answer = try HTTPProbe.get(target, port: port, fields: fields, within: .seconds(60))
        return answer.status == 503 ? nil : answer
      }
    }

    @Test func aDirectoryOfApps() async throws {
      try directory.write("hello.swift", app("\(mark) first"))
      try directory.write("zwei Äpfel.swift", app("\(mark) apples"))
      try directory.write("broken.swift", "import WebIO\nlet count: Int = \"\(mark)\"\n")
      try directory.write("tools/hog.swift", hog)
      try directory.write("_secret.swift", app("secret"))
      try directory.write(".dot.swift", app("dot"))
      try directory.write("notes.txt", "not for visitors")
      try directory.write("static/logo.txt", "a logo")
      try outside.write("other.swift", app("outside"))
      try FileManager.default.createSymbolicLink(
        atPath: directory.file("link.swift"), withDestinationPath: outside.file("other.swift"))
      let command = try serve("--memory", "256M", "--metrics", "0")
      let (url, port) = try await command.ready()
      let traces = Traces(of: command, port: port)
      try await command.explaining {
        try await aVisitorWaitsAndSeesTheApp(url, port, command)
        try await bothTransports(port)
        try namesThatAreNotThere(port)
        try await aBrokenFile(port, command)
        try await aFileThatTakesTooMuch(port, command)
        try await aChange(port, command)
        try await theMetricsOfAll(port, command)
        // One compiler for each file that was asked for, and one for the change.
        let built = command.events.filter { $0["event"].string == "building" }.compactMap { $0["file"].string }
        #expect(
          built.map { ($0 as NSString).lastPathComponent }.sorted() == [
            "broken.swift", "hello.swift", "hello.swift", "hog.swift", "zwei Äpfel.swift",
          ])
      }
      command.program.send(SIGTERM)
      #expect(try await command.end() == .exited(143))
      await traces.expectGone(within: .seconds(10))
      try await theNextOne()
    }

    /// It waits in the browser, and nobody touches it.
    private func aVisitorWaitsAndSeesTheApp(_ url: String, _ port: UInt16, _ command: WebioCommand) async throws {
      let browser = try await Fixture.shared.browser()
      // Two others are compiled before it, so that there is something to wait for on any machine.
      for path in ["/zwei%20%C3%84pfel", "/tools/hog"] {
        #expect(throws: (any Error).self) { try HTTPProbe.get(path, port: port, within: .milliseconds(100)) }
      }
      // At the same time, for both wait a while to see whether it is there soon.
      async let asked = HTTPProbe.get("/hello", port: port)
      try await browser.open("\(url)hello")
      let text = "return document.body.innerText"
      let first = try await browser.look(text).string ?? ""
      #expect(first.hasPrefix("Just a moment: the app is "), "\(first)")
      let waiting = try await asked
      #expect(waiting.status == 503)
      #expect(waiting.fields["retry-after"] == "1")
      try await browser.screenshot("serve-waiting")
      try await eventually("the app is there", within: .seconds(600), every: .milliseconds(200)) {
        if command.events.contains(where: { $0["event"].string == "buildFailed" }) { throw NotInTime("the build failed") }
        return (try? await browser.look(text).string)?.contains("\(mark) first Who?") ?? false
      }
      #expect(try await browser.look("return location.pathname").string == "/hello")
    }

    private func bothTransports(_ port: UInt16) async throws {
      let socket = try WebSocketProbe("/hello?app=index&session=NEW", port: port)
      var form: JSON = [:]
      while form["command"].string != "input_group" { form = try JSON(parsing: socket.receive()) }
      try socket.send(
        #"{"event":"from_submit","task_id":\#(form["task_id"].text),"data":{"data":"Ada"}}"#)
      var text = ""
      while !text.contains("Hello") { text = try socket.receive() }
      // The visitor's own address, not that of the process in between.
      #expect(text.contains("Hello, Ada! You come from 127.0.0.1."), "\(text)")
      socket.close()
      let id = "abcdefghijklmnop\(UInt32.random(in: 0..<UInt32.max))"
      var polled = try HTTPProbe.get("/hello?app=index&ack=-1", port: port, fields: ["webio-session-id": "NEW-\(id)"])
      while polled.status == 200, !polled.text.contains("input_group") {
        polled = try HTTPProbe.get("/hello?app=index&ack=-1", port: port, fields: ["webio-session-id": id])
      }
      #expect(polled.text.contains("\(mark) first Who?"))
    }

    private func namesThatAreNotThere(_ port: UInt16) throws {
      for path in [
        "/_secret", "/.dot", "/hello.swift", "/notes.txt", "/notes", "/link", "/nothing", "/tools/../hello", "/%2e%2e/hello",
        "/static/../hello.swift", "/static/nothing",
      ] { #expect(try HTTPProbe.get(path, port: port).status == 404, "\(path)") }
      let list = try HTTPProbe.get("/", port: port)
      #expect(list.status == 200)
      for name in ["hello", "zwei Äpfel", "broken", "tools/"] { #expect(list.text.contains("<a href=\"\(name)\">"), "\(name)") }
      for name in ["secret", "dot", "notes", "link", "static"] { #expect(!list.text.contains(name), "\(name)") }
      #expect(list.text.contains("<small>Greets &lt;visitors&gt;.</small>"))
      #expect(
        try HTTPProbe.get("/hello", port: port).text.contains(
          "<meta name=\"description\" content=\"Greets &lt;visitors&gt;.\">"))
      #expect(try HTTPProbe.get("/tools", port: port).fields["location"] == "/tools/")
      #expect(try HTTPProbe.get("/tools/", port: port).text.contains("<a href=\"hog\">"))
      #expect(try HTTPProbe.get("/static/logo.txt", port: port).text == "a logo")
      #expect(try HTTPProbe.get("/", port: port, host: "evil.example").status == 403)
    }

    private func aBrokenFile(_ port: UInt16, _ command: WebioCommand) async throws {
      let visitor = try await answer("/broken", port, command)
      #expect(visitor.status == 500)
      #expect(visitor.text == "This app is out of order.\n")
      let token = try #require(try await command.event("ready")["developerURL"].string)
      let target = try #require(URLComponents(string: token)?.query)
      let cookie = try #require(try HTTPProbe.get("/broken?\(target)", port: port).fields["set-cookie"])
      let developer = try HTTPProbe.get(
        "/broken", port: port, fields: ["Cookie": String(cookie.prefix { $0 != ";" })])
      #expect(developer.status == 500)
      #expect(developer.text.contains("\(directory.path)/broken.swift:2:18: error: cannot convert value"), "\(developer.text)")
      #expect(try HTTPProbe.get("/broken", port: port, fields: ["Cookie": "webio-developer=guess"]).text == visitor.text)
      #expect(try HTTPProbe.get("/hello", port: port).status == 200)
    }

    private let hog = """
      import WebIO
      try await startServer {
        putText("before")
        var all: [[UInt8]] = []
        for _ in 0..<64 { all.append([UInt8](repeating: 1, count: 16 << 20)) }
        putText("after \\(all.count)")
      }

      """

    private func aFileThatTakesTooMuch(_ port: UInt16, _ command: WebioCommand) async throws {
      #expect(try await answer("/tools/hog", port, command).status == 200)
      let socket = try WebSocketProbe("/tools/hog?app=index&session=NEW", port: port)
      // A gibibyte, where 256 mebibytes are allowed: its process ends, and no other one.
      var seen: [String] = []
      do { while true { seen.append(try socket.receive(within: .seconds(60))) } } catch is Connection.Failure {}
      #expect(seen.contains { $0.contains("before") } && !seen.contains { $0.contains("after") }, "\(seen)")
      #expect(try HTTPProbe.get("/hello", port: port).status == 200)
      #expect(try await answer("/tools/hog", port, command).status == 200)
    }

    private func aChange(_ port: UInt16, _ command: WebioCommand) async throws {
      let old = try processes(of: command, "hello")
      #expect(old.count == 1)
      try directory.write("hello.swift", app("\(mark) second"))
      try await eventually("the change is served", within: .seconds(300), every: .milliseconds(200)) {
        // Never a gap: the old one serves until the new one does.
        #expect(try HTTPProbe.get("/hello", port: port, within: .seconds(60)).status == 200)
        let socket = try WebSocketProbe("/hello?app=index&session=NEW", port: port)
        defer { socket.close() }
        var text = ""
        while !text.contains("Who?") { text = try socket.receive() }
        return text.contains("\(mark) second Who?")
      }
    }

    /// Those of the directory, and of each app that runs with its path.
    private func theMetricsOfAll(_ port: UInt16, _ command: WebioCommand) async throws {
      let own = try #require(try await command.event("ready")["metricsPort"].int.flatMap { UInt16(exactly: $0) })
      // Its process may be a new one by now, which has counted nothing yet.
      #expect(try HTTPProbe.get("/hello", port: port).status == 200)
      let socket = try WebSocketProbe("/hello?app=index&session=NEW", port: port)
      _ = try socket.receive()
      let answer = try HTTPProbe.get("/metrics", port: own)
      #expect(answer.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      let metrics = try MetricsFormat(parsing: answer.text)
      #expect(metrics[#"webio_serve_apps{state="serving"}"#] == 3, "\(answer.text)")
      #expect(metrics[#"webio_serve_apps{state="broken"}"#] == 1)
      #expect(metrics[#"webio_serve_builds_total{result="built"}"#] == 4)
      #expect(metrics[#"webio_serve_builds_total{result="failed"}"#] == 1)
      #expect(metrics["webio_serve_build_seconds_total"] ?? 0 > 1)
      #expect(metrics["webio_serve_crashes_total"] == 1)
      #expect(metrics[#"webio_serve_http_requests_total{class="5xx"}"#] ?? 0 > 3)
      #expect(metrics[#"webio_sessions_open{app="/hello"}"#] ?? 0 >= 1)
      #expect(metrics[#"webio_sessions_started_total{app="/tools/hog"}"#] == 0)
      #expect(metrics[#"webio_http_requests_total{app="/hello",class="2xx"}"#] ?? 0 >= 1)
      #expect(metrics[#"webio_websockets_open{app="/zwei%20%C3%84pfel"}"#] == 0)
      #expect(metrics[#"process_resident_memory_bytes{app="/hello"}"#] ?? 0 > 1_048_576)
      #expect(metrics["process_resident_memory_bytes"] ?? 0 > 1_048_576)
      socket.close()
      // Nobody else gets an app's.
      #expect(try HTTPProbe.get("/metrics", port: port).status == 404)
      #expect(try HTTPProbe.get("/hello/metrics", port: port).status == 404)
      #expect(try !HTTPProbe.get("/hello", port: port, fields: ["Webio-Metrics": "guess"]).text.contains("webio_sessions_open"))
      #expect(try HTTPProbe.get("/metrics", port: own, host: "evil.example").status == 403)
    }

    private func processes(of command: WebioCommand, _ app: String) throws -> [String] {
      Processes.marked(command.program.mark).map(\.description).filter { $0.contains("/apps/") && $0.contains(app) }
    }

    /// What was compiled once is not again, and an app that nobody uses is stopped.
    private func theNextOne() async throws {
      let command = try serve("--idle", "1", "--no-index")
      let (_, port) = try await command.ready()
      try await command.explaining {
        #expect(try HTTPProbe.get("/", port: port).status == 404)
        #expect(try await answer("/hello", port, command).status == 200)
        #expect(command.events.allSatisfy { $0["event"].string != "building" })
        #expect(try processes(of: command, "hello").count == 1)
        try await eventually("it is stopped", within: .seconds(60)) { try processes(of: command, "hello").isEmpty }
        #expect(try await answer("/hello", port, command).status == 200)
        #expect(try processes(of: command, "hello").count == 1)
      }
    }

    /// The library's form: the program hands over to the command beside it, and is the index itself. Nothing is compiled here.
    @Test(arguments: [true, false]) func pathDeployOfTheLibrary(_ hasIndex: Bool) async throws {
      try directory.write("hello.swift", app("never asked for"))
      try directory.write("deep/er/x.swift", app("never asked for"))
      let server = (WebioCommand.path as NSString).deletingLastPathComponent + "/TestServer"
      let program = try Program(
        server, ["deploy", "base=\(directory.path)"] + (hasIndex ? [] : ["index=none"]),
        environment: ["WEBIO_TOOLKIT": checkout, "XDG_CONFIG_HOME": outside.file("config")])
      defer { program.killAll() }
      let port = try await eventually("it serves", state: { program.errorText }) {
        program.errorText.split(separator: "\n").first { $0.contains("The apps are at") }
          .flatMap { UInt16($0.split(separator: ":").last?.dropLast() ?? "") }
      }
      for (path, text) in [
        ("/", "/ has deep/ (deep), hello (hello)"), ("/deep/", "/deep/ has er/ (er)"), ("/deep/er/", "/deep/er/ has x (x)"),
      ] {
        let answer = try await eventually(path, every: .milliseconds(100)) {
          let answer = try HTTPProbe.get(path, port: port)
          return answer.status == 503 ? nil : answer
        }
        #expect(answer.status == (hasIndex ? 200 : 404), "\(path)")
        guard hasIndex else { continue }
        let socket = try WebSocketProbe("\(path)?app=index&session=NEW", port: port)
        defer { socket.close() }
        var seen = ""
        while !seen.contains(" has ") { seen = try socket.receive() }
        #expect(seen.contains(text), "\(seen)")
      }
      program.send(SIGTERM)
      #expect(try await program.waitForEnd() == .exited(0))
      #expect(program.outputText.hasSuffix("stopped\n"))
      try await eventually("nothing is left", state: { "\(Processes.marked(program.mark))" }) {
        Processes.marked(program.mark).isEmpty
      }
    }

    /// `index.swift`, an app for all other lists, and a name that a URL has to spell.
    @Test func indexesOfOnesOwn() async throws {
      let list = """
        import WebIO
        try await startServer {
          let directory = DeployedDirectory.current!
          putText("\(mark) \\(directory.path): " + directory.entries.map { $0.link }.joined(separator: " "))
          hold()
        }

        """
      try outside.write("list.swift", list)
      try directory.write("zwei Äpfel.swift", app("\(mark) apples"))
      try directory.write("deep/index.swift", app("\(mark) own index"))
      try directory.write("deep/er/a.swift", app("a"))
      try directory.write("deep/er/_b.swift", app("b"))
      let command = try serve("--index", outside.file("list.swift"), "--debug")
      let (_, port) = try await command.ready()
      try await command.explaining {
        for (path, text) in [
          ("/", "\(mark) /: deep/ zwei Äpfel"), ("/deep/er/", "\(mark) /deep/er/: a"), ("/deep/", "\(mark) own index Who?"),
          ("/zwei%20%C3%84pfel", "\(mark) apples Who?"),
        ] {
          #expect(try await answer(path, port, command).status == 200, "\(path)")
          #expect(
            try HTTPProbe.get("\(path.hasSuffix("/") ? path : path + "/")_webio/core.js", port: port).status == 200, "\(path)")
          let socket = try WebSocketProbe("\(path)?app=index&session=NEW", port: port)
          defer { socket.close() }
          var seen = ""
          while !seen.contains(mark) { seen = try socket.receive() }
          #expect(seen.contains(text), "\(path): \(seen)")
        }
        let other = try HTTPProbe.get("/zwei%20%c3%84pfel?app=index", port: port)
        #expect(other.status == 308)
        #expect(other.fields["location"] == "/zwei%20%C3%84pfel?app=index")
      }
    }
  }
}

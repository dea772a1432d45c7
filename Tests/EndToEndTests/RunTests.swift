import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `webio run`: a release build that serves until it is told to stop.
  @Suite(.timeLimit(.minutes(15))) struct RunTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory("webio-run") }

    private func run(_ arguments: String..., environment: [String: String?] = [:]) throws -> WebioCommand {
      try WebioCommand(
        ["run", "--toolkit", checkout] + arguments, directory: directory.path, settings: directory, environment: environment)
    }

    /// The drain's notice is longer than what a command would wait for a program that does not end.
    private func app(_ text: String) -> String {
      """
      import WebIO
      /// Greets <visitors>.
      func greet() async throws {
        let name = try await input("\(text) Who?")
        putText("Hello, \\(name)!")
      }
      var limits = ServerLimits()
      (limits.drain, limits.drainNotice) = (.seconds(300), .seconds(7))
      try await startServer(greet, port: 1, limits: limits)
      print("ended gracefully")

      """
    }

    private func port(of command: WebioCommand) async throws -> UInt16 {
      try await eventually("it serves", within: .seconds(800), every: .milliseconds(50), state: { command.account }) {
        if let ended = command.program.ended { throw NotInTime("webio ended (\(ended))\n\(command.account)") }
        return command.program.errorText.split(separator: "\n").first { $0.contains("WebIO is serving at") }
          .flatMap { UInt16($0.split(separator: ":").last ?? "") }
      }
    }

    @Test func aReleaseBuildServesUntilItHasDrained() async throws {
      let mark = "m\(UInt64.random(in: 0..<UInt64.max))"
      try directory.write("hello.swift", app(mark))
      let command = try run("hello.swift", "--port", "0", "--metrics", "0")
      let port = try await port(of: command)
      let metrics = try #require(
        command.program.errorText.split(separator: "\n").first { $0.contains("Its metrics are at port") }
          .flatMap { UInt16($0.split(separator: " ").first { $0.hasSuffix(",") }?.dropLast() ?? "") })
      try await command.explaining {
        let traces = Traces(of: command, port: port)
        // The description comes from the comment, the port and the metrics from the flags.
        #expect(try HTTPProbe.get("/", port: port).text.contains("content=\"Greets &lt;visitors&gt;.\""))
        #expect(try HTTPProbe.get("/metrics", port: metrics).text.contains("webio_sessions_open 0\n"))
        let socket = try WebSocketProbe("/?app=index&session=NEW", port: port)
        var form: JSON = [:]
        while form["command"].string != "input_group" { form = try JSON(parsing: socket.receive()) }
        #expect(form.text.contains("\(mark) Who?"))

        command.program.send(SIGTERM)
        try await eventually("it takes no more visitors") { try HTTPProbe.get("/readyz", port: port).status == 503 }
        try socket.send(#"{"event":"from_submit","task_id":\#(form["task_id"].text),"data":{"data":"Ada"}}"#)
        var text = ""
        while !text.contains("Hello") { text = try socket.receive() }
        #expect(text.contains("Hello, Ada!"))
        socket.close()
        #expect(try await command.end(within: .seconds(60)) == .exited(143))
        #expect(command.program.outputText == "ended gracefully\n")
        await traces.expectGone(within: .seconds(10))
      }

      // Who has the port is told in the app's words, and a second signal does not wait for a drain.
      let hasty = try run("hello.swift", "--port", "0")
      let taken = try await self.port(of: hasty)
      let refused = try run("hello.swift", "--port", "\(taken)")
      #expect(try await refused.end(within: .seconds(300)) == .exited(3), "\(refused.account)")
      #expect(refused.program.errorText.contains("\(taken)"), "\(refused.account)")
      hasty.program.send(SIGTERM)
      try await eventually("it takes no more visitors") { try HTTPProbe.get("/readyz", port: taken).status == 503 }
      hasty.program.send(SIGINT)
      #expect(try await hasty.end(within: .seconds(5)) == .exited(130), "\(hasty.account)")
      #expect(!hasty.program.outputText.contains("gracefully"))

      try directory.write("hello.swift", app("again") + "let count: Int = \"\(mark)\"\n")
      let broken = try run("hello.swift")
      #expect(try await broken.end(within: .seconds(300)) == .exited(1), "\(broken.account)")
      #expect(
        broken.program.errorText.contains("\(directory.path)/hello.swift:11:18: error: cannot convert value"),
        "\(broken.account)")
      #expect(broken.program.errorText.contains("failed    1 error\n"), "\(broken.account)")

      try directory.write("hello.swift", "import Glibc\nimport WebIO\nexit(7)\n")
      let ending = try run("hello.swift", environment: ["WEBIO_PORT": "0"])
      #expect(try await ending.end(within: .seconds(300)) == .exited(1), "\(ending.account)")
      #expect(ending.program.errorText.contains("webio: The app ended: exit code 7.\n"), "\(ending.account)")
    }

    @Test func whatCannotBeRunIsTold() async throws {
      try directory.write("empty/notes.txt", "")
      for (arguments, code, words) in [
        (["nowhere.swift"], 2, "There is no nowhere.swift."),
        (["empty"], 2, "There is no Package.swift in empty."),
        (["x.swift", "--port", "+80"], 2, "--port"),
        (["a", "b"], 2, "one word too many"),
      ] as [([String], Int32, String)] {
        let refused = try await WebioCommand.run(
          ["run", "--toolkit", checkout] + arguments, directory: directory.path, settings: directory)
        #expect(refused.code == code, "\(refused)")
        #expect(refused.errors.contains(words), "\(refused.errors)")
      }
    }
  }
}

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `webio build`: an executable that runs where there is no Swift.
  @Suite(.timeLimit(.minutes(15))) struct StandaloneTests {
    @Test func oneFileThatRunsWithoutSwift() async throws {
      let directory = try TemporaryDirectory("webio-build")
      try directory.write(
        "tiny.swift",
        """
        import WebIO
        /// Is <alone>.
        try await startServer { putText("alone"); hold() }

        """)
      let built = try await WebioCommand.run(
        ["build", "tiny.swift", "--toolkit", checkout, "--json"], directory: directory.path, settings: directory,
        within: .seconds(800))
      #expect(built.code == 0, "\(built.errors)")
      let event = try #require(
        try built.output.split(separator: "\n").map { try JSON(parsing: $0) }.first { $0["event"].string == "executable" })
      #expect(event["path"].string == "tiny")
      let size = try #require(event["bytes"].int)
      #expect(size == (try FileManager.default.attributesOfItem(atPath: directory.file("tiny"))[.size] as? Int))
      #expect(size < 20_000_000)
      // What the loader would bring along: nothing of the toolchain.
      let needed = try await Program.run(
        Program.require("ldd"), [directory.file("tiny")], environment: ["LD_LIBRARY_PATH": nil])
      #expect(needed.ending == .exited(0))
      #expect(!needed.output.contains("not found"), "\(needed.output)")
      for line in needed.output.split(separator: "\n") {
        let name = line.split(separator: " ").first.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
        let isSystem = ["linux-vdso", "/lib64/ld-linux", "libc.so", "libm.so", "libz.so", "libgcc_s.so", "libstdc++.so"]
          .contains { name.hasPrefix($0) }
        #expect(isSystem, "\(line)")
      }
      // An environment with nothing in it: no PATH, no HOME, no libraries' path.
      let port = try freePort()
      let app = try Program(Program.require("env"), ["-i", "WEBIO_PORT=\(port)", directory.file("tiny")], directory: "/")
      defer { app.killAll() }
      try await eventually("it listens", state: { app.errorText }) { Processes.isListening(port) }
      let page = try HTTPProbe.get("/", port: port)
      #expect(page.status == 200)
      #expect(page.text.contains("<title>"))
      // The comment has come along.
      #expect(page.text.contains("<meta name=\"description\" content=\"Is &lt;alone&gt;.\">"))
      #expect(try HTTPProbe.get("/_webio/core.js", port: port).status == 200)
      let socket = try WebSocketProbe("/?app=index&session=NEW", port: port)
      var text = ""
      while !text.contains("alone") { text = try socket.receive() }
      app.send(SIGTERM)
      #expect(try await app.waitForEnd() == .exited(0))
    }

    @Test func whatCannotBeBuiltIsTold() async throws {
      let directory = try TemporaryDirectory("webio-build")
      for (arguments, words) in [
        (["build", "nowhere.swift"], "There is no nowhere.swift."),
        (["build", "--output", directory.path, "x.swift"], "is a directory"),
        (["build", "a", "b"], "one word too many"),
      ] {
        let refused = try await WebioCommand.run(
          arguments + ["--toolkit", checkout], directory: directory.path, settings: directory)
        #expect(refused.code == 2, "\(refused)")
        #expect(refused.errors.contains(words), "\(refused.errors)")
      }
    }
  }
}

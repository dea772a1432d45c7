import Foundation
import TestSupport
import Testing
import WebIO

/// `startServer` in a process of its own: how it starts, where it listens, and how it ends.
@Suite(.timeLimit(.minutes(5))) struct StartServerTests {
  /// `TestServer`, which is built beside these tests.
  private static let path: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return (own as NSString).deletingLastPathComponent + "/TestServer"
  }()

  private func start(_ arguments: String..., wrapper: [String] = []) throws -> Program {
    let words = wrapper + [Self.path, "app"] + arguments
    return try Program(words[0], Array(words.dropFirst()))
  }

  private func port(of program: Program) async throws -> UInt16 {
    try await eventually("the server says its address", state: { program.errorText }) {
      program.errorText.split(separator: "\n").first { $0.contains("serving at http") }
        .flatMap { UInt16($0.split(separator: ":").last ?? "") }
    }
  }

  @Test(arguments: [SIGTERM, SIGINT]) func aSignalEndsItGracefully(_ signal: Int32) async throws {
    let program = try start()
    defer { program.killAll() }
    let port = try await port(of: program)
    let socket = try WebSocketProbe("/?app=index&session=NEW", port: port)
    _ = try socket.receive()
    program.send(signal)
    let closed = #expect(throws: Connection.Failure.self) { while true { _ = try socket.receive() } }
    #expect(closed?.description == "closed with 1001")
    #expect(try await program.waitForEnd(within: .seconds(60)) == .exited(0))
    #expect(program.outputText == "stopped\n")
  }

  /// `localhost` is the machine's loopback of both families, `""` every address of both, and an address is itself alone.
  @Test(arguments: [
    ("localhost", ["127.0.0.1", "::1"], "http://localhost:"), ("", ["127.0.0.1", "::1"], "http://localhost:"),
    ("::1", ["::1"], "http://localhost:"), ("::", ["127.0.0.1", "::1"], "http://localhost:"),
    ("127.0.0.1", ["127.0.0.1"], "http://localhost:"),
  ])
  func addressesOfBothFamilies(_ host: String, _ served: [String], _ url: String) async throws {
    let program = try start("host=\(host)")
    defer { program.killAll() }
    let port = try await port(of: program)
    #expect(program.errorText.contains(" \(url)\(port)\n"), Comment(rawValue: program.errorText))
    for address in ["127.0.0.1", "::1"] {
      let connection = try? Connection(port: port, host: address)
      #expect((connection != nil) == served.contains(address), "\(address)")
      guard let connection else { continue }
      let name = address == "::1" ? "[::1]" : address
      try connection.write("GET /healthz HTTP/1.1\r\nHost: \(name):\(port)\r\nConnection: close\r\n\r\n")
      let answer = String(decoding: try connection.readToEnd(Deadline(.seconds(60))), as: UTF8.self)
      #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\nok\n"), "\(address)")
    }
  }

  @Test func aTakenPortIsToldWithItsHolder() async throws {
    let first = try start()
    defer { first.killAll() }
    let port = try await port(of: first)
    let second = try start("port=\(port)")
    defer { second.killAll() }
    // As a new user has it: nobody catches what startServer throws.
    #expect(try await second.waitForEnd() == .exited(3))
    let line =
      "127.0.0.1:\(port) is taken by TestServer (process \(first.processID)). Stop it, or take another port; 0 is any free one."
    #expect(second.errorText == "webio: error: \(line)\n")
  }

  @Test func aSizeThatIsNoneIsTold() async throws {
    let program = try start("size=200X")
    defer { program.killAll() }
    #expect(try await program.waitForEnd() == .exited(1))
    #expect(program.errorText.hasPrefix("webio: error: maxPayloadSize: \"200X\" is no size."))
    #expect(program.errorText.utf8.count { $0 == 0x0a } == 1)
  }

  @Test func aUnixSocketIsServedAndTakenAway() async throws {
    let directory = try TemporaryDirectory("webio-unix")
    let path = directory.file("app.sock")
    let curl = """
      import socket, sys
      s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
      s.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
      print(s.makefile("rb").read().decode().splitlines()[-1])
      """
    for isStale in [false, true] {
      let program = try start("host=unix:\(path)")
      defer { program.killAll() }
      try await eventually("it listens", state: { program.errorText }) { program.errorText.contains("unix socket \(path)") }
      let answer = try await Program.run(Program.require("python3"), ["-c", curl, path])
      #expect(answer.output == "ok\n", Comment(rawValue: answer.errors))
      if !isStale {
        // What a crash leaves behind is nobody's: the next one takes the path.
        program.send(SIGKILL)
        try await program.waitForEnd()
        #expect(access(path, F_OK) == 0)
      } else {
        program.send(SIGTERM)
        try await program.waitForEnd()
        #expect(access(path, F_OK) != 0)
      }
    }
  }

  /// A server of its own under `webio dev`: here standard output is the descriptor on which the program tells.
  @Test func anotherServerTellsWebioDevItsPort() async throws {
    let program = try Program(
      Self.path, ["handler"],
      environment: ["WEBIO_LISTEN_FD": "0", "WEBIO_READY_FD": "1", "WEBIO_DEV_TOKEN": "secret", "WEBIO_GENERATION": "3"])
    defer { program.killAll() }
    let port = try await eventually("it tells its port", state: { program.errorText }) {
      program.outputText.hasSuffix("\n") ? UInt16(program.outputText.dropLast().split(separator: " ").last ?? "") : nil
    }
    let page = try HTTPProbe.get("/apps/", port: port, fields: ["Webio-Developer": "secret"])
    #expect(page.text.contains("/__webio/dev.js"))
    #expect(try !HTTPProbe.get("/apps/", port: port).text.contains("/__webio/dev.js"))
    // Told once: the descriptor may be another file's by then.
    #expect(program.outputText == "ready \(port)\n")
    #expect(AppHandler.listeningPort(8080) == 8080)
  }

  /// What systemd does before it starts a service, and what it is told. sd_listen_fds(3), sd_notify(3).
  @Test func socketsOfAServiceManagerAreTaken() async throws {
    let directory = try TemporaryDirectory("webio-systemd")
    let notify = directory.file("notify")
    let manager = """
      import os, socket, sys
      notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); notify.bind(sys.argv[1])
      listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen()
      child = os.fork()
      if child == 0:
          os.dup2(listener.fileno(), 3); os.set_inheritable(3, True)
          os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", NOTIFY_SOCKET=sys.argv[1], WATCHDOG_USEC="200000")
          os.execv(sys.argv[2], sys.argv[2:])
      seen = [notify.recv(100).decode() for _ in range(4)]
      client = socket.create_connection(listener.getsockname())
      client.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
      print(client.makefile("rb").read().decode().splitlines()[-1], *seen)
      os.kill(child, 15)
      while (last := notify.recv(100).decode()) == "WATCHDOG=1": pass
      print(last, os.waitstatus_to_exitcode(os.wait()[1]))
      """
    let (_, output, errors) = try await Program.run(
      Program.require("python3"), ["-c", manager, notify, Self.path, "app"])
    #expect(
      output.replacingOccurrences(of: "stopped\n", with: "")
        == "ok READY=1 WATCHDOG=1 WATCHDOG=1 WATCHDOG=1\nSTOPPING=1 0\n", Comment(rawValue: output + errors))
    #expect(
      errors.contains("serving at 127.0.0.1:") && errors.contains(", passed by its service manager\n"),
      Comment(rawValue: errors))
  }
}

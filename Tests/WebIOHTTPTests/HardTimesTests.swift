import Glibc
import TestSupport
import Testing
import WebIOPosix

/// A server in a process of its own, where descriptors or the disk run out.
@Suite(.timeLimit(.minutes(5))) struct HardTimesTests {
  private func start(_ command: String) async throws -> (program: Program, port: UInt16) {
    let program = try Program("/bin/sh", ["-c", command.replacing("SERVER", with: TestServerProcess.path)])
    return (program, try await TestServerProcess.port(of: program))
  }

  /// Processor time of a process in milliseconds. See proc(5).
  private func time(of process: pid_t) throws -> Int {
    let text = try Files.readText("/proc/\(process)/stat")
    let columns = text[text.lastIndex(of: ")")!...].split(separator: " ")
    return (Int(columns[12])! + Int(columns[13])!) * 10
  }

  @Test func descriptorsRunOut() async throws {
    let (program, port) = try await start("ulimit -n 40; exec SERVER web")
    defer { program.killAll() }
    var held: [Connection] = []
    // The kernel accepts for the server; it closes what it cannot hold.
    for _ in 0..<60 { held.append(try Connection(port: port)) }
    let before = try time(of: program.processID)
    let silence = Deadline(.seconds(1))
    while !silence.isOver { try await Task.sleep(for: .milliseconds(50)) }
    let spent = try time(of: program.processID) - before
    #expect(spent < 300, "\(spent) ms of a second in a busy loop")
    #expect(program.ended == nil)
    held = []
    try await eventually("it serves again") {
      (try? HTTPProbe.get("/", port: port, within: .seconds(1)))?.text == "hello"
    }
  }

  @Test func theLogsDiskIsFull() async throws {
    let (program, port) = try await start("exec SERVER web log=/dev/full")
    defer { program.killAll() }
    for _ in 0..<50 { #expect(try HTTPProbe.get("/", port: port).status == 200) }
    let before = try time(of: program.processID)
    let silence = Deadline(.seconds(1))
    while !silence.isOver { try await Task.sleep(for: .milliseconds(50)) }
    #expect(try time(of: program.processID) - before < 300)
    #expect(program.ended == nil && program.errorText.isEmpty)
  }

  @Test func nobodyReadsTheLog() async throws {
    // A pipe that is full after 64 KiB, and stays so.
    let (program, port) = try await start(
      "P=$(mktemp -u); mkfifo $P; sleep 100 <>$P & exec SERVER web log=$P")
    defer { program.killAll() }
    let connection = try Connection(port: port)
    let request = "GET /\(String(repeating: "x", count: 2_000)) HTTP/1.1\r\nHost: x\r\n\r\n"
    for _ in 0..<2_000 {
      try connection.write(request)
      let head = String(decoding: try connection.read(until: Array("\r\n\r\n".utf8), Deadline(.seconds(60))), as: UTF8.self)
      #expect(head.hasPrefix("HTTP/1.1 200 OK"))
      _ = try connection.read(count: 5, Deadline(.seconds(60)))
    }
  }
}

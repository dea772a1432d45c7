import Glibc
import TestSupport
import Testing
import WebIOPosix

/// Five hundred clients that are slow in every way there is, and one that is not.
@Suite(.timeLimit(.minutes(5))) struct SlowClientsTests {
  @Test func aNormalClientIsServedWhileOthersHang() async throws {
    let program = try Program(TestServerProcess.path, ["web"])
    defer { program.killAll() }
    let port = try await TestServerProcess.port(of: program)
    var slow: [Connection] = []
    for number in 0..<500 {
      let connection = try Connection(port: port)
      switch number % 5 {
      // Nothing at all, a head that does not end, a body that does not come, an answer that is not read, a flood of pings.
      case 0: break
      case 1: try connection.write("GET / HTTP/1.1\r\nHost: x\r\nX: ")
      case 2: try connection.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc")
      case 3: try connection.write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
      default: try connection.write(String(repeating: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", count: 100))
      }
      slow.append(connection)
    }
    for round in 0..<200 {
      #expect(try HTTPProbe.get("/", port: port).text == "hello", "\(round)")
      // They go on dripping.
      if round % 20 == 0 {
        for number in stride(from: 1, to: 500, by: 5) { try? slow[number].write("x") }
      }
    }
    #expect(program.ended == nil)
    _ = slow
  }
}

/// `TestServer`, which is built beside these tests.
enum TestServerProcess {
  static let path: String = {
    var buffer = [CChar](repeating: 0, count: 4_096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let own = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return Path.join(Path.directory(of: own), "TestServer")
  }()

  static func port(of program: Program) async throws -> UInt16 {
    try await eventually("the server listens", state: { program.errorText }) {
      program.outputText.split(separator: "\n").first { $0.hasPrefix("port ") }.flatMap { UInt16($0.dropFirst(5)) }
    }
  }
}

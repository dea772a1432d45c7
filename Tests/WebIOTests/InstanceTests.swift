import Foundation
import TestSupport
import Testing

@testable import WebIO

/// One of several processes behind a proxy.
@Suite(.timeLimit(.minutes(5))) struct InstanceTests {
  private static let server: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return (own as NSString).deletingLastPathComponent + "/TestServer"
  }()

  @Test(arguments: [("", ""), ("a", "a."), ("web-01_b", "web-01_b.")]) func aName(_ name: String, _ prefix: String) throws {
    #expect(try InstanceName.prefix(name) == prefix)
  }

  @Test(arguments: ["a.b", "a b", "ä", "a\n", String(repeating: "a", count: 33)]) func noName(_ name: String) {
    #expect(throws: WebIOError.self) { try InstanceName.prefix(name) }
  }

  @Test func idsBeginWithTheName() async throws {
    let id = try await session(environment: ["WEBIO_INSTANCE": "blue"])
    #expect(id.hasPrefix("blue.") && id.utf8.count == 48)
    #expect(try await session(environment: [:]).utf8.allSatisfy { $0 != UInt8(ascii: ".") })
  }

  private func session(environment: [String: String?]) async throws -> String {
    let port = try freePort()
    let app = try Program(Self.server, ["app", "port=\(port)"], environment: environment)
    defer { app.killAll() }
    try await eventually("it listens", state: { app.errorText }) { Processes.isListening(port) }
    let socket = try WebSocketProbe("/?app=index&session=NEW", port: port)
    return try JSON(parsing: socket.receive())["spec"].string ?? ""
  }

  @Test func aNameThatIsNoneIsTold() async throws {
    let app = try Program(Self.server, ["app"], environment: ["WEBIO_INSTANCE": "a b"])
    defer { app.killAll() }
    #expect(try await app.waitForEnd() != .exited(0))
    #expect(app.errorText.contains("WEBIO_INSTANCE: \"a b\" is no name"), Comment(rawValue: app.errorText))
  }
}

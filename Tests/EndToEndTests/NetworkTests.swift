import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `webio share` where packets are lost: in a network namespace of its own, whose packets to the relay nftables drops.
  @Suite struct NetworkTests {
    private static func run(_ words: String...) async throws -> JSON {
      let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      let script = tests.appendingPathComponent("Benchmarks/tunnel/network.py").path
      // A namespace takes root.
      let root = getuid() == 0 ? [] : ["sudo", "-n", "env", "PATH=\(ProcessInfo.processInfo.environment["PATH"] ?? "")"]
      let command = root + ["python3", script, "--webio", WebioCommand.path] + words
      let ended = try await Program.run(
        Program.require(command[0]), Array(command.dropFirst()), within: .seconds(240))
      guard ended.ending == .exited(0) else { throw NotInTime("network.py: \(ended)") }
      return try JSON(parsing: Substring(ended.output))
    }

    /// Both engines at once, each in a network of its own: most of the time they wait.
    private static func run(_ what: String, _ amount: String) async throws -> [JSON] {
      async let first = run("--engine", "libssh2", what, amount)
      async let second = run("--engine", "ssh", what, amount)
      return try await [first, second]
    }

    @Test(.timeLimit(.minutes(4)), arguments: ["libssh2", "ssh"])
    func aHundredMebibytesArriveWholeWithATenthOfThePacketsLost(_ engine: String) async throws {
      let result = try await Self.run("--engine", engine, "loss", "10")
      #expect(result["isLossy"] == true && result["down"] == true && result["up"] == true, "\(result.text)")
    }

    /// A gap of five seconds is survived. A longer one is noticed, and over soon after the network is back.
    @Test(.timeLimit(.minutes(4)), arguments: ["cable", "link"])
    func aCutCableIsNoticedAndForgotten(_ cut: String) async throws {
      for short in try await Self.run(cut, "5") { #expect(short["noticedAfter"] == .null, "\(short.text)") }
      for long in try await Self.run(cut, "20") {
        #expect((1...20).contains(long["noticedAfter"].number ?? 99), "\(long.text)")
        #expect((long["backAfter"].number ?? 99) <= 15, "\(long.text)")
      }
    }

    /// With another address the old connection can only be given up. The server still holds its port, so it is another one.
    @Test(.timeLimit(.minutes(4))) func anotherAddressIsAnotherConnection() async throws {
      for result in try await Self.run("address", "2") {
        #expect((result["backAfter"].number ?? 99) <= 60 && result["isSameAddress"] == false, "\(result.text)")
      }
    }

    /// A process that stands still for longer than a silence may last misses nothing when the relay has waited for it.
    @Test(.timeLimit(.minutes(4))) func aProcessThatStoodStillServesOn() async throws {
      for result in try await Self.run("stop", "20") {
        #expect((result["backAfter"].number ?? 99) <= 15, "\(result.text)")
      }
    }

    @Test(.timeLimit(.minutes(4))) func aRelayThatStandsStillIsNoticed() async throws {
      for result in try await Self.run("freeze", "25") {
        #expect((1...25).contains(result["noticedAfter"].number ?? 99), "\(result.text)")
        #expect((result["backAfter"].number ?? 99) <= 15, "\(result.text)")
      }
    }
  }
}

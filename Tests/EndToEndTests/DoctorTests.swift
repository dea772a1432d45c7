import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `webio doctor` says what this machine has, and what to do about what it has not.
  @Suite struct DoctorTests {
    private let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory("webio-doctor") }

    private struct Check {
      let status: String
      let message: String
      let advice: String
    }

    private func doctor(
      _ arguments: [String] = [], _ environment: [String: String?] = [:]
    ) async throws -> (code: Int32, checks: [String: Check]) {
      let told = try await WebioCommand.run(
        ["doctor", directory.path, "--json"] + arguments, settings: directory, environment: environment)
      var checks: [String: Check] = [:]
      for line in told.output.split(separator: "\n") {
        let event = try JSON(parsing: line)
        guard event["event"] == "check" else { continue }
        checks[event["name"].string ?? ""] = Check(
          status: event["status"].string ?? "", message: event["message"].string ?? "", advice: event["advice"].string ?? "")
      }
      #expect(told.output.hasSuffix("\"code\":\(told.code)}\n"), "\(told.output)")
      return (told.code, checks)
    }

    /// A directory for PATH with a program of that name that prints a text.
    private func program(_ name: String, printing text: String) throws -> String {
      try directory.write("bin/\(name)", "#!/bin/sh\ncat <<'END'\n\(text)\nEND\n")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.file("bin/\(name)"))
      return directory.file("bin")
    }

    @Test func itsFiguresAreThisMachines() async throws {
      let (code, checks) = try await doctor()
      #expect(code == 0)
      #expect(
        Set(checks.keys) == [
          "swift", "linker", "headers", "toolkit", "inotify", "file system", "port", "browser", "editor", "libssh2", "ssh",
          "disk", "cache", "limits",
        ])
      let swift = try await Program.run(Program.require("swift"), ["--version"])
      let version = try #require((swift.output + swift.errors).firstMatch(of: /Swift version ([\d.]+)/)?.1)
      #expect(checks["swift"]?.message == "\(version) at \(try Program.require("swift"))")
      let limit = { (name: String) in
        try readText("/proc/sys/fs/inotify/\(name)").trimmingCharacters(in: .whitespacesAndNewlines)
      }
      #expect(
        try checks["inotify"]?.message == "\(limit("max_user_watches")) directories, \(limit("max_user_instances")) programs")
      let library = try await Program.run(Program.require("pkg-config"), ["--modversion", "libssh2"])
      #expect(
        checks["libssh2"]?.message.hasPrefix(library.output.trimmingCharacters(in: .whitespacesAndNewlines)) == true,
        "\(checks["libssh2"]?.message ?? "")")
      let place = try FileManager.default.attributesOfFileSystem(forPath: directory.path)
      let free = try #require(place[.systemFreeSize] as? Int) >> 20
      let told = try #require(checks["disk"]?.message.firstMatch(of: /^(\d+) (GiB|MiB) free in/))
      let amount = try #require(Int(told.1)) << (told.2 == "GiB" ? 10 : 0)
      // Others write meanwhile.
      #expect(abs(amount - free) <= 2_048, "\(amount) of \(free) MiB")
      #expect(checks["file system"]?.status == "ok" && checks["linker"]?.status == "ok")
      #expect(checks["toolkit"]?.message == checkout)
    }

    @Test func aMissingOrOldToolchainIsAFailure() async throws {
      let none = try await doctor([], ["PATH": "/nowhere"])
      #expect(none.code == 4)
      #expect(none.checks["swift"]?.status == "fail")
      #expect(none.checks["swift"]?.advice.contains("https://www.swift.org/install/linux") == true)
      #expect(none.checks["ssh"]?.status == "warn" && none.checks["headers"]?.status == "warn")
      let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
      let old = try await doctor(
        [], ["PATH": "\(program("swift", printing: "Swift version 5.10 (swift-5.10-RELEASE)")):\(path)"])
      #expect(old.code == 4)
      #expect(old.checks["swift"]?.message.contains("5.10") == true && old.checks["swift"]?.message.contains("too old") == true)
      let silent = try await doctor([], ["PATH": "\(program("swift", printing: "hello")):\(path)"])
      #expect(silent.code == 4)
    }

    @Test func aTakenPortNamesItsHolder() async throws {
      // It may be somebody else's already: then they are named.
      let service = try? await GuardedService(
        Program.require("python3"), ["-m", "http.server", "--bind", "127.0.0.1", "--directory", directory.path, "8080"])
      try await eventually("the port is taken") { Processes.isListening(8080) }
      let taken = try await doctor().checks["port"]
      #expect(taken?.status == "warn" && taken?.message.hasPrefix("8080 is taken by ") == true, "\(taken?.message ?? "")")
      #expect(taken?.advice.contains("--port") == true)
      try await service?.stop()
    }

    @Test func browserEditorAndPlacesAreLookedFor() async throws {
      let bin = try program("editor", printing: "")
      let good = try await doctor([], ["BROWSER": "\(bin)/editor", "WEBIO_EDITOR": "\(bin)/editor"]).checks
      #expect(good["browser"]?.status == "ok" && good["browser"]?.message == "\(bin)/editor")
      #expect(good["editor"]?.status == "ok" && good["editor"]?.message == "\(bin)/editor")
      let bad = try await doctor(
        ["--toolkit", directory.path],
        [
          "BROWSER": "\(bin)/none", "WEBIO_EDITOR": "vi", "XDG_CACHE_HOME": "/proc/none", "VISUAL": nil, "EDITOR": nil,
          "SSH_CONNECTION": nil,
        ])
      #expect(bad.code == 4)
      #expect(bad.checks["browser"]?.message == "there is no \(bin)/none")
      #expect(bad.checks["editor"]?.advice.contains("WEBIO_EDITOR=code") == true)
      #expect(bad.checks["toolkit"]?.status == "fail")
      let remote = try await doctor([], ["SSH_CONNECTION": "1 2 3 4"]).checks
      #expect(remote["browser"]?.message.contains("no desktop") == true)
    }
  }
}

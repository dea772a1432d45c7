import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What cannot work gets one clear sentence, what to do, and its exit code.
  @Suite struct BadInputTests {
    private let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory("webio-bad") }

    private func expect(
      _ code: Int32, says: [String], _ arguments: [String], environment: [String: String?] = [:],
      within limit: Duration = .seconds(60), sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
      let before = directory.contents
      let refused = try await WebioCommand.run(
        arguments, directory: directory.path, settings: directory, environment: environment, within: limit)
      #expect(refused.code == code, "\(refused)", sourceLocation: sourceLocation)
      #expect(refused.output.isEmpty, "\(refused.output)", sourceLocation: sourceLocation)
      #expect(refused.errors.contains("webio: "), "\(refused.errors)", sourceLocation: sourceLocation)
      for text in says {
        #expect(refused.errors.contains(text), "\(refused.errors)", sourceLocation: sourceLocation)
      }
      // A cache below .build is SwiftPM's way, and ignored by git.
      let new = directory.contents.filter {
        !before.contains($0) && !$0.hasPrefix("config") && !$0.contains("/.build")
      }
      #expect(new == [], "something was left", sourceLocation: sourceLocation)
    }

    private func write(package name: String, targets: String, dependencies: String = "") throws {
      try directory.write(
        "\(name)/Package.swift",
        """
        // swift-tools-version: 6.2
        import PackageDescription
        let package = Package(name: "\(name)", dependencies: [\(dependencies)], targets: [\(targets)])
        """)
    }

    private let toolkit = ".package(name: \"WebIO\", path: \"\(checkout)\")"

    @Test(arguments: ["65536", "-1", "8o80", "+80", "99999999999999999999", "٨٠"])
    func aPortThatIsNone(port: String) async throws {
      try await expect(2, says: ["port"], ["dev", ".", "--port=\(port)"])
    }

    @Test func unknownWords() async throws {
      try await expect(2, says: ["devv"], ["devv"])
      try await expect(2, says: ["--prot", "--port"], ["dev", "--prot", "80"])
      try await expect(2, says: ["nowhere"], ["dev", "nowhere"])
    }

    @Test func aPathWithoutAPackage() async throws {
      try directory.write("empty/notes.txt", "nothing here")
      try await expect(2, says: ["empty", "Package.swift"], ["dev", "empty", "--no-open"])
      try await expect(2, says: ["empty", "Package.swift"], ["share", "empty"])
    }

    @Test func twoExecutablesAndNoChoice() async throws {
      let targets = """
        .executableTarget(name: "One", dependencies: [.product(name: "WebIO", package: "WebIO")]),
        .executableTarget(name: "Two", dependencies: [.product(name: "WebIO", package: "WebIO")])
        """
      try write(package: "two", targets: targets, dependencies: toolkit)
      for name in ["One", "Two"] { try directory.write("two/Sources/\(name)/main.swift", "import WebIO\n") }
      try await expect(2, says: ["One", "Two"], ["dev", "two", "--no-open"])
    }

    @Test func aPackageThatDoesNotUseWebIO() async throws {
      try write(package: "other", targets: ".executableTarget(name: \"Other\")")
      try directory.write("other/Sources/Other/main.swift", "print(1)\n")
      try await expect(2, says: ["WebIO"], ["dev", "other", "--no-open"])
    }

    @Test func noToolchain() async throws {
      let project = try await Fixture.shared.project()
      try directory.write("bin/git", "#!/bin/sh\nexit 1\n", mode: 0o755)
      try await expect(
        4, says: ["swift"], ["dev", project.path, "--no-open"], environment: ["PATH": directory.file("bin")])
    }

    @Test func relaysThatAreNone() async throws {
      let python = try await PythonServer()
      let share = ["share", "\(python.port)", "--known-hosts", directory.file("config-hosts")]
      // Nobody listens there.
      let closed = try freePort()
      try await expect(5, says: ["127.0.0.1:\(closed)"], share + ["--via", "ssh://me@127.0.0.1:\(closed)"])
      // Somebody who does not speak SSH.
      try await expect(
        5, says: ["SSH"], share + ["--via", "ssh://me@127.0.0.1:\(python.port)"], within: .seconds(60))
      // No such name (RFC 6761), no such provider, and what is no address at all.
      try await expect(5, says: ["relay.invalid"], share + ["--via", "ssh://me@relay.invalid"], within: .seconds(60))
      try await expect(2, says: ["nobody.run"], share + ["--via", "nobody.run"])
      try await expect(2, says: ["port"], share + ["--via", "ssh://me@127.0.0.1:99999"])
    }

    @Test func aRefusedKey() async throws {
      let server = try await SSHServer()
      let python = try await PythonServer()
      let share = ["share", "\(python.port)", "--via", server.address, "--known-hosts", try server.writeKnownHosts()]
      try await expect(5, says: ["key"], share + ["--identity", server.strangersIdentity])
      try await expect(5, says: ["/nonexistent"], share + ["--identity", "/nonexistent"])
    }

    @Test func nothingToShare() async throws {
      let server = try await SSHServer()
      let closed = try freePort()
      try await expect(
        2, says: ["\(closed)"],
        ["share", "\(closed)x", "--via", server.address, "--identity", server.identity])
    }
  }
}

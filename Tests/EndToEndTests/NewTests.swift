import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `webio new`: a plan, one rename, and one clear sentence where it cannot be.
  @Suite struct NewTests {
    private let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory("webio-new") }

    private func new(_ words: String...) async throws -> (code: Int32, output: String, errors: String) {
      try await WebioCommand.run(["new"] + words, directory: directory.path, settings: directory)
    }

    @Test func writesAProjectAndSaysWhatIsNext() async throws {
      let made = try await new("hello", "my-app")
      #expect(made.code == 0 && made.output.isEmpty, "\(made)")
      #expect(made.errors.contains("cd my-app") && made.errors.contains("webio dev"), "\(made.errors)")
      let files = directory.contents.filter { !$0.contains(".git/") }
      #expect(files.contains("my-app/Sources/main.swift") && files.contains("my-app/.gitignore"), "\(files)")
      let manifest = try readText(directory.file("my-app/Package.swift"))
      #expect(manifest.contains("\"my-app\"") && !manifest.contains("{{"), "\(manifest)")
      let toolkitLines = manifest.split(separator: "\n").filter { $0.contains(".package(name: \"WebIO\"") }
      #expect(toolkitLines.count == 1, "\(manifest)")
    }

    @Test func namesAPublishedVersion() async throws {
      let made = try await new("hello", "app", "--toolkit-url", "https://example.com/WebIO.git@1.2.3", "--no-git")
      #expect(made.code == 0, "\(made)")
      let manifest = try readText(directory.file("app/Package.swift"))
      #expect(manifest.contains(".package(url: \"https://example.com/WebIO.git\", from: \"1.2.3\")"), "\(manifest)")
      #expect(!FileManager.default.fileExists(atPath: directory.file("app/.git")))
    }

    @Test func aDryRunWritesNothing() async throws {
      let planned = try await new("hello", "my-app", "--dry-run", "--json")
      #expect(planned.code == 0)
      let event = try JSON(parsing: planned.output)
      #expect(event["event"] == "plan" && event["files"].items.contains("my-app/Package.swift"), "\(planned.output)")
      #expect(directory.contents == [])
    }

    static let refusals: [(words: [String], says: String)] = [
      (["hello", "full"], "not empty"),
      (["hello", "a-file"], "no directory"),
      (["hello", "nowhere/my-app"], "does not exist"),
      (["hello", "1app"], "begin with a letter"),
      (["hello", "my app"], "letters from a to z"),
      (["hello", "héllo"], "letters from a to z"),
      (["hello", "WebIO"], "project's name"),
      (["hello", "swift"], "project's name"),
      (["hello", String(repeating: "a", count: 65)], "64"),
      (["hello", ""], "has no name"),
      (["flyingfox", "FlyingFox"], "the server's package"),
      (["helo", "my-app"], "hello"),
      (["../hello", "my-app"], "hello"),
      (["hello", "my-app", "more"], "too many"),
      (["hello", "my-app", "--nothing"], "--nothing"),
      (["hello", "my-app", "--toolkit"], "needs a value"),
      (["hello", "my-app", "--toolkit-url", "https://example.com/x.git"], "version"),
    ]

    @Test(arguments: refusals) func refuses(words: [String], says: String) async throws {
      try directory.write("full/notes.txt", "mine")
      try directory.write("a-file", "mine")
      let before = directory.contents
      let refused = try await WebioCommand.run(["new"] + words, directory: directory.path, settings: directory)
      #expect(refused.code == 2, "\(refused)")
      #expect(refused.errors.hasPrefix("webio: ") && refused.errors.contains(says), "\(refused.errors)")
      #expect(directory.contents == before, "something was written")
    }

    @Test func aMissingToolkitIsARequirement() async throws {
      let refused = try await new("hello", "my-app", "--toolkit", "/nonexistent")
      #expect(refused.code == 4 && refused.errors.contains("/nonexistent"), "\(refused)")
      #expect(directory.contents == [])
    }

    /// As on a full disk: nothing half-written stays.
    @Test func aFailureLeavesNothing() async throws {
      let failed = try await Program.run(
        "/bin/sh", ["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" new hello my-app", WebioCommand.path],
        directory: directory.path, environment: WebioCommand.environment(directory))
      #expect(failed.ending == .exited(1), "\(failed)")
      #expect(failed.errors.contains("Nothing was left behind"), "\(failed.errors)")
      #expect(directory.contents == [])
    }
  }

  /// What strangers start from: every template, and README's example.
  @Suite struct TemplateTests {
    @Test(.timeLimit(.minutes(12))) func theyBuildWithoutAWarningAndPassTheirTests() async throws {
      let directory = try TemporaryDirectory("webio-templates")
      let listed = try await WebioCommand.run(["new", "--list", "--json"], settings: directory)
      let names = try listed.output.split(separator: "\n").map { try JSON(parsing: $0)["name"].string ?? "" }
      #expect(names.contains("hello"))
      for name in names {
        let made = try await WebioCommand.run(
          ["new", name, "\(name)-app"], directory: directory.path, settings: directory)
        #expect(made.code == 0, "\(made.errors)")
        // A relay is no app; `RelayTests` runs it.
        if name == "relay" { continue }
        // These are built by `.ci/adapters`: it takes their servers from the network.
        let isAdapter = name == "flyingfox" || name == "hummingbird"
        try await isAdapter
          ? expectStyle(directory.file("\(name)-app")) : expectGood(directory.file("\(name)-app"), directory)
        if isAdapter { continue }
        try await expectTestsPass(directory.file("\(name)-app"), directory)
        if name == "httpserver" { try await expectServes(directory.file("scratch/debug/HttpserverApp")) }
      }

      let readme = try readText("\(checkout)/README.md")
      let blocks = readme.components(separatedBy: "```swift\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
      #expect(blocks.count == 1)
      try directory.write("hello-app/Sources/main.swift", blocks.first ?? "")
      try await expectGood(directory.file("hello-app"), directory)
    }

    /// The program, and not only what its tests start.
    private func expectServes(_ path: String) async throws {
      let port = try freePort()
      let server = try Program(path, ["\(port)"])
      defer { server.killAll() }
      try await eventually("it serves", state: { server.errorText }) { Processes.isListening(port) }
      #expect(try HTTPProbe.get("/apps/", port: port).text.contains("<title>Apps</title>"))
      server.send(SIGTERM)
      #expect(try await server.waitForEnd(within: .seconds(60)) == .exited(0), "\(server.errorText)")
      #expect(server.outputText == "http://localhost:\(port)/\n")
    }

    private func expectTestsPass(_ project: String, _ directory: TemporaryDirectory) async throws {
      let tested = try await Program.run(
        try Program.require("swift"),
        ["test", "--package-path", project, "--scratch-path", directory.file("scratch")], within: .seconds(400))
      #expect(tested.ending == .exited(0), "\(project):\n\(tested.output)\(tested.errors)")
      let said = tested.output + tested.errors
      #expect(said.contains("passed") && !said.contains("Test run with 0 tests in 0 suites"), "\(project):\n\(said)")
      #expect(!said.contains("warning:"), "\(project):\n\(said)")
    }

    /// It builds, silently, and its style is ours.
    private func expectGood(_ project: String, _ directory: TemporaryDirectory) async throws {
      let swift = try Program.require("swift")
      // One scratch path, so that WebIO itself is built once.
      let built = try await Program.run(
        swift, ["build", "--package-path", project, "--scratch-path", directory.file("scratch")], within: .seconds(400))
      #expect(built.ending == .exited(0), "\(project):\n\(built.output)\(built.errors)")
      #expect(!(built.output + built.errors).contains("warning:"), "\(project):\n\(built.output)\(built.errors)")
      try await expectStyle(project)
    }

    private func expectStyle(_ project: String) async throws {
      let style = try await Program.run(
        Program.require("swift"),
        ["format", "lint", "--strict", "--recursive", "--configuration", checkout + "/.swift-format"]
          + ["\(project)/Package.swift", "\(project)/Sources", "\(project)/Tests"])
      #expect(style.ending == .exited(0), "\(project):\n\(style.errors)")
    }
  }
}

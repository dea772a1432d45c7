import Glibc
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIODev

extension LoopTests {
  /// With the real SwiftPM, and a WebIO of one line.
  @EventLoop @Suite struct ProjectTests {
    private static let toolkit = [
      "kit/Package.swift": """
      // swift-tools-version: 6.2
      import PackageDescription
      let package = Package(
        name: "WebIO", products: [.library(name: "WebIO", targets: ["WebIO"])], targets: [.target(name: "WebIO")])
      """,
      "kit/Sources/WebIO/WebIO.swift": "public func putText(_ text: String) { print(text) }\n",
    ]

    private func setting(_ files: [String: String]) throws -> Scratch {
      let scratch = try Scratch()
      for (name, text) in Self.toolkit.merging(files, uniquingKeysWith: { $1 }) { try scratch.write(name, text) }
      return scratch
    }

    private static func manifest(_ targets: String, products: String = "", dependency: String = "../kit") -> String {
      """
      // swift-tools-version: 6.2
      import PackageDescription
      let web: Target.Dependency = .product(name: "WebIO", package: "WebIO")
      let package = Package(
        name: "demo", products: [\(products)], dependencies: [.package(name: "WebIO", path: "\(dependency)")], targets: [\(targets)])
      """
    }

    private func load(
      _ scratch: Scratch, _ path: String = "app", product: String? = nil, environment: [String] = Environment.all
    ) async throws -> Project {
      try await Project.load(
        path.hasPrefix("/") ? path : scratch(path), product: product, toolkit: .path(scratch("kit")),
        environment: environment)
    }

    private func failure(
      _ scratch: Scratch, _ path: String = "app", product: String? = nil, environment: [String] = Environment.all
    ) async -> DevError? {
      do {
        _ = try await load(scratch, path, product: product, environment: environment)
        return nil
      } catch {
        return error as? DevError
      }
    }

    @Test func aPackageIsUnderstoodAndRemembered() async throws {
      let scratch = try setting([
        "app/Package.swift": Self.manifest(
          """
          .executableTarget(name: "demo", dependencies: [web, "Model"], resources: [.copy("files")]),
          .target(name: "Model", path: "Model"), .testTarget(name: "Tests")
          """),
        "app/Sources/demo/main.swift": "import WebIO\n", "app/Model/m.swift": "", "app/Tests/Tests/t.swift": "",
        "app/Sources/demo/files/a.txt": "",
      ])
      let begun = MonotonicTime.now
      let project = try await load(scratch)
      let asked = MonotonicTime.now - begun
      #expect(project.name == "demo" && project.product == "demo")
      #expect(project.directory == scratch("app") && project.scratchPath == scratch("app/.build/webio-dev"))
      for path in ["app/Sources", "app/Model", "kit/Sources"] {
        #expect(project.roots.contains(WatchRoot(scratch(path))))
      }
      for path in ["app", "kit"] { #expect(project.roots.contains(WatchRoot(scratch(path), isRecursive: false))) }
      func kind(_ path: String) -> ChangeKind { project.kind(of: FileChange(path: scratch(path), action: .modified)) }
      #expect(kind("app/Sources/demo/files/a.txt") == .resource)
      #expect(kind("app/Sources/demo/files/look.css") == .resource)
      #expect(kind("app/Resources/words.txt") == .data)
      #expect(kind("app/static/words.txt") == .asset)
      // The app's own, or a reader's.
      for name in ["guests.json", "app.db", "README.md", "Sources/demo/notes.txt"] { #expect(kind("app/\(name)") == .unused) }
      #expect(kind("app/static/a.css") == .asset)
      #expect(kind("app/Package.swift") == .manifest)
      // The same answer, and not the time of several runs of SwiftPM: it was kept.
      let again = MonotonicTime.now
      #expect(try await load(scratch) == project)
      #expect(MonotonicTime.now - again < asked / 3)
    }

    @Test func severalExecutablesNeedAChoice() async throws {
      let two =
        #".executableTarget(name: "one", dependencies: [web]), .executableTarget(name: "two", dependencies: [web])"#
      let tool = #", .executableTarget(name: "tool")"#
      let scratch = try setting([
        "app/Package.swift": Self.manifest(two + tool), "app/Sources/one/main.swift": "",
        "app/Sources/two/main.swift": "",
        "app/Sources/tool/main.swift": "",
      ])
      let error = try #require(await failure(scratch))
      #expect(error.code == .ambiguousExecutable && error.exitCode == 2)
      #expect(error.message == "The package demo has 2 executables: one and two.")
      #expect(error.advice.contains("--product one"))
      #expect(try await load(scratch, product: "two").product == "two")
      #expect(await failure(scratch, product: "three")?.advice == "It has one, two and tool.")
      // A tool that has nothing to do with WebIO is no choice.
      try scratch.write(
        "app/Package.swift", Self.manifest(#".executableTarget(name: "one", dependencies: [web])"# + tool))
      #expect(try await load(scratch).product == "one")
      // A product of another name than its target.
      try scratch.write(
        "app/Package.swift",
        Self.manifest(
          #".executableTarget(name: "one", dependencies: [web])"#,
          products: #".executable(name: "shop", targets: ["one"])"#))
      #expect(try await load(scratch).product == "shop")
    }

    @Test func whatCannotRunIsRefusedInOneSentence() async throws {
      let scratch = try setting([
        "library/Package.swift": Self.manifest(#".target(name: "L")"#), "library/Sources/L/l.swift": "",
        "other/Package.swift": """
        // swift-tools-version: 6.2
        import PackageDescription
        let package = Package(name: "other", targets: [.executableTarget(name: "other")])
        """, "other/Sources/other/main.swift": "", "empty/x.txt": "", "loose/hello.swift": "",
        "outer/Package.swift": "",
        "outer/inner/x.txt": "",
        "broken/Package.swift": "// swift-tools-version: 6.2\nimport PackageDescription\nlet x = y\n",
      ])
      let cases: [(path: String, code: DevError.Code, exit: Int32, words: String)] = [
        ("missing", .pathMissing, 2, "There is no"), ("empty", .notAPackage, 2, "webio new"),
        ("loose", .notAPackage, 2, "hello.swift"), ("outer/inner", .notAPackage, 2, "name \(scratch("outer"))"),
        ("empty/x.txt", .notSwift, 2, "not a Swift file"), ("library", .noExecutable, 2, "no executable"),
        ("other", .notWebIO, 2, "does not depend on WebIO"),
      ]
      for (path, code, exit, words) in cases {
        let error = await failure(scratch, path)
        #expect(error?.code == code, "\(path)")
        #expect(error?.exitCode == exit)
        #expect(error?.description.contains(words) == true, "\(path): \(error?.description ?? "")")
      }
      let missing = await failure(scratch, "library", environment: ["PATH=/nonexistent"])
      #expect(missing?.code == .toolchainMissing && missing?.exitCode == 4)
      do {
        _ = try await load(scratch, "broken")
        Issue.record("a broken manifest was read")
      } catch let error as BrokenManifest {
        #expect(error.diagnostics.first?.place == "Package.swift:3:9")
        #expect(error.asDevError.exitCode == 1 && error.asDevError.message.contains("Package.swift:3:9"))
      }
    }

    @Test func aSingleFileGetsAHiddenPackage() async throws {
      let scratch = try setting([
        "my files/1 hello.swift": "import WebIO\nputText(\"hi\")\n", "my files/other.swift": "broken(",
      ])
      let environment = Environment.with(["XDG_CACHE_HOME": scratch("cache")])
      let file = scratch("my files/1 hello.swift")
      let project = try await load(scratch, "my files/1 hello.swift", environment: environment)
      #expect(project.product.hasPrefix("_1_hello_"))
      #expect(project.directory.hasPrefix(scratch("cache/webio/single/")))
      #expect(project.workingDirectory == scratch("my files"))
      #expect(Array(project.renamed.values) == [file])
      #expect(SourceSnapshot.read(project.roots, in: project.directory, limit: 1 << 20)?.keys.sorted() == [file])
      #expect(!Files.exists(scratch("my files/.build")))
      // It builds, and what is wrong in it is shown where the developer has it.
      let events = Recorder<Builder.Event>()
      let builder = Builder(.swiftBuild(project), package: project.directory, renamed: project.renamed) {
        events.add($0)
      }
      builder.build()
      #expect(await events.wait(.seconds(60)) { _ in !builder.isBuilding })
      guard case .finished(.built(let executable, _)) = events.all.last else {
        Issue.record("\(events.all.suffix(2))")
        return
      }
      #expect(try await shell("'\(executable)'", in: "/") == "hi\n")
      try scratch.write("my files/1 hello.swift", "import WebIO\nputText(hi)\n")
      builder.build()
      #expect(await events.wait(.seconds(60)) { _ in !builder.isBuilding })
      guard case .finished(.failed(let diagnostics, _)) = events.all.last else {
        Issue.record("\(events.all.suffix(2))")
        return
      }
      #expect(diagnostics.first?.place == "\(file):2:9")
      #expect(diagnostics.first?.frame?.contains("2 | putText(hi)") == true)
    }
  }
}

extension LoopTests {
  @EventLoop @Suite struct PortTests {
    @Test func aTakenPortNamesItsHolder() throws {
      let held = try PortPicker(host: "localhost").bind(explicit: 0)
      defer { held.descriptors.forEach { close($0) } }
      #expect(held.descriptors.count == 2, "both kinds of loopback")
      let holder = try #require(PortHolder(port: held.port))
      #expect(holder.processID == getpid())
      let error = #expect(throws: DevError.self) { try PortPicker(host: "localhost").bind(explicit: held.port) }
      #expect(error?.code == .portTaken && error?.exitCode == 3)
      #expect(error?.message == "Port \(held.port) is taken by \(holder).")
      #expect(PortHolder(port: 1) == nil)
    }

    @Test func withoutAWishTheNextFreeOneIsTaken() throws {
      let first = try PortPicker(host: "127.0.0.1").bind(explicit: nil)
      let second = try PortPicker(host: "127.0.0.1").bind(explicit: nil)
      defer { (first.descriptors + second.descriptors).forEach { close($0) } }
      #expect(second.port > first.port)
      #expect(second.taken.contains { $0.port == first.port && $0.holder != nil })
    }

    @Test func whatIsNoAddressIsRefused() {
      #expect(throws: DevError.self) { try PortPicker(host: "example.com").bind(explicit: 0) }
      let foreign = #expect(throws: DevError.self) { try PortPicker(host: "203.0.113.1").bind(explicit: 0) }
      #expect(foreign?.exitCode == 3)
    }
  }
}

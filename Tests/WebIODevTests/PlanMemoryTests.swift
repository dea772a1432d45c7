import Glibc
import Testing
import WebIOPosix

@testable import WebIODev

extension LoopTests {
  /// The first build of a second project takes what the first one has built, as long as that is what it would build itself.
  @EventLoop @Suite struct PlanMemoryTests {
    private let scratch: Scratch

    init() throws {
      scratch = try Scratch()
      try scratch.write(
        "kit/Package.swift",
        """
        // swift-tools-version: 6.2
        import PackageDescription
        let package = Package(
          name: "WebIO", products: [.library(name: "WebIO", targets: ["WebIO"])],
          targets: [.target(name: "WebIO", dependencies: ["Base"]), .target(name: "Base")])
        """)
      try scratch.write("kit/Sources/Base/Base.swift", "public let base = 40\n")
      try scratch.write(
        "kit/Sources/WebIO/WebIO.swift", "import Base\npublic func putText(_ text: String) { print(\"\\(text) \\(base)\") }\n")
    }

    private func project(_ name: String, settings: String = "", sources: [String: String]) async throws -> Project {
      try scratch.write(
        "\(name)/Package.swift",
        """
        // swift-tools-version: 6.2
        import PackageDescription
        let package = Package(
          name: "\(name)", dependencies: [.package(name: "WebIO", path: "../kit")],
          targets: [
            .executableTarget(
              name: "\(name)", dependencies: [.product(name: "WebIO", package: "WebIO")], path: "Sources",
              swiftSettings: [\(settings)])
          ])
        """)
      for (file, text) in sources { try scratch.write("\(name)/Sources/\(file)", text) }
      let environment = Environment.with(["XDG_CACHE_HOME": scratch("cache")])
      return try await Project.load(scratch(name), toolkit: .path(scratch("kit")), environment: environment)
    }

    /// What was written in the second in which a build begins counts as written after that.
    private func nextSecond() async {
      let second = time(nil)
      while time(nil) == second { await Recorder<Int>().settle(.milliseconds(10)) }
    }

    private static let two = [
      "main.swift": "import WebIO\nputText(word())\n", "deep/word.swift": "func word() -> String { \"two\" }\n",
    ]

    @Test func aSecondProjectIsBuiltByTheFirstOnesPlan() async throws {
      await nextSecond()
      let events = Recorder<Builder.Event>()
      let first = try await project("First", sources: ["main.swift": "import WebIO\nputText(\"one\")\n"])
      #expect(PlanMemory(first)?.recall() == nil)
      let builder = Builder(.swiftBuild(first), package: first.directory) { events.add($0) }
      let plans = Recorder<DirectPlan>()
      builder.onPlan = {
        PlanMemory(first)?.keep($0)
        plans.add($0)
      }
      builder.build()
      #expect(await plans.wait(.seconds(120)) { $0.count == 1 })

      let second = try await project("Second", sources: Self.two)
      let lent = try #require(PlanMemory(second)?.recall())
      #expect(!lent.compile.contains { $0.contains("/First/Sources") } && lent.isBorrowed)
      let other = Recorder<Builder.Event>()
      let borrower = Builder(.swiftBuild(second), package: second.directory) { other.add($0) }
      let own = Recorder<DirectPlan>()
      borrower.onPlan = { own.add($0) }
      borrower.borrow(lent)
      func run(_ expected: String) async throws {
        #expect(await other.wait(.seconds(60)) { $0.contains { if case .finished = $0 { true } else { false } } })
        guard case .finished(.built(let executable, _))? = other.all.last else { throw SystemError("\(other.all)") }
        #expect(try await shell("'\(executable)'", in: "/") == "\(expected)\n")
        #expect(!other.all.contains { if case .progress = $0 { true } else { false } }, "SwiftPM was not waited for")
        other.clear()
      }
      try await run("two 40")
      // It needs nothing of the first project's directory any more to run.
      let word = try scratch.write("Second/Sources/deep/word.swift", "func word() -> String { \"three\" }\n")
      borrower.build(contentsOf: [word])
      try await run("three 40")
      // Meanwhile SwiftPM has built it, and the next plan is its own.
      #expect(await own.wait(.seconds(120)) { $0.count == 1 && !$0[0].isBorrowed })
      borrower.build(contentsOf: [word])
      try await run("three 40")
    }

    @Test func whatWouldBeBuiltOtherwiseIsNotLent() async throws {
      await nextSecond()
      let first = try await project("First", sources: ["main.swift": "import WebIO\nputText(\"one\")\n"])
      let builder = Builder(.swiftBuild(first), package: first.directory) { _ in }
      let plans = Recorder<DirectPlan>()
      builder.onPlan = {
        PlanMemory(first)?.keep($0)
        plans.add($0)
      }
      builder.build()
      #expect(await plans.wait(.seconds(120)) { $0.count == 1 })
      func isLent(_ name: String, settings: String = "", _ sources: [String: String] = Self.two) async throws -> Bool {
        let project = try await project(name, settings: settings, sources: sources)
        return PlanMemory(project)?.recall() != nil
      }
      #expect(try await isLent("Plain"))
      #expect(try await !isLent("Flagged", settings: ".define(\"FLAG\")"))
      #expect(try await !isLent("Entry", ["entry.swift": "import WebIO\n@main struct Entry { static func main() {} }\n"]))
      #expect(try await !isLent("Mixed", Self.two.merging(["words.txt": "a"]) { $1 }))
      #expect(try await !isLent("Many", Self.two.merging((0..<12).map { ("f\($0).swift", "") }) { $1 }))
      // A source of a package that is newer than what was built of it.
      try await shell("touch kit/Sources/Base/Base.swift", in: scratch.path)
      #expect(try await !isLent("Later"))
      // Until it is in what was built.
      await nextSecond()
      builder.build()
      #expect(await plans.wait(.seconds(120)) { $0.count == 2 })
      #expect(try await isLent("Again"))
      // The first project is built anew, or gone.
      try await shell("touch First/.build/webio-dev/debug/Base.build/Base.swift.o", in: scratch.path)
      #expect(try await !isLent("Rebuilt"))
      try Files.remove(scratch("First"))
      #expect(try await !isLent("Orphan"))
    }

    /// As one would have it that was made after a good build of `project`, which began in the second `since`.
    private func plan(_ project: Project, since: Int) -> DirectPlan {
      let objects = Path.join(project.scratchPath, "webio-direct/\(project.product)")
      let source = Path.join(project.directory, "Sources/main.swift")
      return DirectPlan(
        sources: [source], compile: ["swift-frontend", "-primary-file", source, "-o", "\(objects)/0.o"],
        link: ["ld.lld", "\(objects)/0.o", "-o", Path.join(project.scratchPath, "debug/\(project.product)")],
        isIncremental: false, directory: objects, copies: [:], executable: nil, since: since, inputs: [:])
    }

    /// Files with old times among them, as `mv`, `cp -p`, `tar` and `git` bring them.
    @Test func anySourceOtherThanItWasIsNoticed() async throws {
      let main = ["main.swift": "import WebIO\nputText(\"one\")\n"]
      try await shell(
        """
        echo 'public let more = 1' > kit/Sources/Base/More.swift; echo 'public let base = 4100' > Other.swift
        find . -type f -exec touch -d '1 hour ago' {} +
        """, in: scratch.path)
      let first = try await project("First", sources: main)
      let second = try await project("Second", sources: main)
      for change in [
        "touch -r kit/Sources/Base/Base.swift before; echo 'public let base = 42' > kit/Sources/Base/Base.swift; "
          + "touch -r before kit/Sources/Base/Base.swift",
        "cp -p Other.swift kit/Sources/Base/Base.swift", "mv Other.swift kit/Sources/Base/Base.swift",
        "rm kit/Sources/Base/More.swift", "cp -p kit/Sources/Base/Base.swift kit/Sources/Base/Added.swift",
        "mv kit/Sources/Base/Added.swift kit/Sources/Base/Renamed.swift",
        "mkdir kit/Sources/Base/deep; mv kit/Sources/Base/Renamed.swift kit/Sources/Base/deep",
        "mv kit/Sources/Base/deep kit/Sources/Base/deeper", "rm -r kit/Sources/Base/deeper",
        "cp -p kit/Package.swift kit/Package@swift-6.2.swift", "cp -rp kit/Sources/Base kit/src",
        "cp -rp kit new; mv kit old; mv new kit", "mv kit newest; ln -s old kit", "rm kit; ln -s newest kit",
      ] {
        PlanMemory(first)?.keep(plan(first, since: time(nil) + 1))
        #expect(PlanMemory(second)?.recall() != nil, "before \(change)")
        try await shell(change, in: scratch.path)
        #expect(PlanMemory(second)?.recall() == nil, "\(change)")
      }
      // What an editor leaves beside a source is none.
      PlanMemory(first)?.keep(plan(first, since: time(nil) + 1))
      try await shell("touch kit/Sources/Base/.Base.swift.swp kit/notes.txt", in: scratch.path)
      #expect(PlanMemory(second)?.recall() != nil)
    }

    @Test func whatChangesDuringABuildIsNotTakenForBuilt() async throws {
      let main = ["main.swift": "import WebIO\nputText(\"one\")\n"]
      let first = try await project("First", sources: main)
      let more = try scratch.write("kit/Sources/Base/More.swift", "public let more = 1\n")
      await nextSecond()
      let since = time(nil)
      try Files.remove(more)
      PlanMemory(first)?.keep(plan(first, since: since))
      #expect(PlanMemory(first)?.recall() == nil)
      PlanMemory(first)?.keep(plan(first, since: time(nil) + 1))
      #expect(PlanMemory(first)?.recall() != nil, "SwiftPM has built it since")
    }

    @Test func whatIsCompiledFromElsewhereIsNotRemembered() async throws {
      let first = try await project("First", sources: ["main.swift": "import WebIO\nputText(\"one\")\n"])
      func isKept(_ lists: [String: String]) throws -> Bool {
        let directory = "First/.build/webio-dev/debug"
        try? Files.remove(scratch("cache"))
        try? Files.remove(scratch(directory))
        for (name, text) in lists { try scratch.write("\(directory)/\(name)", text) }
        PlanMemory(first)?.keep(plan(first, since: time(nil) + 1))
        return PlanMemory(first)?.recall() != nil
      }
      let kit = "'\(scratch("kit/Sources/Base/Base.swift"))'\n"
      let derived = Path.join(first.scratchPath, "triple/debug/Base.build/DerivedSources/accessor.swift")
      #expect(try isKept(["First.build/sources": scratch("First/Sources/main.swift"), "Base.build/sources": kit + derived]))
      #expect(try !isKept(["Base.build/sources": kit + scratch("kit/Elsewhere/a.swift")]))
      #expect(try !isKept(["Far.build/sources": Path.join(first.scratchPath, "checkouts/far/Sources/Far/far.swift")]))
      let rule = "dependencies: \\\n  \(scratch("kit/Sources/Base/Base.swift")) \\\n  /usr/include/string.h"
      #expect(try isKept(["CBase.build/deep/a.c.d": rule]))
      #expect(try !isKept(["CBase.build/deep/a.c.d": "\(rule) \\\n  \(scratch("kit/assets/a.txt"))"]))
      #expect(try isKept(["Planned.build/module.modulemap": ""]))
    }
  }
}

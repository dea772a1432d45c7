import Glibc
import Testing
import WebIOPosix

@testable import WebIODev

extension LoopTests {
  /// A save may be built without SwiftPM, and what runs must be what a clean build makes: of every step of a day's work.
  @EventLoop @Suite struct DirectBuildTests {
    @EventLoop private final class Setting {
      let scratch: Scratch
      let events = Recorder<Builder.Event>()
      let builder: Builder
      let watcher: FileWatcher
      let saves = Recorder<[FileChange]>()

      init(files: [String: String] = [:]) async throws {
        scratch = try Scratch()
        for (name, text) in [
          "kit/Package.swift": """
          // swift-tools-version: 6.2
          import PackageDescription
          let package = Package(
            name: "WebIO", products: [.library(name: "WebIO", targets: ["WebIO"])], targets: [.target(name: "WebIO")])
          """, "kit/Sources/WebIO/WebIO.swift": "public func putText(_ text: String) { print(text) }\n",
          "app/Package.swift": Self.manifest(),
          "app/Sources/app/main.swift": "import WebIO\nputText(\"one \\(part())\")\n",
          "app/Sources/app/part.swift": "func part() -> Int { 1 }\n",
        ].merging(files, uniquingKeysWith: { $1 }) { try scratch.write(name, text) }
        let project = try await Project.load(scratch("app"), toolkit: .path(scratch("kit")))
        let (events, saves) = (events, saves)
        builder = Builder(.swiftBuild(project), package: project.directory) { events.add($0) }
        builder.startsAhead = true
        watcher = FileWatcher(onWarning: { _ in }, onChange: { saves.add($0) })
        watcher.add(project.roots)
        builder.build()
        _ = await finish()
      }

      /// A module of many files has no compiler waiting.
      private var isIncremental: Bool { (try? Files.list(scratch("app/Sources/app")).count > 12) ?? false }

      static func manifest(_ settings: String = "", resources: String = "") -> String {
        """
        // swift-tools-version: 6.2
        import PackageDescription
        let package = Package(
          name: "app", dependencies: [.package(name: "WebIO", path: "../kit")],
          targets: [
            .executableTarget(
              name: "app", dependencies: [.product(name: "WebIO", package: "WebIO")], resources: [\(resources)],
              swiftSettings: [\(settings)])
          ])
        """
      }

      /// The result of the build, once the next direct one is prepared.
      func finish() async -> BuildResult? {
        _ = await events.wait(.seconds(90)) { [builder] _ in !builder.isBuilding }
        for _ in 0..<400 where !(builder.isDirect && (isIncremental || builder.isAhead)) {
          await events.settle(.milliseconds(10))
        }
        return events.all.compactMap { if case .finished(let result) = $0 { result } else { nil } }.last
      }

      /// What the session does with a save, and what the program then prints.
      func save(_ change: () async throws -> Void) async throws -> (isDirect: Bool, output: String) {
        saves.clear()
        events.clear()
        try await change()
        #expect(await saves.wait { !$0.isEmpty })
        await saves.settle(.milliseconds(120))
        let changes = saves.all.flatMap { $0 }
        let wasDirect = builder.isDirect
        if changes.allSatisfy({ $0.action == .modified && $0.kind == .source }) {
          builder.build(contentsOf: changes.map(\.path))
        } else {
          builder.build()
        }
        let result = await finish()
        let hasProgress = events.all.contains { if case .progress = $0 { true } else { false } }
        switch result {
        case .built(let executable, _):
          return (
            wasDirect && !hasProgress,
            try await shell("'\(executable)' 2>&1", in: "/").split(separator: "\n").joined(separator: ",")
          )
        case .failed(let diagnostics, _):
          return (wasDirect && !hasProgress, "failed \(diagnostics.first?.place ?? "")")
        case nil: return (false, "no result")
        }
      }

      func clean() async throws -> String {
        try await shell(
          "cd app && swift build --product app --scratch-path ../clean -q >&2 && ../clean/debug/app", in: scratch.path
        )
        .split(separator: "\n").last.map(String.init) ?? ""
      }
    }

    @Test func neverStale() async throws {
      let setting = try await Setting()
      let scratch = setting.scratch
      #expect(setting.builder.isDirect, "the plan of this toolchain was understood")
      #expect(setting.builder.isAhead, "its compiler can be started ahead")
      func step(_ expected: String, direct: Bool, _ change: () async throws -> Void) async throws {
        let (isDirect, output) = try await setting.save(change)
        #expect(output == expected)
        #expect(isDirect == direct, "\(expected)")
      }
      func write(_ name: String, _ text: String) throws { try scratch.write("app/Sources/app/\(name)", text) }
      let main = "import WebIO\nputText(\"two \\(part())\")\n"
      try await step("two 1", direct: true) { try write("main.swift", main) }
      // An interface between two files of the app.
      try await step("failed Sources/app/main.swift:2:21", direct: true) {
        try write("part.swift", "func part(_ x: Int) -> Int { x }\n")
      }
      try await step("two 7", direct: true) { try write("main.swift", "import WebIO\nputText(\"two \\(part(7))\")\n") }
      try await step("failed Sources/app/main.swift:3:1", direct: true) {
        try write("main.swift", "import WebIO\nputText(7\n")
      }
      try await step("two 1", direct: true) {
        try write("part.swift", "func part() -> Int { 1 }\n")
        try write("main.swift", main)
      }
      // A file more, a file less.
      try await step("two 5", direct: false) {
        try write("more.swift", "let more = 5\n")
        try write("part.swift", "func part() -> Int { more }\n")
      }
      try await step("two 6", direct: true) { try write("more.swift", "let more = 6\n") }
      try await step("failed Sources/app/part.swift:1:22", direct: false) {
        try Files.remove(scratch("app/Sources/app/more.swift"))
      }
      try await step("two 2", direct: false) { try write("part.swift", "func part() -> Int { 2 }\n") }
      // The library: its code, then its interface with the app's use of it.
      try await step("(two 2)", direct: false) {
        try scratch.write(
          "kit/Sources/WebIO/WebIO.swift", "public func putText(_ text: String) { print(\"(\\(text))\") }\n")
      }
      try await step("(new 2)", direct: true) { try write("main.swift", "import WebIO\nputText(\"new \\(part())\")\n") }
      try await step("[x 2]", direct: false) {
        try scratch.write(
          "kit/Sources/WebIO/WebIO.swift", "public func show(_ text: String) { print(\"[\\(text)]\") }\n")
        try write("main.swift", "import WebIO\nshow(\"x \\(part())\")\n")
      }
      try await step("[y 2]", direct: true) { try write("main.swift", "import WebIO\nshow(\"y \\(part())\")\n") }
      // The manifest: a flag that the app's code looks at.
      try await step("[flag]", direct: false) {
        try scratch.write("app/Package.swift", Setting.manifest(".define(\"FLAG\")"))
        try write("main.swift", "import WebIO\n#if FLAG\nshow(\"flag\")\n#else\nshow(\"none\")\n#endif\n")
      }
      try await step("[flag!]", direct: true) {
        try write("main.swift", "import WebIO\n#if FLAG\nshow(\"flag!\")\n#else\nshow(\"none\")\n#endif\n")
      }
      // A source longer than a pipe holds, which a waiting compiler does not get.
      let long = String(repeating: "// \(String(repeating: "x", count: 100))\n", count: 1_000)
      try await step("[long]", direct: true) { try write("main.swift", "\(long)import WebIO\nshow(\"long\")\n") }
      try await step("failed Sources/app/main.swift:3:1", direct: true) { try write("main.swift", "import WebIO\nshow(long\n") }
      try await step("[short]", direct: true) { try write("main.swift", "import WebIO\nshow(\"short\")\n") }
      // A library that was compiled behind our back, by the same plan.
      try scratch.write(
        "kit/Sources/WebIO/WebIO.swift", "public func show(_ text: String) { print(\"<\\(text)>\") }\n")
      let words = setting.builder.command.arguments.map { "'\($0)'" }.joined(separator: " ")
      try await shell("cd app && '\(setting.builder.command.path)' \(words) -q", in: scratch.path)
      #expect(!setting.builder.isDirect)
      setting.saves.clear()
      try await step("<behind>", direct: false) { try write("main.swift", "import WebIO\nshow(\"behind\")\n") }
      try await step("<again>", direct: true) { try write("main.swift", "import WebIO\nshow(\"again\")\n") }
      // Somebody else's hands in the scratch path: another plan makes ours void.
      let other = try await shell(
        "cd app && swift build --product app --scratch-path .build/webio-dev -Xswiftc -DOTHER -q", in: scratch.path)
      #expect(!setting.builder.isDirect, "\(other)")
      try await step("<after>", direct: false) { try write("main.swift", "import WebIO\nshow(\"after\")\n") }
      #expect(try await setting.clean() == "<after>")
      setting.watcher.stop()
    }

    /// Its driver compiles what has changed and what depends on it.
    @Test func aModuleOfManyFilesIsNeverStale() async throws {
      var files: [String: String] = [:]
      for index in 0..<14 { files["app/Sources/app/f\(index).swift"] = "func f\(index)() -> Int { part() + \(index) }\n" }
      let sum = (0..<14).map { "f\($0)()" }.joined(separator: " + ")
      files["app/Sources/app/main.swift"] = "import WebIO\nlet sum: Int = \(sum)\nputText(\"one \\(sum)\")\n"
      let setting = try await Setting(files: files)
      #expect(setting.builder.isDirect)
      func step(_ expected: String, _ name: String, _ text: String) async throws {
        let (isDirect, output) = try await setting.save { try setting.scratch.write("app/Sources/app/\(name)", text) }
        #expect(output.hasPrefix(expected), "\(output)")
        #expect(isDirect, "\(expected)")
      }
      try await step("one 119", "part.swift", "func part() -> Int { 2 }\n")
      // Within the second of the last save, which is what the driver compares.
      try await step("one 133", "part.swift", "func part() -> Int { 3 }\n")
      try await step("one 134", "f0.swift", "func f0() -> Int { part() + 1 }\n")
      // Each file that uses it is compiled again: an integer literal becomes another type's.
      try await step("failed Sources/app/f", "part.swift", "func part() -> Double { 3.5 }\n")
      try await step("one 134", "part.swift", "func part() -> Int { 3 }\n")
      try await step("one 78", "part.swift", "func part() -> Int { base }\nlet base = -1\n")
      try await step("one 92", "part.swift", "func part() -> Int { base }\nlet base = 0\n")
      try await step("one 1", "f13.swift", "func f13() -> Int { -78 }\n")
      #expect(try await setting.clean() == "one 1")
      setting.watcher.stop()
    }

    /// Nothing is compiled for it; what SwiftPM does more than copy is left to SwiftPM.
    @Test func aResourceIsCopiedToWhereTheAppFindsIt() async throws {
      let setting = try await Setting(files: [
        "app/Package.swift": Setting.manifest(resources: #".process("Words"), .copy("Raw"), .embedInCode("inside.txt")"#),
        "app/Sources/app/Words/word.txt": "one", "app/Sources/app/Raw/deep/raw.txt": "one",
        "app/Sources/app/inside.txt": "one",
      ])
      let scratch = setting.scratch
      let bundle = scratch("app/.build/webio-dev/debug/app_app.resources")
      func save(_ name: String) throws -> String { try scratch.write("app/Sources/app/\(name)", "two") }
      let copied = try [save("Words/word.txt"), save("Raw/deep/raw.txt")]
      #expect(setting.builder.copy(copied))
      #expect(try Files.readText("\(bundle)/word.txt") == "two" && Files.readText("\(bundle)/Raw/deep/raw.txt") == "two")
      #expect(try !setting.builder.copy([save("inside.txt")]), "it is code")
      #expect(try !setting.builder.copy([save("Raw/new.txt")]), "the plan does not know it")
      setting.builder.build()
      #expect(!setting.builder.copy(copied), "a build is under way")
      _ = await setting.finish()
      #expect(try Files.readText("\(bundle)/Raw/new.txt") == "two")
      setting.watcher.stop()
    }

    @Test func aSwitchedBranchIsBuiltWhole() async throws {
      let setting = try await Setting()
      let git = "git -c user.email=a@b -c user.name=a -c init.defaultBranch=main"
      try await shell(
        """
        cd app && printf '.build\\n' > .gitignore && \(git) init -q && \(git) add . && \(git) commit -qm one
        \(git) checkout -qb other && printf 'func part() -> Int { 42 }\\n' > Sources/app/part.swift
        printf 'let extra = 1\\n' > Sources/app/extra.swift && \(git) add . && \(git) commit -qm two && \(git) checkout -q main
        """, in: setting.scratch.path)
      await setting.saves.settle(.milliseconds(400))
      for (branch, expected) in [("other", "one 42"), ("main", "one 1"), ("other", "one 42")] {
        let (_, output) = try await setting.save {
          try await shell("cd app && git checkout -q \(branch)", in: setting.scratch.path)
        }
        #expect(output == expected)
        #expect(try await setting.clean() == expected)
      }
      setting.watcher.stop()
    }
  }

  @Suite struct ShellWordsTests {
    @Test func quotesAreTaken() {
      #expect(ShellWords.split(#"a 'b c' "d \"e" f\ g '' h"#) == ["a", "b c", "d \"e", "f g", "", "h"])
      #expect(ShellWords.split("  ") == [])
      #expect(ShellWords.split("a 'b") == nil)
    }
  }
}

import Glibc
import Testing
import WebIOPosix

@testable import WebIODev

extension LoopTests {
  /// Each scenario runs on inotify and by polling: what is seen must be the same.
  @EventLoop @Suite struct FileWatcherTests {
    @EventLoop private final class Setting {
      let scratch: Scratch
      let saves = Recorder<[FileChange]>()
      let warnings = Recorder<String>()
      let watcher: FileWatcher

      init(_ mode: FileWatcher.Mode = .automatic, limit: Int = .max, files: [String: String]) throws {
        scratch = try Scratch()
        for (name, text) in files { try scratch.write(name, text) }
        let (saves, warnings) = (saves, warnings)
        watcher = FileWatcher(
          mode: mode, watchLimit: limit, onWarning: { warnings.add($0) }, onChange: { saves.add($0) })
        watcher.add([WatchRoot(scratch.path, isRecursive: false), WatchRoot(scratch("Sources"))])
      }

      /// `Sources/a.swift modified` for each change so far.
      var seen: [String] {
        saves.all.flatMap { $0 }.map { "\($0.path.dropFirst(scratch.path.utf8.count + 1)) \($0.action)" }
      }

      func wait(for change: String, times: Int = 1) async -> Bool {
        await saves.wait { [self] _ in seen.filter { $0 == change }.count >= times }
      }
    }

    nonisolated static let modes: [FileWatcher.Mode] = [.automatic, .poll(every: .milliseconds(15))]
    nonisolated private static let main = ["Package.swift": "1", "Sources/App/main.swift": "one"]

    @Test(
      arguments: modes,
      [
        "printf two > Sources/App/main.swift",
        // sed -i: a new file renamed over the old one.
        "sed -i s/one/two/ Sources/App/main.swift",
        // vim: a probe, the old file moved to a backup, a new one, the backup deleted.
        """
        cd Sources/App; : > 4913; rm 4913; : > .main.swift.swp; mv main.swift main.swift~; printf two > main.swift
        rm main.swift~ .main.swift.swp
        """,
        // VS Code: emptied first, written a moment later.
        ": > Sources/App/main.swift; sleep 0.02; printf two > Sources/App/main.swift",
        // Emacs and others: a lock link, a temporary file, rename.
        "cd Sources/App; ln -s me@host .#main.swift; printf two > .new; mv .new main.swift; rm .#main.swift",
        // A hard link put in its place.
        "cd Sources/App; printf two > ../../.x; ln -f ../../.x main.swift",
      ])
    func editorsSaves(mode: FileWatcher.Mode, script: String) async throws {
      let setting = try Setting(mode, files: Self.main)
      defer { setting.watcher.stop() }
      try await shell(script, in: setting.scratch.path)
      #expect(await setting.wait(for: "Sources/App/main.swift modified"))
      await setting.saves.settle(.milliseconds(120))
      #expect(setting.seen == ["Sources/App/main.swift modified"])
    }

    @Test func noSaveOfAHundredIsMissed() async throws {
      let setting = try Setting(files: Self.main)
      defer { setting.watcher.stop() }
      for index in 0..<100 {
        if index.isMultiple(of: 2) {
          try await shell("sed -i 's/.*/v\(index)/' main.swift", in: setting.scratch("Sources/App"))
        } else {
          try setting.scratch.write("Sources/App/main.swift", "v\(index)")
        }
        #expect(await setting.saves.wait { $0.count == index + 1 }, "save \(index)")
      }
    }

    @Test(arguments: modes) func touchingIsNoChange(mode: FileWatcher.Mode) async throws {
      let setting = try Setting(mode, files: Self.main)
      defer { setting.watcher.stop() }
      try await shell(
        "touch Sources/App/main.swift; printf one > Sources/App/main.swift; chmod 600 Package.swift; : > Sources/x.swp",
        in: setting.scratch.path)
      await setting.saves.settle(.milliseconds(150))
      #expect(setting.seen == [])
    }

    @Test(arguments: modes) func aRevertIsAChange(mode: FileWatcher.Mode) async throws {
      let setting = try Setting(mode, files: Self.main)
      defer { setting.watcher.stop() }
      try setting.scratch.write("Sources/App/main.swift", "two")
      #expect(await setting.saves.wait { $0.count == 1 })
      try setting.scratch.write("Sources/App/main.swift", "one")
      #expect(await setting.saves.wait { $0.count == 2 })
    }

    @Test(arguments: modes) func newDirectoriesAreFollowedAtOnce(mode: FileWatcher.Mode) async throws {
      let setting = try Setting(mode, files: Self.main)
      defer { setting.watcher.stop() }
      for index in 0..<20 {
        // The file is there before anyone can have seen the directory.
        try await shell(
          "mkdir -p Sources/N\(index)/deep/er && printf x > Sources/N\(index)/deep/er/f.swift", in: setting.scratch.path
        )
        #expect(await setting.wait(for: "Sources/N\(index)/deep/er/f.swift added"))
      }
      try setting.scratch.write("Sources/N0/deep/er/f.swift", "y")
      #expect(await setting.wait(for: "Sources/N0/deep/er/f.swift modified"))
      try await shell("mv Sources/N1 Sources/M1; rm -r Sources/N2", in: setting.scratch.path)
      for change in ["N1/deep/er/f.swift removed", "M1/deep/er/f.swift added", "N2/deep/er/f.swift removed"] {
        #expect(await setting.wait(for: "Sources/\(change)"))
      }
      try setting.scratch.write("Sources/M1/deep/er/f.swift", "z")
      #expect(await setting.wait(for: "Sources/M1/deep/er/f.swift modified"))
    }

    @Test(arguments: modes) func aRenameWithinIsOneSave(mode: FileWatcher.Mode) async throws {
      let setting = try Setting(mode, files: Self.main)
      defer { setting.watcher.stop() }
      try await shell("mv Sources/App/main.swift Sources/App/other.swift", in: setting.scratch.path)
      #expect(await setting.wait(for: "Sources/App/other.swift added"))
      #expect(setting.saves.all.count == 1)
      #expect(setting.seen == ["Sources/App/main.swift removed", "Sources/App/other.swift added"])
    }

    @Test func aCheckoutOf500FilesIsOneSave() async throws {
      var files = Self.main
      for index in 0..<500 { files["Sources/App/D\(index % 20)/F\(index).swift"] = "a" }
      let setting = try Setting(files: files)
      defer { setting.watcher.stop() }
      try await shell(
        """
        export GIT_CONFIG_GLOBAL=/dev/null HOME=/nonexistent; git init -q . && git config user.email a@b && git config user.name a
        git add . && git commit -qm a && git checkout -qb other
        for f in Sources/App/D*/*.swift; do printf b > $f; done; git commit -qam b
        """, in: setting.scratch.path)
      await setting.saves.settle(.milliseconds(400))
      setting.saves.clear()
      try await shell("git checkout -q -", in: setting.scratch.path)
      #expect(await setting.saves.wait { $0.flatMap { $0 }.count == 500 })
      #expect(setting.saves.all.count == 1)
    }

    @Test func aFullQueueMeansLookingAgain() async throws {
      let setting = try Setting(files: Self.main)
      defer { setting.watcher.stop() }
      // More notes than fs.inotify.max_queued_events (16,384) while the loop is not listening.
      let scratch = setting.scratch
      for index in 0..<9_000 { try scratch.write("Sources/App/main.swift", "v\(index)") }
      try scratch.write("Sources/App/last.swift", "x")
      #expect(await setting.wait(for: "Sources/App/last.swift added"))
      #expect(await setting.wait(for: "Sources/App/main.swift modified"))
    }

    @Test func withoutWatchesItPollsAndSaysWhy() async throws {
      let setting = try Setting(
        limit: 2, files: ["Package.swift": "1", "Sources/A/a.swift": "a", "Sources/B/b.swift": "b"])
      defer { setting.watcher.stop() }
      #expect(setting.watcher.isPolling)
      #expect(setting.warnings.all.count == 1)
      #expect(setting.warnings.all[0].contains("sysctl fs.inotify.max_user_watches"))
      try setting.scratch.write("Sources/B/b.swift", "c")
      #expect(await setting.wait(for: "Sources/B/b.swift modified"))
    }

    @Test func aRootThatIsReplacedIsFollowed() async throws {
      let setting = try Setting(files: Self.main)
      defer { setting.watcher.stop() }
      try await shell(
        "mv Sources Old && mkdir -p Sources/App && printf two > Sources/App/main.swift", in: setting.scratch.path)
      #expect(await setting.wait(for: "Sources/App/main.swift modified"))
      try setting.scratch.write("Sources/App/main.swift", "three")
      #expect(await setting.wait(for: "Sources/App/main.swift modified", times: 2))
    }

    @Test func onlyFilesOfAFlatRootCount() async throws {
      let setting = try Setting(files: Self.main)
      defer { setting.watcher.stop() }
      try await shell(
        "mkdir -p data .build && printf x > data/x.swift && printf x > .build/y.swift", in: setting.scratch.path)
      try setting.scratch.write("Package.swift", "2")
      #expect(await setting.wait(for: "Package.swift modified"))
      #expect(setting.seen == ["Package.swift modified"])
      #expect(setting.saves.all[0][0].kind == .manifest)
    }
  }
}

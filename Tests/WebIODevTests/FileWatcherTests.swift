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

      init(
        _ mode: FileWatcher.Mode = .automatic, limit: Int = .max, debouncer: Debouncer = Debouncer(),
        remote: String? = nil, files: [String: String]
      ) throws {
        scratch = try Scratch()
        for (name, text) in files { try scratch.write(name, text) }
        let (saves, warnings) = (saves, warnings)
        let remotePath = remote.map { [scratch] in scratch($0) }
        watcher = FileWatcher(
          mode: mode, watchLimit: limit, debouncer: debouncer, remoteName: { $0 == remotePath ? "NFS" : nil },
          onWarning: { warnings.add($0) }, onChange: { saves.add($0) })
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

    /// However long it takes: git's lock says when it is over.
    @Test func aCheckoutOf500FilesIsOneSave() async throws {
      var files = Self.main
      for index in 0..<500 { files["Sources/App/D\(index % 20)/F\(index).swift"] = "a" }
      var debouncer = Debouncer()
      debouncer.longestCheckout = .seconds(600)
      let setting = try Setting(debouncer: debouncer, files: files)
      defer { setting.watcher.stop() }
      let git = "git -c user.email=a@b -c user.name=a"
      try await shell(
        """
        export GIT_CONFIG_GLOBAL=/dev/null HOME=/nonexistent; git init -q . && \(git) add . && \(git) commit -qm a && git checkout -qb other
        for f in Sources/App/D*/*.swift; do printf b > $f; done; \(git) commit -qam b
        """, in: setting.scratch.path)
      #expect(await setting.saves.wait { $0.flatMap { $0 }.count >= 500 })
      await setting.saves.settle(.milliseconds(400))
      setting.saves.clear()
      try await shell("GIT_CONFIG_GLOBAL=/dev/null git checkout -q -", in: setting.scratch.path)
      #expect(await setting.saves.wait(.seconds(90)) { $0.flatMap { $0 }.count == 500 })
      #expect(setting.saves.all.count == 1)
    }

    /// A git that is slow between two files: what it has written so far is no save.
    @Test func aHalfDoneCheckoutWaits() async throws {
      let setting = try Setting(files: Self.main)
      defer { setting.watcher.stop() }
      try await shell("mkdir .git && : > .git/index.lock", in: setting.scratch.path)
      setting.watcher.add([WatchRoot(setting.scratch("."), isRecursive: false)])
      try setting.scratch.write("Sources/App/main.swift", "two")
      await setting.saves.settle(.milliseconds(300))
      #expect(setting.saves.all.isEmpty)
      try setting.scratch.write("Sources/App/more.swift", "two")
      try await shell("rm .git/index.lock", in: setting.scratch.path)
      #expect(await setting.wait(for: "Sources/App/more.swift added"))
      #expect(setting.saves.all.count == 1)
      // The lock of a git that was killed stops nobody.
      try await shell("touch -d '2 minutes ago' .git/index.lock", in: setting.scratch.path)
      try setting.scratch.write("Sources/App/main.swift", "three")
      #expect(await setting.saves.wait { $0.count == 2 })
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

    /// What another machine changes there is not told by the kernel.
    @Test(arguments: ["Sources", "Sources/B"]) func onANetworkItPollsAndSaysSoOnce(mount: String) async throws {
      let setting = try Setting(
        remote: mount, files: ["Package.swift": "1", "Sources/A/a.swift": "a", "Sources/B/b.swift": "b"])
      defer { setting.watcher.stop() }
      #expect(setting.watcher.isPolling)
      setting.watcher.add([WatchRoot(setting.scratch(mount))])
      #expect(setting.warnings.all.count == 1)
      #expect(
        setting.warnings.all[0].contains("every 500 ms, because \(setting.scratch(mount)) is on NFS"), "\(setting.warnings.all)"
      )
      try setting.scratch.write("Sources/B/b.swift", "c")
      #expect(await setting.wait(for: "Sources/B/b.swift modified"))
      try setting.scratch.write("Sources/A/a.swift", "c")
      #expect(await setting.wait(for: "Sources/A/a.swift modified"))
    }

    @Test func fileSystemsOfOthersAreKnownByTheirNumber() {
      // From statfs(2) and linux/magic.h; the negative ones come sign-extended.
      for (magic, name) in [
        (0x6969, "NFS"), (0x517b, "SMB"), (0xff53_4d42, "SMB"), (0xfe53_4d42, "SMB"), (0x0102_1997, "9p"),
        (0x6573_5546, "FUSE"), (0x5346_4846, "WSL's drvfs"),
      ] as [(UInt32, String)] { #expect(FileSystem.remoteName(magic: magic) == name) }
      // ext4, tmpfs, overlayfs, btrfs, XFS
      for magic: UInt32 in [0xef53, 0x0102_1994, 0x794c_7630, 0x9123_683e, 0x5846_5342] {
        #expect(FileSystem.remoteName(magic: magic) == nil)
      }
      #expect(FileSystem.remoteName(of: "/proc") == nil)
      #expect(FileSystem.remoteName(of: "/no/such/place") == nil)
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

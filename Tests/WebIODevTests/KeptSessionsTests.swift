import Testing
import WebIOPosix

@testable import WebIODev

extension LoopTests {
  @EventLoop @Suite struct KeptSessionsTests {
    private let scratch: Scratch
    private let kept: KeptSessions

    init() throws {
      scratch = try Scratch()
      try scratch.write("Sources/a.swift", "putText(\"one of a\")\n")
      try scratch.write("Sources/b.swift", "putText(\"one of b\")\n")
      kept = KeptSessions(in: scratch.path) { _ in }
      build()
      kept.hasSwapped()
    }

    private func build() {
      kept.buildStarts([WatchRoot(scratch("Sources"))])
      kept.hasBuilt()
    }

    private func save(_ name: String, _ text: String) throws -> [String]? {
      kept.preview(saved: [try scratch.write("Sources/\(name)", text)])?.map { "\($0.old[0]) > \($0.new[0])" }
    }

    @Test func aSecondFileLeavesTheFirstOnesPreview() throws {
      #expect(try save("a.swift", "putText(\"two of a\")\n") == ["one of a > two of a"])
      kept.buildStarts([WatchRoot(scratch("Sources"))])
      #expect(try save("b.swift", "putText(\"two of b\")\n") == ["one of a > two of a", "one of b > two of b"])
      // Code in the one says nothing about the texts of the other.
      #expect(try save("b.swift", "show(\"two of b\")\n") == ["one of a > two of a"])
      #expect(try save("a.swift", "putText(\"one of a\")\n") == [])
      #expect(try save("a.swift", "show(\"one of a\")\n") == nil)
    }

    /// A save while the app of the build before it starts: what serves then is older than what is being built.
    @Test func aPreviewIsMeasuredAgainstWhatServes() throws {
      #expect(try save("a.swift", "putText(\"two of a\")\n") == ["one of a > two of a"])
      build()
      #expect(try save("a.swift", "putText(\"three of a\")\n") == ["one of a > three of a"])
      kept.buildStarts([WatchRoot(scratch("Sources"))])
      kept.hasSwapped()
      #expect(try save("b.swift", "putText(\"two of b\")\n") == ["two of a > three of a", "one of b > two of b"])
      kept.hasBuilt()
      kept.hasSwapped()
      #expect(
        try save("b.swift", "putText(\"three of b\")\n") == ["one of b > three of b"], "it was saved after that build began")
    }

    @Test func aFailedBuildTakesThePreviewBackAndTheNextSaveShowsItAgain() throws {
      #expect(!kept.dropPreview())
      #expect(try save("a.swift", "putText(\"two of a\")\n") != nil)
      #expect(kept.dropPreview())
      #expect(!kept.dropPreview())
      #expect(try save("b.swift", "putText(\"two of b\")\n") == ["one of a > two of a", "one of b > two of b"])
    }
  }
}

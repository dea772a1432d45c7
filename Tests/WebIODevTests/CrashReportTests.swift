import Testing
import WebIOPosix

@testable import WebIODev

@Suite struct CrashReportTests {
  /// As the runtime of Swift 6.3 prints it.
  private func log(_ path: String) -> [String] {
    """
    an app's own line: Fatal errors are bad
    Swift/ContiguousArrayBuffer.swift:692: Fatal error: Index out of range

    *** Signal 4: Backtracing from 0x7f0eca16df7f... done ***

    *** Program crashed: Illegal instruction at 0x00007f0eca16df7f ***

    Platform: x86_64 Linux (Debian GNU/Linux 12 (bookworm))

    Thread 1 "oot.default-qos" crashed:

      0                  0x00007f0eca16df7f closure #1 in closure #1 in _assertionFailure(_:_:file:line:flags:) + 623 in libswiftCore.so
      2 [ra]             0x00007f0eca187e7d Array.subscript.getter + 124 in libswiftCore.so
      3 [ra]             0x000056427624ed3b pick(_:_:) + 58 in bt at \(path)/Sources/main.swift:3:15
      4 [ra]             0x000056427624ec40 static Int.+ infix(_:_:) + 127 in bt at \(path)/Sources/main.swift:1:9
      5 [async] [system] 0x000056427624e870 async_MainTQ0_ in bt at //<compiler-generated>
      6 [ra] [system]    0x000055cfabf3c0f5 main + 100 in bt at \(path)/Sources/main.swift
      7 [ra]             0x000055cfabf3c0f5 Session.run() + 1 in bt at /toolkit/Sources/WebIO/Session.swift:9:1
    ...

    Backtrace took 0.01s
    """.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test func onlyTheProjectsPlacesAreLeft() throws {
    let scratch = try Scratch()
    try scratch.write("Sources/main.swift", "one\ntwo\n  return items[n]\n")
    let report = try #require(CrashReport(log(scratch.path), package: scratch.path))
    #expect(report.message == "Fatal error: Index out of range")
    #expect(report.diagnostics.map(\.place) == ["Sources/main.swift:3:15", "Sources/main.swift:1:9"])
    #expect(report.diagnostics.map(\.severity) == [.error, .note])
    #expect(
      report.diagnostics.map(\.message) == ["Fatal error: Index out of range", "called from static Int.+ infix(_:_:)"])
    #expect(report.diagnostics[0].frame?.contains("3 |   return items[n]") == true)
  }

  @Test func aPlaceIsRelativeWhateverTheDirectoryIsCalled() throws {
    let report = try #require(CrashReport(log("/srv/jürgen/app"), package: "/srv/jürgen/app"))
    #expect(report.diagnostics.map(\.place) == ["Sources/main.swift:3:15", "Sources/main.swift:1:9"])
  }

  @Test func aSingleFileIsNamedAsTheDeveloperKnowsIt() throws {
    let file = "/cache/single/Sources/main.swift"
    let report = try #require(CrashReport(log("/cache/single"), package: "/elsewhere", renamed: [file: "/home/a.swift"]))
    #expect(report.diagnostics.first?.place == "/home/a.swift:3:15")
  }

  @Test func withoutPlacesThereIsTheMessage() throws {
    let mark = ["*** Program crashed: Bad pointer dereference at 0x0000000000000010 ***"]
    let report = try #require(CrashReport(mark, package: "/p"))
    #expect(report.diagnostics.map(\.message) == ["Bad pointer dereference at 0x0000000000000010"])
    #expect(CrashReport(["hello", "Fatal errors are bad", "not a Fatal error: x"], package: "/p") == nil)
    #expect(CrashReport([], package: "/p") == nil)
  }

  @Test(arguments: [
    "", "x", "0 0x", "  0 0x00 f + 1 in a at /p", "  0 0x00 f in a at /p:1:2", "0 0x00  +  at /:0", "1 0x 0x + at /:9",
    "0 f + 1 in a at /p 0x2 g:3:15",
    "  3 [ra] 0x00 f + 58 in bt at /p:99999999999999999999",
  ])
  func linesThatAreNoFrames(line: String) {
    #expect(CrashReport.frame(line) == nil)
  }
}

import Testing
import WebIOPosix

@testable import WebIODev

/// The samples are what Swift 6.3.1 printed for such sources.
@Suite struct DiagnosticsParserTests {
  private func parse(_ log: String, package: String = "/p") -> [String] {
    DiagnosticsParser.parse(
      log.split(separator: "\n", omittingEmptySubsequences: false).map(String.init), package: package
    )
    .map { "\($0.place ?? "-") \($0.severity): \($0.message)" }
  }

  @Test(arguments: [
    (
      "/p/Sources/App/main.swift:3:1: error: cannot find 'foo' in scope",
      "Sources/App/main.swift:3:1 error: cannot find 'foo' in scope"
    ),
    (
      "/p/a b/ü.swift:12:20: warning: 'a()' is deprecated: use b [#DeprecatedDeclaration]",
      "a b/ü.swift:12:20 warning: 'a()' is deprecated: use b"
    ),
    (
      "/p/main.swift:2:8: error: custom: with colon 3:4: error: x",
      "main.swift:2:8 error: custom: with colon 3:4: error: x"
    ),
    ("/p/main.swift:2:8: warning: foo: error: bar", "main.swift:2:8 warning: foo: error: bar"),
    ("/p/c.c:7: error: old style", "c.c:7 error: old style"),
    ("/other/x.swift:1:1: error: elsewhere", "/other/x.swift:1:1 error: elsewhere"),
    ("/p/.build/checkouts/x.swift:1:1: error: a package's", "/p/.build/checkouts/x.swift:1:1 error: a package's"),
    (
      "error: 'app': unknown package 'X' in dependencies of target 'App'",
      "- error: unknown package 'X' in dependencies of target 'App'"
    ),
    ("error: no such module 'Nope'", "- error: no such module 'Nope'"),
    ("ld.lld: error: undefined symbol: missing_symbol", "- error: undefined symbol: missing_symbol"),
    ("<unknown>:0: error: unable to load standard library", "- error: unable to load standard library"),
    ("main.swift:(.text+0x5): undefined reference to `f'", "- error: undefined reference to `f'"),
  ]) func aLine(line: String, expected: String) {
    #expect(parse(line) == [expected])
  }

  @Test(arguments: [
    "", "Building for debugging...", "[3/6] Compiling App main.swift", "let x = 1 // error: none",
    "  |  `- error: in a frame",
    "3 |  foo() // error: x", "Build of product 'App' complete! (0.83s)", "error: ExitCode(rawValue: 1)",
    "error: fatalError",
    "clang: error: linker command failed with exit code 1 (use -v to see invocation)",
    "error: emit-module command failed with exit code 1 (use -v to see invocation)",
    ">>> referenced by main.swift:3 (/p/main.swift:3)",
    ">>> defined in x", "relative path.swift:1:1: error: x",
  ]) func otherLinesAreNone(line: String) {
    #expect(parse(line) == [])
  }

  @Test func aFailedBuildOfOneModule() {
    let log = """
      [0/1] Planning build
      Building for debugging...
      error: emit-module command failed with exit code 1 (use -v to see invocation)
      [3/7] Emitting module App
      /p/Sources/App/main.swift:4:1: warning: 'a()' is deprecated: use b [#DeprecatedDeclaration]
      a()
      ^
      /p/Sources/App/main.swift:7:8: error: type 'S' does not conform to protocol 'P'
      struct S: P {}
             ^
      /p/Sources/App/main.swift:6:19: note: protocol requires function 'q()' with type '() -> ()'
      protocol P { func q() }
                        ^
      [4/7] Compiling App main.swift
      /p/Sources/App/main.swift:4:1: warning: 'a()' is deprecated: use b [#DeprecatedDeclaration]
      /p/Sources/App/main.swift:7:8: error: type 'S' does not conform to protocol 'P'
      /p/Sources/App/main.swift:6:19: note: protocol requires function 'q()' with type '() -> ()'
      /p/Sources/App/main.swift:5:39: error: cannot convert value of type 'String' to expected argument type 'Int'
      /kit/Sources/WebIO/x.swift:1:1: error: in the toolkit
      """
    #expect(
      parse(log) == [
        "Sources/App/main.swift:7:8 error: type 'S' does not conform to protocol 'P'",
        "Sources/App/main.swift:6:19 note: protocol requires function 'q()' with type '() -> ()'",
        "Sources/App/main.swift:5:39 error: cannot convert value of type 'String' to expected argument type 'Int'",
        "/kit/Sources/WebIO/x.swift:1:1 error: in the toolkit",
        "Sources/App/main.swift:4:1 warning: 'a()' is deprecated: use b",
      ])
  }

  @Test func aFailedLink() {
    let log = """
      error: link command failed with exit code 1 (use -v to see invocation)
      ld.lld: error: undefined symbol: missing_symbol
      >>> referenced by main.swift:3 (/p/Sources/App/main.swift:3)
      >>>               /p/.build/webio-dev/debug/App.build/main.swift.o:(App_main)
      clang: error: linker command failed with exit code 1 (use -v to see invocation)
      """
    #expect(parse(log) == ["Sources/App/main.swift:3 error: undefined symbol: missing_symbol"])
  }

  @Test func aBrokenManifest() {
    let log = """
      error: 'app': Invalid manifest (compiled with: ["/usr/bin/swiftc", "-vfsoverlay"])
      /p/Package.swift:3:15: error: no exact matches in call to initializer 
      1 | // swift-tools-version: 6.2
      3 | let package = Package(nme: "App")
        |               `- error: no exact matches in call to initializer 
      error: ExitCode(rawValue: 1)
      """
    #expect(parse(log) == ["Package.swift:3:15 error: no exact matches in call to initializer "])
  }

  @Test func framesComeFromTheSource() throws {
    let scratch = try Scratch()
    let file = try scratch.write(
      "Sources/main.swift", "one\ntwo\nlet é = \"ü\"; bad(é)\n\tfoo(1)\nfive\r\nsix\nseven\n")
    func frame(_ line: Int, _ column: Int) -> String? {
      DiagnosticsParser.parse(["\(file):\(line):\(column): error: x"], package: scratch.path).first?.frame
    }
    // Columns are bytes: é and ü are two each, and one blank each.
    #expect(
      frame(3, 20) == """
        1 | one
        2 | two
        3 | let é = "ü"; bad(é)
          |                  ^
        4 | \tfoo(1)
        5 | five
        """)
    #expect(frame(4, 2)?.contains("4 | \tfoo(1)\n  | \t^\n") == true)
    #expect(frame(1, 1) == "1 | one\n  | ^\n2 | two\n3 | let é = \"ü\"; bad(é)")
    #expect(frame(99, 1) == nil)
  }

  @Test func aSingleFileIsNamedAsTheDeveloperKnowsIt() {
    let found = DiagnosticsParser.parse(
      ["/cache/x/Sources/hello.swift:1:2: error: e"], package: "/cache/x",
      renamed: ["/cache/x/Sources/hello.swift": "/home/me/hello.swift"])
    #expect(found.first?.place == "/home/me/hello.swift:1:2")
  }

  @Test func progressLines() throws {
    let progress = try #require(BuildProgress("[12/48] Compiling App main.swift"))
    #expect(progress.step == 12 && progress.total == 48 && progress.action == "Compiling App main.swift")
    for line in ["[a/b] x", "[1] x", "1/2 x", "[/] x", "[1/99999999] x", ""] { #expect(BuildProgress(line) == nil) }
  }

  @Test func linesAreCutWhereTheyEnd() {
    var splitter = LineSplitter(limit: 8)
    func receive(_ text: String) -> [String] { Array(text.utf8).withUnsafeBytes { splitter.receive($0) } }
    #expect(receive("ab") == [])
    #expect(receive("c\r\nd\n\ne") == ["abc", "d", ""])
    #expect(receive("0123456789") == ["e0123456"])
    #expect(splitter.finish() == "789")
    #expect(splitter.finish() == nil)
    // Whether its end comes at once or later, a long line is cut at the same places.
    #expect(receive("0123456789\r\nx\n") == ["01234567", "89", "x"])
    #expect(receive("0123456789") == ["01234567"])
    #expect(receive("\r\nx\n") == ["89", "x"])
  }
}

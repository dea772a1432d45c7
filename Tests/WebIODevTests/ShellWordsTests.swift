import Testing

@testable import WebIODev

@Suite struct ShellWordsTests {
  @Test(arguments: [
    ("swiftc -c a.swift", ["swiftc", "-c", "a.swift"]),
    ("'-rpath=$ORIGIN' x", ["-rpath=$ORIGIN", "x"]),
    (#""ld.lld" "-o" "my \"app\"" "a\\b""#, ["ld.lld", "-o", #"my "app""#, #"a\b"#]),
    (#"a\ b  c"#, ["a b", "c"]),
    ("'it'\\''s' \"\"", ["it's", ""]),
    ("", []),
  ])
  func takesLinesApartAsAShellDoes(_ line: String, _ words: [String]) {
    #expect(ShellWords.split(line) == words)
  }

  @Test(arguments: ["'open", "\"open", "end\\"])
  func unfinishedLinesAreNone(_ line: String) {
    #expect(ShellWords.split(line) == nil)
  }
}

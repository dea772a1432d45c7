import Testing

@testable import WebIO

@Suite struct GlobTests {
  @Test(arguments: [
    ("*", "", true), ("*", "https://a.example", true), ("https://*.example", "https://a.example", true),
    ("https://*.example", "https://a.example.evil", false), ("http?://x", "https://x", true),
    ("a[bc]d", "acd", true), ("a[bc]d", "aed", false), ("a[!bc]d", "aed", true), ("a[!bc]d", "abd", false),
    ("a[0-9]", "a7", true), ("a[]]", "a]", true), ("a[", "a[", true), ("**a", "bba", true), ("a", "ab", false),
  ])
  func matchesLikeFnmatch(_ pattern: String, _ text: String, _ expected: Bool) {
    #expect(Glob.matches(pattern, text) == expected)
  }

  @Test func manyStarsTakeNoForever() {
    let pattern = String(repeating: "*a", count: 30)
    #expect(!Glob.matches(pattern, String(repeating: "a", count: 29) + "b"))
  }
}

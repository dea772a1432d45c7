import Testing

@testable import WebIODev

@Suite struct LiteralDiffTests {
  private func diff(_ old: String, _ new: String) -> [LiteralChange]? {
    LiteralDiff.changes(from: Array(old.utf8), to: Array(new.utf8))
  }

  private func pieces(_ source: String) -> [SwiftLiterals.Piece]? { SwiftLiterals(Array(source.utf8))?.pieces }

  @Test func textsOfLiteralsAreTold() {
    #expect(
      diff(#"putText("Hello, \(name)!")"#, #"putText("Bye, \(name).")"#)
        == [LiteralChange(old: ["Hello, ", "!"], new: ["Bye, ", "."])])
    #expect(diff(#"a("x") b("y")"#, #"a("x") b("z")"#) == [LiteralChange(old: ["y"], new: ["z"])])
    #expect(diff(#"a("x")"#, #"a("x")"#) == [])
  }

  @Test(arguments: [
    (#"a("x")"#, #"b("x")"#), (#"a("x")"#, #"a("x", "y")"#), (#"a("\(x)")"#, #"a("\(y)")"#), (#"a("x")"#, #"a("\(x)")"#),
    (#"a("x\(1)")"#, #"a("x")"#), ("a(1)", "a(2)"), (#"a("x")"#, #"a("x"#), (#"a("x")"#, #"a("\q")"#),
    (#"a("x")"#, "a(\"x\ny\")"),
  ])
  func codeIsNoText(old: String, new: String) { #expect(diff(old, new) == nil) }

  @Test func commentsDoNotCount() {
    #expect(diff("a() // one \"", "a() // two") == [])
    #expect(diff("a() /* x /* \"y */ */ b()", "a()  b()") == [])
    #expect(diff("a(\"// no\")", "a(\"// yes\")") == [LiteralChange(old: ["// no"], new: ["// yes"])])
  }

  @Test func escapesAreText() {
    #expect(pieces(#"a("\"q\" \\ \n\t\u{e9}\0\'")"#)?[1] == .literal(["\"q\" \\ \n\t\u{e9}\0'"]))
    #expect(pieces(##"a(#"\n \#(x) "q" \#n"#)"##)?[1] == .literal([#"\n "#, " \"q\" \n"]))
  }

  @Test func literalsWithinInterpolations() {
    let source = #"a("x \(f("y \(g(1)) z", (2))) w")"#
    #expect(
      pieces(source)?.compactMap { if case .literal(let text) = $0 { text } else { nil } } == [["x ", " w"], ["y ", " z"]])
    #expect(
      diff(source, source.replacing("z", with: "q")) == [LiteralChange(old: ["y ", " z"], new: ["y ", " q"])])
  }

  @Test func linesLoseTheirIndentation() {
    let source = "  a(\"\"\"\n    one\n      two \\(x)\n\n    three \\\n    four\n    \"\"\")"
    #expect(pieces(source)?[1] == .literal(["one\n  two ", "\n\nthree four"]))
    #expect(pieces("a(\"\"\"\n\"\"\")")?[1] == .literal([""]))
    #expect(pieces("a(\"\"\"\n  x\n y\"\"\")") == nil)
  }

  @Test func anyBytesAreRead() {
    // Whatever stands in a file, it is read to its end or refused.
    var random = SystemRandomNumberGenerator()
    let bytes = Array("\"\\()#/*\n \"\"\"ax".utf8)
    for _ in 0..<2_000 {
      let source = (0..<Int.random(in: 0...30, using: &random)).map { _ in bytes.randomElement(using: &random)! }
      _ = SwiftLiterals(source)
    }
  }
}

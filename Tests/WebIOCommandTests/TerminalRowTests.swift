import Testing

@testable import WebIOCommand

@Suite struct TerminalRowTests {
  private func plain(_ text: String) -> String { text }

  @Test func eventsOfAKindTakeOneRow() {
    var row = TerminalRow()
    #expect(row.add("reloaded in 230 ms", kind: "reloaded", columns: 80, style: plain) == "reloaded in 230 ms\n")
    #expect(
      row.add("reloaded in 210 ms", kind: "reloaded", columns: 80, style: plain)
        == "\u{1B}[1A\r\u{1B}[Kreloaded in 210 ms  ×2\n")
    #expect(
      row.amend("reloaded in 210 ms, kept 1 of 1 answer", kind: "reloaded", columns: 80, style: plain)
        == "\u{1B}[1A\r\u{1B}[Kreloaded in 210 ms, kept 1 of 1 answer  ×2\n")
    #expect(row.add("output", kind: nil, columns: 80, style: plain) == "output\n")
    #expect(row.add("reloaded in 250 ms", kind: "reloaded", columns: 80, style: plain) == "reloaded in 250 ms\n")
    #expect(row.add("updated look.css", kind: "updated", columns: 80, style: plain) == "updated look.css\n")
  }

  @Test func aPipeGetsEachLine() {
    var row = TerminalRow()
    for _ in 0..<2 { #expect(row.add("a", kind: "k", columns: nil, style: plain) == "a\n") }
    #expect(row.amend("b", kind: "k", columns: nil, style: plain) == nil)
  }

  /// A line of two rows cannot be taken back by one row.
  @Test func aLineThatWrapsStays() {
    var row = TerminalRow()
    let long = String(repeating: "x", count: 80)
    #expect(row.add(long, kind: "k", columns: 80, style: plain) == long + "\n")
    #expect(row.add("short", kind: "k", columns: 80, style: plain) == "short\n")
    #expect(row.add("short", kind: "k", columns: 80, style: plain) == "\u{1B}[1A\r\u{1B}[Kshort  ×2\n")
  }

  @Test func progressIsOverwrittenAndTypingEndsARow() {
    var row = TerminalRow()
    _ = row.add("a", kind: "k", columns: 80, style: plain)
    #expect(row.progress("building", style: plain) == "\r\u{1B}[Kbuilding")
    #expect(row.add("a", kind: "k", columns: 80, style: plain) == "\r\u{1B}[K\u{1B}[1A\r\u{1B}[Ka  ×2\n")
    #expect(row.endProgress() == "")
    row.interrupted()
    #expect(row.add("a", kind: "k", columns: 80, style: plain) == "a\n")
  }

  @Test(arguments: [
    ("plain", 5), ("\u{1B}[32mgreen\u{1B}[0m", 5), ("a ×2 … ➜ │", 10), ("日本", 4), ("é", 1), ("👩‍👩‍👧", 2),
  ])
  func widths(text: String, width: Int) {
    #expect(TerminalRow.width(of: text) == width)
  }
}

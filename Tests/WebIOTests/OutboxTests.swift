import Testing

@testable import WebIO

@Suite struct OutboxTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func onlyTheFirstOfManyCommandsWakesTheLoop() {
    let outbox = Outbox()
    #expect(outbox.append(bytes("a")).appended == .wake)
    #expect(outbox.append(bytes("b")).appended == .quiet)
    #expect(outbox.take(limit: 1000)?.commands.count == 2)
    #expect(outbox.take(limit: 1000) == nil)
    #expect(outbox.append(bytes("c")).appended == .wake)
  }

  @Test func aPageThatComesBackGetsWhatItMissed() {
    let outbox = Outbox()
    for text in ["a", "b", "c"] { _ = outbox.append(bytes(text)) }
    _ = outbox.take(limit: 1000)
    #expect(outbox.rewind(after: 1))
    let missed = outbox.take(limit: 1000)
    #expect(missed?.first == 2)
    #expect(missed.map { Array($0.commands) } == [bytes("b"), bytes("c")])
  }

  @Test func aRefreshedPageGetsEverythingAgain() {
    let outbox = Outbox()
    for text in ["a", "b"] { _ = outbox.append(bytes(text)) }
    _ = outbox.take(limit: 1000)
    outbox.acknowledge(2)
    #expect(outbox.rewind(after: 0))
    #expect(outbox.take(limit: 1000)?.commands.count == 2)
  }

  @Test func numbersThatWereNeverSentAreRefused() {
    let outbox = Outbox()
    _ = outbox.append(bytes("a"))
    #expect(!outbox.rewind(after: 2))
    #expect(!outbox.rewind(after: -1))
  }

  @Test func aLargeHistoryShrinksToWhatIsNotAcknowledged() {
    let outbox = Outbox()
    let large = [UInt8](repeating: 0, count: Outbox.historyLimit / 2)
    for _ in 0..<3 { _ = outbox.append(large) }
    while outbox.take(limit: 1 << 20) != nil {}
    outbox.acknowledge(2)
    #expect(!outbox.rewind(after: 0))
    #expect(outbox.rewind(after: 2))
    #expect(outbox.take(limit: 1)?.first == 3)
  }

  @Test func whatHasPassedIsNotReplayed() {
    let outbox = Outbox()
    let form = outbox.append(bytes("form")).number
    _ = outbox.append(bytes("text"))
    _ = outbox.append(bytes("destroy"), .passing(retiring: [form]))
    _ = outbox.take(limit: 1000)
    #expect(outbox.rewind(after: 0))
    #expect(outbox.take(limit: 1000).map { Array($0.commands) } == [bytes("form"), bytes("text"), bytes("destroy")])
    outbox.acknowledge(3)
    #expect(outbox.rewind(after: 0))
    #expect(outbox.take(limit: 1000).map { Array($0.commands) } == [bytes("null"), bytes("text"), bytes("null")])
  }
}

import Testing
import WebIOHTTP

@testable import WebIO

@Suite struct PollingWindowTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func batchesComeAgainUntilTheyAreAcknowledged() {
    var window = PollingWindow()
    #expect(text(window.answer()) == #"{"commands":[],"seq":0,"ack":-1}"#)
    for message in ["1", "2"] { window.append(Array(message.utf8)) }
    #expect(text(window.answer()) == #"{"commands":[[1,2]],"seq":0,"ack":-1}"#)
    window.append(Array("3".utf8))
    #expect(text(window.answer(withCommands: false)) == #"{"ack":-1}"#)
    #expect(text(window.answer()) == #"{"commands":[[1,2],[3]],"seq":0,"ack":-1}"#)
    window.acknowledge(0)
    window.acknowledge(-1)
    #expect(text(window.answer(close: 1000)) == #"{"commands":[[3]],"seq":1,"ack":-1,"close":1000}"#)
    window.acknowledge(99)
    #expect(window.isEmpty)
    #expect(window.bytes == 0)
    #expect(text(window.answer()) == #"{"commands":[],"seq":2,"ack":-1}"#)
  }

  @Test func noMoreThanFourBatchesWait() {
    var window = PollingWindow()
    for number in 0..<6 {
      window.append(Array("\(number)".utf8))
      _ = window.answer()
    }
    #expect(text(window.answer()) == #"{"commands":[[0],[1],[2],[3]],"seq":0,"ack":-1}"#)
    window.acknowledge(0)
    #expect(text(window.answer()) == #"{"commands":[[1],[2],[3],[4,5]],"seq":1,"ack":-1}"#)
  }

  @Test(arguments: [
    // first, count, known, last
    (0, 1, 0, 0), (0, 3, 0, 2), (0, 0, 0, -1), (5, 2, 0, 6),
  ])
  func eventsAreCounted(_ first: Int, _ count: Int, _ known: Int, _ last: Int) {
    var window = PollingWindow()
    #expect(window.receive(from: first, count: count) == known)
    #expect(window.lastEvent == last)
    #expect(window.receive(from: first, count: count) == count)
    #expect(window.lastEvent == last)
    #expect(window.receive(from: last + 1, count: 1) == 0)
  }
}

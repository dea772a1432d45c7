import Testing
import WebIOPosix

@testable import WebIODev

@Suite struct DebouncerTests {
  private func at(_ milliseconds: UInt64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

  @Test func aKnownFileIsASaveAtOnce() {
    var debouncer = Debouncer()
    #expect(debouncer.deadline == nil)
    debouncer.receive("a", isWhole: true, isKnown: true, at: at(100))
    #expect(debouncer.deadline == at(100))
    #expect(debouncer.take(at: at(100)) == ["a"])
    #expect(debouncer.deadline == nil)
    #expect(debouncer.take(at: at(999)) == nil)
  }

  /// A second file so soon is one of several, and a third may follow.
  @Test func whatFollowsWaitsAMoment() {
    var debouncer = Debouncer()
    debouncer.receive("a", isWhole: true, isKnown: true, at: at(100))
    #expect(debouncer.take(at: at(100)) == ["a"])
    debouncer.receive("b", isWhole: true, isKnown: true, at: at(102))
    #expect(debouncer.deadline == at(108))
    debouncer.receive("c", isWhole: true, isKnown: true, at: at(105))
    #expect(debouncer.take(at: at(108)) == nil)
    #expect(debouncer.take(at: at(111)) == ["b", "c"])
    // After quiet it is a save of its own again.
    debouncer.receive("a", isWhole: true, isKnown: true, at: at(404))
    #expect(debouncer.deadline == at(410))
    #expect(debouncer.take(at: at(410)) == ["a"])
    debouncer.receive("a", isWhole: true, isKnown: true, at: at(704))
    #expect(debouncer.deadline == at(704))
  }

  @Test func aNewFileWaitsAMomentAndMayBeATemporaryOne() {
    var debouncer = Debouncer()
    debouncer.receive("new", isWhole: true, at: at(100))
    #expect(debouncer.deadline == at(106))
    debouncer.forget("new")
    #expect(debouncer.deadline == nil)
    debouncer.receive("new", isWhole: true, at: at(500))
    debouncer.receive("a", isWhole: true, isKnown: true, at: at(502))
    debouncer.forget("new")
    #expect(debouncer.deadline == at(502))
    #expect(debouncer.take(at: at(502)) == ["a"])
  }

  @Test func somethingHalfDoneWaitsForQuietUntilItIsWhole() {
    var debouncer = Debouncer()
    debouncer.receive("a", isWhole: false, at: at(0))
    #expect(debouncer.deadline == at(50))
    // vim: the old file is renamed away, the new one is created, written, closed.
    debouncer.receive("a", isWhole: false, at: at(3))
    debouncer.receive("a", isWhole: true, isKnown: true, at: at(9))
    #expect(debouncer.deadline == at(9))
    #expect(debouncer.take(at: at(9)) == ["a"])
  }

  @Test func aBurstIsOneSave() {
    var debouncer = Debouncer()
    for index in 0..<200 { debouncer.receive("f\(index)", isWhole: true, at: at(UInt64(index))) }
    #expect(debouncer.deadline == at(249))
    #expect(debouncer.take(at: at(249))?.count == 200)
  }

  @Test func nothingWaitsLongerThanTheLongest() {
    var debouncer = Debouncer()
    for time in stride(from: UInt64(0), through: 400, by: 20) {
      if debouncer.take(at: at(time)) != nil {
        #expect(time == 300)
        return
      }
      debouncer.receive("a", isWhole: false, at: at(time))
    }
    Issue.record("never fired")
  }
}

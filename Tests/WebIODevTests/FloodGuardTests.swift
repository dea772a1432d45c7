import Testing
import WebIOPosix

@testable import WebIODev

@Suite struct FloodGuardTests {
  private let start = MonotonicTime.now

  @Test func theFifthChangeInTenSecondsIsOneTooMany() {
    var flood = FloodGuard()
    for second in 0..<4 { #expect(flood.receive("a", at: start + .seconds(second)) == .change) }
    #expect(flood.receive("b", at: start + .seconds(4)) == .change)
    #expect(flood.receive("a", at: start + .seconds(4)) == .floodBegins)
    #expect(flood.receive("a", at: start + .seconds(5)) == .flood)
  }

  @Test func whatIsSlowIsNoFloodAndAnEndedOneIsToldAgain() {
    var flood = FloodGuard()
    for index in 0..<20 { #expect(flood.receive("a", at: start + .milliseconds(2_600 * index)) == .change) }
    let later = start + .seconds(100)
    for index in 0..<6 { _ = flood.receive("a", at: later + .milliseconds(index)) }
    #expect(flood.receive("a", at: later + .seconds(1)) == .flood)
    #expect(flood.receive("a", at: later + .seconds(20)) == .change)
    for index in 1..<4 { #expect(flood.receive("a", at: later + .seconds(20 + index)) == .change) }
    #expect(flood.receive("a", at: later + .seconds(25)) == .floodBegins)
  }
}

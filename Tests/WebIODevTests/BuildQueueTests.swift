import Testing

@testable import WebIODev

@Suite struct BuildQueueTests {
  @Test func oneAtATimeAndTheNewestWins() {
    var queue = BuildQueue()
    #expect(queue.request() == [.start(1)])
    #expect(queue.request() == [.cancel(1)])
    #expect(queue.request() == [])
    #expect(queue.ended(1) == [.start(2)])
    #expect(queue.ended(2) == [.report(2)])
    #expect(!queue.isBusy)
  }

  @Test func aCancelledBuildIsNeverReported() {
    var queue = BuildQueue()
    _ = queue.request()
    #expect(queue.stop() == [.cancel(1)])
    #expect(queue.isBusy)
    #expect(queue.stop() == [])
    #expect(queue.ended(1) == [])
    #expect(queue.request() == [.start(2)])
  }

  @Test func stoppingDropsTheQueuedOne() {
    var queue = BuildQueue()
    _ = queue.request()
    _ = queue.request()
    #expect(queue.stop() == [])
    #expect(queue.ended(1) == [])
    #expect(!queue.isBusy)
  }

  @Test func aLateEndOfAnOldBuildIsIgnored() {
    var queue = BuildQueue()
    _ = queue.request()
    _ = queue.ended(1)
    _ = queue.request()
    #expect(queue.ended(1) == [])
    #expect(queue.ended(2) == [.report(2)])
  }
}

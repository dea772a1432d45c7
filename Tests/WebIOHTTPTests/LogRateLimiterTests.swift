import Synchronization
import Testing
import WebIOPosix

@testable import WebIOHTTP

@Suite struct LogRateLimiterTests {
  private func flood(_ limiter: inout LogRateLimiter, _ peer: String, count: Int = 1_000, _ now: MonotonicTime) -> Int {
    var admitted = 0
    for _ in 0..<count where limiter.admits(peer, now) { admitted += 1 }
    return admitted
  }

  private func reports(_ limiter: inout LogRateLimiter) -> [String] { limiter.takeReport() }

  @Test func aFloodingPeerIsCutToItsRate() {
    var limiter = LogRateLimiter(rate: 10, burst: 20)
    #expect(flood(&limiter, "a", moment(0)) == 20)
    #expect(flood(&limiter, "a", moment(1)) == 10)
    // The others are not held for it.
    #expect(flood(&limiter, "b", count: 1, moment(1)) == 1)
    #expect(reports(&limiter) == ["a - - 1970 more requests are not logged"])
    #expect(reports(&limiter) == [])
    #expect(flood(&limiter, "a", moment(100)) == 20)
  }

  @Test func manyAddressesAreNoWayAroundIt() {
    var limiter = LogRateLimiter(rate: 10, burst: 20, capacity: 100)
    var admitted = 0
    for peer in 0..<100_000 where limiter.admits("\(peer)", moment(0)) { admitted += 1 }
    #expect(admitted == 120)
    #expect(reports(&limiter) == ["- - - 99880 more requests of many others are not logged"])
    // Full buckets make room again.
    #expect(flood(&limiter, "late", moment(10)) == 20)
  }
}

@EventLoop @Suite struct LimitedLogTests {
  @Test func theLogHoldsTheFloodBack() async throws {
    let lines = Mutex<[String]>([])
    let server = try HTTPServer(
      handler: TestHandler { $0.respond(.ok) },
      options: {
        var options = HTTPServerOptions()
        options.accessLog = try AccessLog(.lines { line in lines.withLock { $0.append(line) } }, linesPerSecond: 1)
        return options
      }())
    let stream = TestStream()
    server.accept(stream)
    for _ in 0..<500 { stream.receive("GET / HTTP/1.1\r\nHost: x\r\n\r\n") }
    await withCheckedContinuation { done in
      Reactor.shared.schedule(after: .milliseconds(1_500)) { done.resume() }
    }
    let all = lines.withLock { $0 }
    #expect((11...13).contains(all.count), "\(all.count)")
    #expect(all.last?.hasPrefix("192.0.2.1 - - 4") == true && all.last?.hasSuffix(" more requests are not logged") == true)
  }

  /// Ten lines a millisecond: what comes back between two of them is not forgotten.
  @Test func aFloodStillGetsItsRate() {
    var limiter = LogRateLimiter(rate: 10, burst: 20)
    let start = MonotonicTime(nanoseconds: 1_000_000_000_000)
    let admitted = (0..<30_000).count { limiter.admits("a", start + .microseconds(100 * $0)) }
    #expect((49...50).contains(admitted))
  }
}

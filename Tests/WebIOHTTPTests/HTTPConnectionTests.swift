import Testing
import WebIOPosix

@testable import WebIOHTTP

/// Deadlines and keep-alive, with a clock that the test moves.
@EventLoop @Suite struct HTTPConnectionTests {
  // MARK: Deadlines

  @Test func anIdleConnectionIsClosed() {
    let test = echo()
    test.server.sweep(moment(0))
    test.server.sweep(moment(29.9))
    #expect(!test.stream.isClosed)
    test.stream.receive(get)
    test.server.sweep(moment(31))
    test.server.sweep(moment(60.9))
    #expect(!test.stream.isClosed)
    test.server.sweep(moment(61))
    #expect(test.stream.isClosed && !test.stream.wasAborted)
  }

  @Test func theHeadDeadlineIsAbsolute() {
    let test = echo()
    for (index, byte) in Array(get.utf8).dropLast().enumerated() {
      test.stream.receive([byte])
      test.server.sweep(moment(Double(index) * 0.5))
    }
    let text = test.stream.text
    #expect(text.contains("HTTP/1.1 408 Request Timeout\r\n"))
    #expect(test.stream.hasClosedWriting)
    test.server.sweep(moment(20))
    test.server.sweep(moment(25))
    #expect(test.stream.isClosed)
  }

  @Test func aSlowBodyIsCutOff() {
    var failure: HTTPError?
    let test = TestServer { exchange in
      exchange.readBody(limit: 1 << 20) { if case .failure(let error) = $0 { failure = error } }
    }
    test.stream.receive("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
    // 240 bytes a second are enough.
    for second in 0..<20 {
      test.stream.receive([UInt8](repeating: 0x61, count: 250))
      test.server.sweep(moment(Double(second)))
      test.server.sweep(moment(Double(second) + 0.5))
    }
    #expect(failure == nil)
    for second in 20..<60 { test.server.sweep(moment(Double(second))) }
    #expect(failure?.status == 408)
    #expect(test.stream.text.contains("HTTP/1.1 408 "))
  }

  @Test func aPausedBodyIsNotSlow() {
    let test = TestServer { exchange in
      exchange.streamBody(onChunk: { _ in exchange.setBodyReading(false) }, onEnd: { _ in })
    }
    test.stream.receive("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\na")
    for second in 0..<100 { test.server.sweep(moment(Double(second))) }
    #expect(!test.stream.isClosed && test.stream.text.isEmpty)
  }

  @Test func aPeerThatTakesNothingIsCutOff() {
    let test = echo()
    test.stream.receive(get)
    test.stream.bufferedBytes = 50
    test.server.sweep(moment(0))
    test.server.sweep(moment(1))
    test.server.sweep(moment(29))
    // It takes some.
    test.stream.bufferedBytes = 49
    test.server.sweep(moment(30))
    test.server.sweep(moment(59))
    #expect(!test.stream.isClosed)
    test.server.sweep(moment(61))
    #expect(test.stream.wasAborted)
  }

  @Test func aRequestMayTakeItsTime() {
    var exchange: HTTPExchange?
    let test = TestServer { exchange = $0 }
    test.stream.receive(get)
    for second in 0..<1_000 { test.server.sweep(moment(Double(second))) }
    #expect(!test.stream.isClosed)
    exchange?.respond(.ok)
    #expect(test.stream.text.hasPrefix("HTTP/1.1 200 OK\r\n"))
  }

  // MARK: Keep-alive

  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", false, ""),
    ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", true, "Connection: close\r\n"),
    (
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", false,
      "Connection: keep-alive\r\nKeep-Alive: timeout=30\r\n"
    ),
    ("GET / HTTP/1.0\r\n\r\n", true, "Connection: close\r\n"),
    ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false, "Connection: keep-alive\r\nKeep-Alive: timeout=30\r\n"),
  ])
  func keepAlive(_ request: String, closes: Bool, fields: String) {
    let test = echo()
    test.stream.receive(request)
    #expect(test.stream.isClosed == closes)
    #expect(test.stream.text.withoutDate == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\(fields)\r\nok")
  }

  @Test func keepAliveCanBeOff() {
    var limits = HTTPLimits()
    limits.idle = nil
    let test = echo(limits)
    test.stream.receive(get + get)
    #expect(test.stream.text.withoutDate == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    #expect(test.stream.hasClosedWriting)
  }

  @Test func aHandlerMayCloseTheConnection() {
    let test = TestServer { $0.respond(.ok, ["Connection": "close", "X-A": "b"]) }
    test.stream.receive(get)
    #expect(
      test.stream.text.withoutDate == "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    #expect(test.stream.isClosed)
  }

  @Test func aServerOfVersionZero() {
    var options = HTTPServerOptions()
    options.maximumMinorVersion = 0
    let test = TestServer(options: options) { exchange in
      exchange.startResponse(.ok)
      exchange.write(Array("abc".utf8))
      exchange.finish()
    }
    test.stream.receive(get)
    #expect(test.stream.text.withoutDate == "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nabc")
    #expect(test.stream.isClosed)
  }

  // MARK: Fairness

  @Test func whoPipelinesThousandsLetsOthersHaveTheirTurn() async {
    let test = echo()
    func answered() -> Int { test.stream.text.ranges(of: "HTTP/1.1 200 OK").count }
    let count = HTTPConnection.requestsPerTurn
    test.stream.receive(String(repeating: get, count: 3 * count))
    #expect(answered() == count)
    // The end of the input is not the end of what came before.
    test.stream.end()
    #expect(!test.stream.isClosed)
    while answered() < 3 * count { await turn() }
    await turn()
    #expect(answered() == 3 * count && test.stream.isClosed)
  }

  @Test func manyWhoPipelineShareATurn() async {
    let clients = (0..<6).map { _ in echo() }
    func answered() -> [Int] { clients.map { $0.stream.text.ranges(of: "HTTP/1.1 200 OK").count } }
    let count = HTTPConnection.requestsPerTurn
    for client in clients { client.stream.receive(String(repeating: get, count: 3 * count)) }
    #expect(answered() == Array(repeating: count, count: 6))
    // Seen in each turn, which a task that awaits is not.
    var seen = [answered()]
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      @EventLoop func look() {
        seen.append(answered())
        if seen.last!.allSatisfy({ $0 == 3 * count }) { done.resume() } else { EventLoop.run { look() } }
      }
      EventLoop.run { look() }
    }
    for (before, after) in zip(seen, seen.dropFirst()) {
      // Never more than some of them in one turn, and nobody is two rounds ahead.
      #expect(zip(before, after).count { $0 != $1 } <= HTTPConnection.connectionsATurn)
      #expect(after.max()! - after.min()! <= count)
    }
  }
}

/// Returns when the loop has done what it has been handed until now.
@EventLoop
func turn() async { await withCheckedContinuation { done in EventLoop.run { done.resume() } } }

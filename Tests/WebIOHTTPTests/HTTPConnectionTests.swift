import Testing
import WebIOPosix

@testable import WebIOHTTP

private let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

/// Deadlines, keep-alive, closing and framing, with a clock that the test moves.
@EventLoop @Suite struct HTTPConnectionTests {
  private func moment(_ seconds: Double) -> MonotonicTime {
    MonotonicTime(nanoseconds: UInt64((seconds + 1_000) * 1e9))
  }

  private func echo(_ limits: HTTPLimits = HTTPLimits(), _ options: HTTPServerOptions = HTTPServerOptions())
    -> TestServer
  {
    TestServer(limits: limits, options: options) { $0.respond(.ok, [:], Array("ok".utf8)) }
  }

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

  // MARK: Framing of answers

  @Test func headHasTheFieldsOfGet() {
    for body in ["", "hello"] {
      let test = TestServer { $0.respond(.ok, ["X-A": "b"], Array(body.utf8)) }
      test.stream.receive("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + get)
      let head = "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
      #expect(test.stream.text.withoutDate == head + head + body)
    }
    let test = TestServer { exchange in
      exchange.startResponse(.ok)
      exchange.write([1, 2, 3])
      exchange.finish()
    }
    test.stream.receive("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(test.stream.text.withoutDate == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
  }

  @Test func statusesWithoutABody() {
    for code in [204, 304] {
      let test = TestServer { $0.respond(HTTPStatus(code), [:], [1, 2]) }
      test.stream.receive(get)
      #expect(test.stream.text.withoutDate == "HTTP/1.1 \(HTTPStatus(code))\r\n\r\n")
      #expect(!test.stream.isClosed)
    }
  }

  @Test func unknownLengthInVersionZeroEndsWithTheConnection() {
    let test = TestServer { exchange in
      exchange.startResponse(.ok)
      exchange.write([0x61])
      exchange.finish()
    }
    test.stream.receive("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    #expect(test.stream.text.withoutDate == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\na")
    #expect(test.stream.isClosed)
  }

  @Test func aBodyShorterThanDeclaredClosesTheConnection() {
    let test = TestServer { exchange in
      exchange.startResponse(.ok, contentLength: 5)
      exchange.write([1, 2])
      exchange.finish()
    }
    test.stream.receive(get)
    #expect(test.stream.wasAborted)
  }

  @Test func aBodyLongerThanDeclaredIsNotSent() {
    let test = TestServer { exchange in
      exchange.startResponse(.ok, contentLength: 1)
      exchange.write([0x61, 0x62])
    }
    test.stream.receive(get)
    #expect(test.stream.wasAborted)
    #expect(!test.stream.text.contains("ab"))
  }

  @Test func smallChunksAreCollected() {
    var options = HTTPServerOptions()
    options.minimumChunkSize = 4
    let test = TestServer(options: options) { exchange in
      exchange.startResponse(.ok)
      for text in ["a", "b", "cdefgh", "i"] { exchange.write(Array(text.utf8)) }
      exchange.finish()
    }
    test.stream.receive(get)
    #expect(test.stream.text.hasSuffix("\r\n\r\n8\r\nabcdefgh\r\n1\r\ni\r\n0\r\n\r\n"))
  }

  @Test func namesCanBeCapitalized() {
    var options = HTTPServerOptions()
    options.capitalizesNames = true
    let test = TestServer(options: options) { $0.respond(.ok, ["sOMe-WEirD": "Value", "etag": "x"]) }
    test.stream.receive(get)
    #expect(test.stream.text.contains("Some-Weird: Value\r\nEtag: x\r\n"))
    let plain = TestServer { $0.respond(.ok, ["sOMe-WEirD": "Value"]) }
    plain.stream.receive(get)
    #expect(plain.stream.text.contains("sOMe-WEirD: Value\r\n"))
  }

  @Test func framingFieldsOfTheHandlerAreOurs() {
    let test = TestServer {
      $0.respond(
        .ok, ["Content-Length": "99", "Transfer-Encoding": "chunked", "Keep-Alive": "x", "Date": "then"], [0x61])
    }
    test.stream.receive(get)
    #expect(test.stream.text == "HTTP/1.1 200 OK\r\nDate: then\r\nContent-Length: 1\r\n\r\na")
  }

  @Test func trailersGoBehindChunks() {
    let test = TestServer { exchange in
      exchange.startResponse(.ok, ["Trailer": "X-Sum"])
      exchange.write(Array("abc".utf8))
      exchange.finish(trailers: ["X-Sum": "7"])
    }
    test.stream.receive(get)
    #expect(test.stream.text.hasSuffix("3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n"))
  }

  @Test func answersAreCompressedWhereThatHelps() {
    var options = HTTPServerOptions()
    options.compresses = true
    var type = "text/html"
    let body = Array(String(repeating: "hello world ", count: 100).utf8)
    let test = TestServer(options: options) { $0.respond(.ok, ["Content-Type": type, "ETag": "\"a\""], body) }
    func ask(_ encoding: String) -> [UInt8] {
      test.stream.receive("GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: \(encoding)\r\n\r\n")
      return test.stream.takeBytes()
    }
    let packed = ask("gzip")
    let text = String(decoding: packed, as: UTF8.self)
    #expect(text.contains("Content-Encoding: gzip\r\n") && text.contains("Vary: Accept-Encoding\r\n"))
    #expect(text.contains("ETag: W/\"a\"\r\n"))
    let end = packed.indices.first { packed[$0...].starts(with: [13, 10, 13, 10]) } ?? 0
    #expect(Gzip.expand(Array(packed[(end + 4)...]), limit: 10_000) == body)
    let plain = String(decoding: ask("br"), as: UTF8.self)
    #expect(!plain.contains("Content-Encoding") && plain.contains("Vary: Accept-Encoding\r\n"))
    type = "image/png"
    #expect(!String(decoding: ask("gzip"), as: UTF8.self).contains("gzip"))
  }

  @Test func anInvalidFieldMakesItA500() {
    var reports: [String] = []
    let test = TestServer { $0.respond(.ok, ["X": "a\r\nSet-Cookie: b"], Array("secret".utf8)) }
    test.server.onReport = { reports.append($0) }
    test.stream.receive(get)
    #expect(
      test.stream.text.withoutDate
        == "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    #expect(reports.count == 1)
  }

  // MARK: Interim answers and hooks

  @Test func interimAnswers() {
    let test = TestServer { exchange in
      exchange.sendInformational(103, ["Link": "</a.css>; rel=preload"])
      exchange.sendInformational(100)
      exchange.sendInformational(101)
      exchange.respond(.ok)
      exchange.sendInformational(103)
    }
    test.stream.receive(get)
    #expect(
      test.stream.text.withoutDate
        == "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
        + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    test.stream.receive("GET / HTTP/1.0\r\n\r\n")
    #expect(test.stream.text.utf8.count > 0)
  }

  @Test func noContinueWhenTheAnswerComesFirst() {
    let test = TestServer { $0.respond(413) }
    test.stream.receive("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    #expect(test.stream.text.hasPrefix("HTTP/1.1 413 "))
    #expect(test.stream.hasClosedWriting)
  }

  @Test func noContinueWhenTheBodyIsHere() {
    let test = TestServer { exchange in exchange.readBody(limit: 10) { _ in exchange.respond(.ok) } }
    test.stream.receive("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab")
    #expect(test.stream.text.hasPrefix("HTTP/1.1 200 "))
  }

  @Test func hooksRunAfterTheAnswer() {
    var finished: [Bool] = []
    var closed = 0
    var late: HTTPExchange?
    let test = TestServer { exchange in
      exchange.onFinish = { finished.append($0) }
      exchange.onClose = { closed += 1 }
      if exchange.request.hasPath("/late") { late = exchange } else { exchange.respond(.ok) }
    }
    test.stream.receive(get)
    #expect(finished == [true] && closed == 0)
    test.stream.receive("GET /late HTTP/1.1\r\nHost: x\r\n\r\n")
    test.stream.close()
    #expect(finished == [true, false] && closed == 1)
    late?.respond(.ok)
    late?.write([1])
    late?.finish()
    #expect(test.server.connectionCount == 0)
  }

  // MARK: Bodies of requests

  @Test func aStreamedBodyIsHeldBack() {
    var received = 0
    var ended = false
    var exchange: HTTPExchange?
    let test = TestServer {
      exchange = $0
      $0.streamBody(
        onChunk: {
          received += $0.count; exchange?.setBodyReading(false)
        }, onEnd: { ended = $0 == nil })
    }
    test.stream.receive(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n" + get)
    #expect(received == 1)
    #expect(!test.stream.isReading)
    exchange?.setBodyReading(true)
    #expect(received == 2 && !ended)
    exchange?.setBodyReading(true)
    #expect(ended)
    #expect(test.stream.isReading)
    exchange?.respond(.ok)
    #expect(received == 2)
  }

  @Test func whatIsNotReadIsKeptUpToALimit() {
    var exchange: HTTPExchange?
    let test = TestServer { exchange = $0 }
    test.stream.receive("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
    #expect(test.stream.isReading)
    test.stream.receive([UInt8](repeating: 0x61, count: 70_000))
    #expect(!test.stream.isReading)
    var body: [UInt8] = []
    exchange?.readBody(limit: 1 << 20) { body = (try? $0.get()) ?? [] }
    #expect(test.stream.isReading)
    test.stream.receive([UInt8](repeating: 0x61, count: 30_000))
    #expect(body.count == 100_000)
  }

  @Test func aBodyBeyondTheHandlersLimit() {
    for head in ["Content-Length: 6\r\n\r\nabcdef", "Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n"] {
      let test = TestServer { exchange in
        exchange.readBody(limit: 5) { result in
          if case .failure(let error) = result { exchange.respond(error.status) }
        }
      }
      test.stream.receive("POST / HTTP/1.1\r\nHost: x\r\n" + head + get)
      #expect(
        test.stream.text.withoutDate
          == "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
      #expect(test.stream.hasClosedWriting)
    }
  }

  @Test func aBrokenBodyIsAnswered() {
    var failure: HTTPError?
    let test = TestServer { exchange in
      exchange.readBody(limit: 100) { if case .failure(let error) = $0 { failure = error } }
    }
    test.stream.receive("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    #expect(failure?.status == 400)
    #expect(test.stream.text.hasPrefix("HTTP/1.1 400 "))
    #expect(test.stream.hasClosedWriting)
  }

  @Test func aBodyThatEndsEarly() {
    var failure: HTTPError?
    let test = TestServer { exchange in
      exchange.readBody(limit: 100) { if case .failure(let error) = $0 { failure = error } }
    }
    test.stream.receive("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab")
    test.stream.end()
    #expect(failure?.code == .closed)
    #expect(test.stream.isClosed)
  }

  @Test func aHalfClosedClientGetsItsAnswers() {
    var waiting: [HTTPExchange] = []
    let test = TestServer { waiting.append($0) }
    test.stream.receive(get + get)
    test.stream.end()
    #expect(!test.stream.isClosed)
    waiting[0].respond(.ok, text: "1")
    #expect(waiting.count == 2 && !test.stream.isClosed)
    waiting[1].respond(.ok, text: "2")
    #expect(test.stream.isClosed && !test.stream.wasAborted)
    #expect(test.stream.text.hasSuffix("2"))
  }

  // MARK: Many connections

  @Test func theLongestIdleConnectionMakesRoom() {
    var limits = HTTPLimits()
    limits.connections = 3
    let test = echo(limits)
    let second = test.connect()
    let third = test.connect()
    test.stream.receive(get)
    third.receive("GET")
    let fourth = test.connect()
    #expect(second.isClosed && !test.stream.isClosed && !third.isClosed && !fourth.isClosed)
    fourth.receive("GET")
    test.stream.receive("GET")
    let fifth = test.connect()
    #expect(fifth.text.hasPrefix("HTTP/1.1 503 ") && fifth.isClosed)
    #expect(test.server.connectionCount == 3)
  }

  @Test func aClientThatDoesNotReadIsNotAnsweredForEver() {
    let test = echo()
    test.stream.bufferedBytes = highWaterMark + 1
    test.stream.receive(get + get)
    #expect(test.stream.text.isEmpty)
    test.stream.bufferedBytes = 0
    test.stream.drain()
    #expect(
      test.stream.text.withoutDate == String(repeating: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", count: 2))
  }

  @Test func gracefulStop() {
    var busy: HTTPExchange?
    let test = TestServer { exchange in
      if exchange.request.wantsUpgrade {
        _ = exchange.upgradeToWebSocket()
      } else if exchange.request.hasPath("/busy") {
        busy = exchange
      } else {
        exchange.respond(.ok)
      }
    }
    let idle = test.connect()
    idle.receive(get)
    test.stream.receive("GET /busy HTTP/1.1\r\nHost: x\r\n\r\n")
    let socket = test.connect()
    socket.receive(WebSocketConnectionTests.handshake())
    var stopped = false
    test.server.stop(grace: .seconds(60)) { stopped = true }
    #expect(idle.isClosed && !test.stream.isClosed && !stopped)
    #expect(Array(socket.written.suffix(4)) == [0x88, 2, 0x03, 0xe9])
    let late = test.connect()
    #expect(late.isClosed)
    busy?.respond(.ok)
    #expect(test.stream.isClosed)
    #expect(test.stream.text.contains("Connection: close\r\n"))
    socket.receive(WebSocketParserTests.frame(8, [3, 0xe9]))
    socket.end()
    #expect(stopped)
  }

  // MARK: Handing over

  @Test func takingOverBringsWhatWasRead() async {
    var taken: (any ByteStream)?
    let test = TestServer { taken = $0.takeOver(Array("HTTP/1.1 101 Switching Protocols\r\n\r\n".utf8)) }
    test.stream.receive(get + "raw bytes")
    #expect(test.stream.text == "HTTP/1.1 101 Switching Protocols\r\n\r\n")
    #expect(test.server.connectionCount == 0)
    let owner = Owner()
    taken?.delegate = owner
    taken?.setReading(true)
    await withCheckedContinuation { done in EventLoop.run { done.resume() } }
    test.stream.receive(" and more")
    #expect(owner.text == "raw bytes and more")
    taken?.write(Array("!".utf8))
    #expect(test.stream.text.hasSuffix("!"))
  }

  @EventLoop private final class Owner: ByteStreamDelegate {
    var text = ""
    func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
      text += String(decoding: bytes, as: UTF8.self)
    }
    func streamDidEnd(_ stream: any ByteStream) {}
    func streamDidDrain(_ stream: any ByteStream) {}
    func streamDidClose(_ stream: any ByteStream, error: SystemError?) {}
  }
}

import Testing
import WebIOPosix

@testable import WebIOHTTP

/// Bodies of requests: held back, too long, broken, cut.
@EventLoop @Suite struct HTTPRequestBodyTests {
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
}

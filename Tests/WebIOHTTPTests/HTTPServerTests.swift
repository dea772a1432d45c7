import Testing
import WebIOPosix

@testable import WebIOHTTP

@EventLoop @Suite struct HTTPServerTests {
  @Test func aRequestIsAnswered() {
    let test = TestServer { $0.respond(.ok, ["Content-Type": "text/plain"], Array("hi \($0.request.path)".utf8)) }
    test.stream.receive("GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(
      test.stream.text.withoutDate
        == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhi /a")
    #expect(!test.stream.isClosed)
  }

  @Test func pipelinedAnswersGoOutInOneWrite() {
    let test = TestServer { $0.respond(.ok, [:], Array($0.request.target.utf8)) }
    test.stream.receive(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(test.stream.writes == 1)
    let text = test.stream.text.withoutDate
    #expect(text == (1...3).map { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/\($0)" }.joined())
  }

  @Test func pipelinedAnswersKeepTheirOrderWhenTheFirstIsLate() {
    var waiting: [HTTPExchange] = []
    let test = TestServer { waiting.append($0) }
    test.stream.receive("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\nbroken\r\n\r\n")
    #expect(waiting.count == 1)
    waiting[0].respond(.ok, text: "1")
    #expect(waiting.count == 2)
    #expect(!test.stream.text.contains(" 400 "))
    waiting[1].respond(.ok, text: "2")
    #expect(test.stream.hasClosedWriting)
    #expect(test.stream.text.contains("HTTP/1.1 400 Bad Request\r\n"))
  }

  @Test func aBodyIsReadWhenAsked() {
    var body: [UInt8]?
    let test = TestServer { exchange in
      exchange.readBody(limit: 100) {
        body = try? $0.get()
        exchange.respond(.ok)
      }
    }
    test.stream.receive("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel")
    #expect(body == nil)
    test.stream.receive("loGET")
    #expect(body == Array("hello".utf8))
    #expect(!test.stream.isClosed)
  }

  @Test func continueIsSentWhenTheBodyIsFirstRead() {
    var exchange: HTTPExchange?
    var body: [UInt8]?
    let test = TestServer { exchange = $0 }
    test.stream.receive("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nTransfer-Encoding: chunked\r\n\r\n")
    #expect(test.stream.text == "")
    exchange?.continueFields.append("X-Extra", "1")
    exchange?.readBody(limit: 100) { body = try? $0.get() }
    #expect(test.stream.takeText() == "HTTP/1.1 100 Continue\r\nX-Extra: 1\r\n\r\n")
    test.stream.receive("3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n")
    #expect(body == Array("abc".utf8))
    #expect(exchange?.trailers["x-t"] == "1")
    exchange?.respond(.ok)
    #expect(test.stream.text.withoutDate == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
  }

  @Test func anEarlyAnswerClosesTheConnection() {
    let test = TestServer { $0.respond(403) }
    test.stream.receive("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(test.stream.text.withoutDate == "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    #expect(test.stream.hasClosedWriting)
  }

  @Test func chunkedAnswer() {
    let test = TestServer { exchange in
      exchange.startResponse(.ok)
      exchange.write(Array("hello".utf8))
      exchange.write([])
      exchange.write(Array(repeating: 0x61, count: 17))
      exchange.finish()
    }
    test.stream.receive("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(
      test.stream.text.withoutDate
        == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n11\r\naaaaaaaaaaaaaaaaa\r\n0\r\n\r\n")
  }

  @Test func realSocketsAndTheClient() async throws {
    var bodies: [String] = []
    let server = HTTPServer(
      handler: TestHandler { exchange in
        exchange.readBody(limit: 1 << 24) { result in
          exchange.respond(.ok, [:], (try? result.get()) ?? [])
        }
      })
    let address = try server.listen(on: SocketAddress(numericHost: "127.0.0.1", port: 0)!)
    let stream = await withCheckedContinuation { (done: CheckedContinuation<SocketStream?, Never>) in
      Connector.connect(to: address) { done.resume(returning: try? $0.get()) }
    }
    let client = HTTPClientConnection(stream: try #require(stream))
    for size in [0, 5, 3_000_000] {
      var received = 0
      let error = await withCheckedContinuation { (done: CheckedContinuation<HTTPError?, Never>) in
        client.onBody = { received += $0.count }
        client.onEnd = { done.resume(returning: $0) }
        client.send("POST", "/", ["Host": "x"], bodyLength: size == 5 ? -1 : size)
        client.write([UInt8](repeating: 7, count: size))
        client.finish()
      }
      #expect(error == nil)
      #expect(received == size)
      bodies.append("\(received)")
    }
    #expect(client.canSend)
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      server.stop(grace: .seconds(5)) { done.resume() }
    }
    #expect(server.connectionCount == 0)
  }
}

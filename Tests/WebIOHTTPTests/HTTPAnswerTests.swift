import Testing
import WebIOPosix

@testable import WebIOHTTP

/// How answers are framed, and what comes before and after them.
@EventLoop @Suite struct HTTPAnswerTests {
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
}

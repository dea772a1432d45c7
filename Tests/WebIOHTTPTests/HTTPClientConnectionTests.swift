import Testing
import WebIOPosix

@testable import WebIOHTTP

@EventLoop @Suite struct HTTPClientConnectionTests {
  private final class Log {
    var events: [String] = []
    var body = ""
  }

  private func client(_ stream: TestStream, _ log: Log) -> HTTPClientConnection {
    let client = HTTPClientConnection(stream: stream)
    client.onInformational = { log.events.append("i\($0.status.code)") }
    client.onHead = { log.events.append("h\($0.status.code)") }
    client.onBody = { log.body += String(decoding: $0, as: UTF8.self) }
    client.onEnd = { log.events.append($0.map { "error \($0.code)" } ?? "end") }
    return client
  }

  private func exchange(_ response: String, method: String = "GET", ends: Bool = false) -> (Log, TestStream, Bool) {
    var results: [(Log, TestStream, Bool)] = []
    for splits in [false, true] {
      let stream = TestStream()
      let log = Log()
      let client = client(stream, log)
      client.send(method, "/", ["Host": "x"])
      let bytes = response.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
      if splits { for byte in bytes { stream.receive([byte]) } } else { stream.receive(bytes) }
      if ends { stream.end() }
      results.append((log, stream, client.canSend))
    }
    #expect(results[0].0.events == results[1].0.events, "\(response)")
    #expect(results[0].0.body == results[1].0.body)
    return results[0]
  }

  @Test func aResponse() {
    let (log, stream, canSend) = exchange("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    #expect(log.events == ["h200", "end"] && log.body == "hello" && canSend)
    #expect(stream.text == "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
  }

  @Test func framings() {
    #expect(exchange("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n").0.body == "abc")
    let close = exchange("HTTP/1.1 200 OK\r\n\r\nuntil the end", ends: true)
    #expect(close.0.events == ["h200", "end"] && close.0.body == "until the end" && !close.2)
    #expect(exchange("HTTP/1.1 204 No Content\r\n\r\n").0.events == ["h204", "end"])
    #expect(exchange("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").0.events == ["h304", "end"])
    #expect(exchange("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", method: "HEAD").0.events == ["h200", "end"])
    #expect(exchange("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n").0.events == ["h200", "end"])
    #expect(!exchange("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").2)
    #expect(exchange("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n").2)
    #expect(!exchange("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").2)
  }

  @Test func interimResponses() {
    let (log, _, _) = exchange(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    )
    #expect(log.events == ["i100", "i103", "h200", "end"])
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 099 X\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n", "ICY 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "HTTP/1.1 200 O\0K\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 +20 OK\r\n\r\n", "HTTP/1.1 200OK\r\n\r\n",
  ])
  func brokenHeads(_ response: String) {
    let (log, stream, canSend) = exchange(response)
    #expect(log.events.last == "error malformed" && !canSend && stream.isClosed, "\(log.events)")
  }

  @Test func anEarlyEnd() {
    for response in [
      "", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
    ] {
      let (log, stream, _) = exchange(response, ends: true)
      #expect(log.events.last == "error closed" && stream.isClosed, "\(response)")
    }
  }

  @Test func bytesThatNobodyAskedForEndIt() {
    let stream = TestStream()
    let client = client(stream, Log())
    stream.receive("HTTP/1.1 200 OK\r\n\r\n")
    #expect(stream.wasAborted && !client.canSend)
    let (log, second, canSend) = exchange(
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    #expect(log.events == ["h200", "end"] && second.wasAborted && !canSend)
  }

  @Test func bodiesOfRequests() {
    let stream = TestStream()
    let log = Log()
    let client = client(stream, log)
    client.send("POST", "/a", ["Host": "x", "Content-Length": "99", "Transfer-Encoding": "x"], bodyLength: -1)
    client.write(Array("hello".utf8))
    client.finish()
    #expect(
      stream.takeText()
        == "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
    stream.receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    #expect(client.canSend)
    client.send("PUT", "/b", ["Host": "x"], bodyLength: 3)
    client.write(Array("abc".utf8))
    #expect(stream.takeText() == "PUT /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
    // The answer comes before the body is out: the connection is of no more use.
    stream.receive("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
    #expect(log.events == ["h200", "end", "h413", "end"] && stream.isClosed)
  }

  @Test func switchingProtocols() async {
    let stream = TestStream()
    let client = HTTPClientConnection(stream: stream)
    var taken: (any ByteStream)?
    client.onHead = { if $0.status == .switchingProtocols { taken = client.takeOver() } }
    client.send("GET", "/", ["Host": "x", "Upgrade": "websocket", "Connection": "Upgrade"])
    stream.receive("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\u{81}")
    #expect(taken is PrefacedStream)
    #expect(!stream.isReading && !stream.isClosed)
  }
}

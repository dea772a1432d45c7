import Testing
import WebIOPosix

@testable import WebIOHTTP

/// Many connections, the graceful stop, and other protocols.
@EventLoop @Suite struct HTTPConnectionEndTests {
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

  /// More than are noted at a time, and some of them busy in between: those go by what they did last.
  @Test func aFloodClosesConnectionsInTheOrderInWhichTheyBecameIdle() {
    var limits = HTTPLimits()
    limits.connections = 601
    let test = echo(limits)
    let streams = (0..<600).map { _ in test.connect() }
    test.stream.receive("GET")
    var order = Array(0..<600)
    for count in 0..<600 {
      // One that would be next, and one that is far behind.
      if count % 50 == 10 {
        for index in [0, order.count - 1] {
          let busy = order.remove(at: index)
          streams[busy].receive(get)
          order.append(busy)
        }
      }
      let next = order.removeFirst()
      let new = test.connect()
      new.receive("GET")
      #expect(streams[next].isClosed && !new.isClosed)
      #expect(order.allSatisfy { !streams[$0].isClosed })
    }
    #expect(test.connect().text.hasPrefix("HTTP/1.1 503 "))
    test.stream.receive(" / HTTP/1.1\r\nHost: x\r\n\r\n")
    let last = test.connect()
    #expect(test.stream.isClosed && !last.isClosed)
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

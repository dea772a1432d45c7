import TestSupport
import Testing
import WebIOPosix

@testable import WebIOHTTP

/// A message after permessage-deflate. RFC 7692 section 7.2.1.
enum WebSocketCompressed {
  static func frame(_ payload: [UInt8]) -> [UInt8] {
    let deflater = Deflater(windowBits: -15)
    var packed: [UInt8] = []
    payload.withUnsafeBytes { deflater.append($0, flush: 2, to: &packed) }
    return WebSocketParserTests.frame(1, Array(packed.dropLast(4)), reserved: 4)
  }
}

@EventLoop @Suite struct AutobahnTests {
  /// An echo server, and the frames that it sent as words.
  private func run(_ item: AutobahnCase, bytewise: Bool) -> [String] {
    let test = TestServer { exchange in
      guard let socket = exchange.upgradeToWebSocket() else { return }
      socket.onText = { [unowned socket] in socket.sendText($0) }
      socket.onBinary = { [unowned socket] in socket.sendBinary($0) }
    }
    test.stream.receive(
      WebSocketConnectionTests.handshake { lines in
        if item.isCompressed { lines.append("Sec-WebSocket-Extensions: permessage-deflate") }
      })
    _ = test.stream.takeBytes()
    for frame in item.sends {
      if bytewise { for byte in frame { test.stream.receive([byte]) } } else { test.stream.receive(frame) }
    }
    return words(test.stream.takeBytes())
  }

  nonisolated private func words(_ bytes: [UInt8]) -> [String] {
    var parser = WebSocketParser(.client, limit: 4 << 20, allowsCompression: true)
    var words: [String] = []
    bytes.withUnsafeBytes { input in
      var position = 0
      while true {
        switch parser.next(input, &position) {
        case .needsMore: return
        case .message(let isText):
          var payload = parser.takeMessage()
          if parser.isCompressed {
            guard case .whole(let plain) = Inflater(windowBits: -15).expand(payload + [0, 0, 0xff, 0xff], limit: 4 << 20)
            else { return words.append("broken compression") }
            payload = plain
          }
          words.append(summary(isText ? "t" : "b", payload, short: isText))
        case .ping: words.append("ping")
        case .pong: words.append("pong")
        case .close(let code, _): words.append(code == 1005 ? "close:" : "close:\(code)")
        case .failed(let code, let reason): words.append("we sent what is wrong: \(code) \(reason)")
        }
      }
    }
    return words
  }

  nonisolated private func summary(_ kind: String, _ payload: [UInt8], short: Bool) -> String {
    short && payload.count <= 40
      ? "\(kind):\(String(decoding: payload, as: UTF8.self))" : "\(kind):(\(payload.count))"
  }

  /// Our parser does not tell a pong's payload; that it is the ping's is in WebSocketConnectionTests.
  nonisolated private func expected(_ item: AutobahnCase) -> [String] {
    item.expects.map { $0.hasPrefix("pong:") ? "pong" : $0 }
  }

  @Test(arguments: AutobahnCase.all) func exchanges(_ item: AutobahnCase) {
    let expected = expected(item)
    #expect(run(item, bytewise: false) == expected)
    if item.sends.reduce(0, { $0 + $1.count }) < 100_000 { #expect(run(item, bytewise: true) == expected) }
  }

  /// A closure that awaits each message answers the ones before a mistake too, and then the connection ends.
  @Test nonisolated func exchangesWithAClosureThatAwaits() async throws {
    let server = WebServer(port: 0) { _ in
      .webSocket { socket in for await message in socket { try await socket.send(message) } }
    }
    let port = UInt16(try await server.start())
    for item in AutobahnCase.all {
      let connection = try Connection(port: port)
      try connection.write(
        WebSocketConnectionTests.handshake { lines in
          if item.isCompressed { lines.append("Sec-WebSocket-Extensions: permessage-deflate") }
        })
      let deadline = Deadline(.seconds(60))
      _ = try connection.read(until: Array("\r\n\r\n".utf8), deadline)
      for frame in item.sends { try connection.write(frame) }
      var expected = expected(item)
      if expected.last?.hasPrefix("close:") != true {
        try connection.write(WebSocketParserTests.frame(8, [3, 0xe8]))
        expected.append("close:1000")
      }
      // Pongs do not wait for answers.
      let isPong = { (word: String) in word == "pong" }
      let words = words(try connection.readToEnd(deadline))
      #expect(words.filter { !isPong($0) } == expected.filter { !isPong($0) }, "\(item.name)")
      #expect(words.count { isPong($0) } == expected.count { isPong($0) }, "\(item.name)")
    }
    await server.stop()
  }

  @Test func thereAreEnoughOfThem() {
    #expect(AutobahnCase.all.count >= 200)
    #expect(Set(AutobahnCase.all.map(\.name)).count == AutobahnCase.all.count)
  }
}

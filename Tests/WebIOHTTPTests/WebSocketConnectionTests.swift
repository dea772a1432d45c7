import Testing
import WebIOPosix

@testable import WebIOHTTP

@EventLoop @Suite struct WebSocketConnectionTests {
  nonisolated static func handshake(
    _ changes: (inout [String]) -> Void = { _ in }
  ) -> String {
    var lines = [
      "GET / HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    changes(&lines)
    return lines.joined(separator: "\r\n") + "\r\n\r\n"
  }

  @EventLoop private final class Peer {
    let test: TestServer
    var socket: WebSocketConnection?
    var events: [String] = []
    var stream: TestStream { test.stream }

    init(limits: HTTPLimits = HTTPLimits(), _ lines: (inout [String]) -> Void = { _ in }, compression: Bool = true) {
      let box = Box()
      test = TestServer(limits: limits) { exchange in
        guard let socket = exchange.upgradeToWebSocket(compression: compression) else { return }
        box.peer?.socket = socket
        socket.onText = { box.peer?.events.append("t:" + String(decoding: $0, as: UTF8.self)) }
        socket.onBinary = { box.peer?.events.append("b:\($0.count)") }
        socket.onClose = { box.peer?.events.append("close\($0):\($1)") }
        socket.onDrain = { box.peer?.events.append("drain") }
      }
      box.peer = self
      test.stream.receive(handshake(lines))
      _ = test.stream.takeText()
    }

    @EventLoop private final class Box { weak var peer: Peer? }

    func receive(_ opcode: UInt8, _ text: String = "", final: Bool = true) {
      stream.receive(WebSocketParserTests.frame(opcode, Array(text.utf8), final: final))
    }
  }

  @Test func handshakeIsAnswered() {
    let test = TestServer { _ = $0.upgradeToWebSocket() }
    test.stream.receive(Self.handshake())
    #expect(
      test.stream.text
        == "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
    #expect(test.server.webSocketCount == 1)
  }

  @Test(arguments: [
    ("no upgrade", 2, "", 426), ("another protocol", 2, "Upgrade: h2c", 426), ("no connection", 3, "", 426),
    ("old version", 4, "Sec-WebSocket-Version: 8", 426), ("no version", 4, "", 426),
    ("no key", 5, "", 400), ("a short key", 5, "Sec-WebSocket-Key: AQIDBA==", 400),
    ("a long key", 5, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA=", 400),
    ("a broken key", 5, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=", 400),
    ("two keys", 5, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", 400),
    ("a body", 1, "Host: x\r\nContent-Length: 1", 400), ("chunks", 1, "Host: x\r\nTransfer-Encoding: chunked", 400),
    ("POST", 0, "POST / HTTP/1.1", 400), ("HTTP/1.0", 0, "GET / HTTP/1.0", 400),
  ])
  func handshakeIsRefused(_ name: String, line: Int, with text: String, code: Int) {
    let test = TestServer { _ = $0.upgradeToWebSocket() }
    test.stream.receive(
      Self.handshake { lines in if text.isEmpty { lines.remove(at: line) } else { lines[line] = text } })
    #expect(test.stream.text.hasPrefix("HTTP/1.1 \(code) "), "\(name)")
    #expect(test.stream.text.contains("Sec-WebSocket-Version: 13\r\n"))
    #expect(test.server.webSocketCount == 0)
  }

  @Test func subprotocols() {
    let test = TestServer { #expect($0.upgradeToWebSocket(subprotocol: "b")?.subprotocol == "b") }
    test.stream.receive(Self.handshake { $0.append("Sec-WebSocket-Protocol: a, b") })
    #expect(test.stream.text.contains("Sec-WebSocket-Protocol: b\r\n"))
    let other = TestServer { #expect($0.upgradeToWebSocket(subprotocol: "c") == nil) }
    other.stream.receive(Self.handshake { $0.append("Sec-WebSocket-Protocol: a, b") })
    #expect(other.stream.text.hasPrefix("HTTP/1.1 400 "))
  }

  @Test func messagesBehindTheHandshakeAreNotLost() async {
    var texts: [String] = []
    let test = TestServer { exchange in
      exchange.upgradeToWebSocket()?.onText = { texts.append(String(decoding: $0, as: UTF8.self)) }
    }
    test.stream.receive(Array(Self.handshake().utf8) + WebSocketParserTests.frame(1, [0x61]))
    await withCheckedContinuation { done in EventLoop.run { done.resume() } }
    test.stream.receive(WebSocketParserTests.frame(1, [0x62]))
    #expect(texts == ["a", "b"])
  }

  @Test func messagesBothWays() {
    let peer = Peer()
    peer.receive(1, "hello")
    peer.receive(2, "xyz")
    #expect(peer.events == ["t:hello", "b:3"])
    peer.socket?.sendText(Array("hi".utf8))
    peer.socket?.sendBinary([1, 2])
    #expect(peer.stream.takeBytes() == [0x81, 2, 0x68, 0x69, 0x82, 2, 1, 2])
    peer.socket?.sendBinary([UInt8](repeating: 7, count: 200))
    #expect(Array(peer.stream.takeBytes().prefix(5)) == [0x82, 126, 0, 200, 7])
    peer.socket?.sendBinary([UInt8](repeating: 7, count: 70_000))
    let large = peer.stream.takeBytes()
    #expect(Array(large.prefix(11)) == [0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70, 7] && large.count == 70_010)
  }

  @Test func aBatchIsOneWrite() {
    let peer = Peer()
    let before = peer.stream.writes
    peer.socket?.batch { for _ in 0..<10 { peer.socket?.sendText([0x61]) } }
    #expect(peer.stream.writes == before + 1)
    #expect(peer.stream.written.count == 30)
  }

  @Test func pingsAreAnsweredInOrder() {
    let peer = Peer()
    peer.stream.receive(WebSocketParserTests.frame(9, [1]) + WebSocketParserTests.frame(9, [2]))
    #expect(peer.stream.takeBytes() == [0x8a, 1, 1, 0x8a, 1, 2])
  }

  @Test func aFloodOfFramesLetsOthersHaveTheirTurn() async {
    let peer = Peer()
    let count = WebSocketConnection.framesPerTurn
    let pings = (0..<(2 * count + 1)).flatMap { _ in WebSocketParserTests.frame(9, []) }
    peer.stream.receive(pings)
    #expect(peer.stream.written.count == 2 * count && !peer.stream.isReading)
    // The owner may want a pause meanwhile, and gets it when the rest is delivered.
    peer.socket?.setReading(false)
    while peer.stream.written.count < 4 * count + 2 { await turn() }
    #expect(peer.stream.written.count == 4 * count + 2 && !peer.stream.isReading)
    peer.socket?.setReading(true)
    #expect(peer.stream.isReading)
  }

  @Test func onlyTheLatestPongWaits() {
    let peer = Peer()
    peer.stream.bufferedBytes = highWaterMark + 1
    for byte: UInt8 in 0..<100 { peer.stream.receive(WebSocketParserTests.frame(9, [byte])) }
    #expect(peer.stream.written.isEmpty)
    peer.stream.bufferedBytes = 0
    peer.stream.drain()
    #expect(peer.stream.written == [0x8a, 1, 99])
    #expect(peer.events == ["drain"])
  }

  @Test func thePeerCloses() {
    let peer = Peer()
    peer.stream.receive(WebSocketParserTests.frame(8, [0x0f, 0xa0] + Array("bye".utf8)))
    #expect(peer.stream.takeBytes() == [0x88, 2, 0x0f, 0xa0])
    #expect(peer.events == ["close4000:bye"])
    #expect(peer.stream.hasClosedWriting && !peer.stream.isClosed)
    peer.socket?.sendText([1])
    peer.receive(1, "late")
    #expect(peer.events.count == 1 && peer.stream.written.isEmpty)
    peer.stream.end()
    #expect(peer.stream.isClosed && peer.test.server.webSocketCount == 0)
  }

  @Test func closeWithoutACodeIsEchoedWithoutOne() {
    let peer = Peer()
    peer.receive(8)
    #expect(peer.stream.takeBytes() == [0x88, 0])
    #expect(peer.events == ["close1005:"])
  }

  /// Autobahn 7.1.5.
  @Test func closeWithinAFragmentedMessage() {
    let peer = Peer()
    peer.receive(1, "frag", final: false)
    peer.stream.receive(WebSocketParserTests.frame(8, [3, 0xe8]))
    #expect(peer.stream.takeBytes() == [0x88, 2, 3, 0xe8])
  }

  @Test func weClose() {
    let peer = Peer()
    peer.socket?.close(code: 1001, reason: String(repeating: "é", count: 100))
    let frame = peer.stream.takeBytes()
    #expect(frame[0] == 0x88 && frame[1] == 124 && frame.count == 126)
    #expect(peer.events.isEmpty)
    peer.receive(1, "while closing")
    peer.stream.receive(WebSocketParserTests.frame(8, [3, 0xe9]))
    #expect(peer.events == ["close1001:"])
    #expect(peer.stream.takeBytes().isEmpty)
  }

  @Test func aCloseThatIsNotAnsweredIsBounded() {
    let peer = Peer()
    peer.socket?.close()
    peer.test.server.sweep(moment(0))
    peer.test.server.sweep(moment(4.9))
    #expect(!peer.stream.isClosed)
    peer.test.server.sweep(moment(5))
    #expect(peer.stream.wasAborted)
    #expect(peer.events == ["close1006:"])
  }

  @Test func aProtocolErrorEndsIt() {
    let peer = Peer()
    peer.receive(1, "a")
    peer.stream.receive(WebSocketParserTests.frame(3))
    #expect(peer.events.first == "t:a")
    let frame = peer.stream.takeBytes()
    #expect(Array(frame.prefix(1)) == [0x88] && Array(frame[2..<4]) == [0x03, 0xea])
    #expect(peer.stream.hasClosedWriting)
    #expect(peer.events.count == 2)
  }

  @Test(arguments: [(UInt8(3), [UInt8](), 0x03, 0xea), (8, [0x03, 0xe9], 0x03, 0xe9)])
  func anEndWaitsForTheAnswersBeforeIt(_ opcode: UInt8, _ payload: [UInt8], _ high: UInt8, _ low: UInt8) {
    let peer = Peer()
    peer.receive(1, "a")
    peer.socket?.isAnswering = true
    peer.stream.receive(WebSocketParserTests.frame(opcode, payload) + WebSocketParserTests.frame(1, [0x62]))
    peer.stream.end()
    #expect(peer.stream.takeBytes().isEmpty && peer.events == ["t:a"] && !peer.stream.isClosed)
    peer.socket?.sendText([0x61])
    #expect(peer.stream.takeBytes() == [0x81, 1, 0x61])
    peer.socket?.isAnswering = false
    let frame = peer.stream.takeBytes()
    #expect(frame[0] == 0x88 && Array(frame[2..<4]) == [high, low])
    #expect(peer.events.count == 2 && peer.stream.isClosed)
  }

  @Test func anEndDoesNotWaitForEver() {
    let peer = Peer()
    peer.socket?.isAnswering = true
    peer.stream.receive(WebSocketParserTests.frame(8, [0x03, 0xe9]))
    peer.test.server.sweep(moment(0))
    peer.test.server.sweep(moment(4.9))
    #expect(peer.events.isEmpty)
    peer.test.server.sweep(moment(5))
    #expect(peer.events == ["close1001:"] && peer.stream.takeBytes() == [0x88, 2, 0x03, 0xe9])
  }

  @Test func theConnectionBreaks() {
    let peer = Peer()
    peer.stream.close()
    #expect(peer.events == ["close1006:"])
    #expect(peer.test.server.connectionCount == 0)
  }

  @Test func silenceIsPinged() {
    let peer = Peer()
    peer.test.server.sweep(moment(0))
    peer.test.server.sweep(moment(29.9))
    #expect(peer.stream.written.isEmpty)
    peer.test.server.sweep(moment(30))
    #expect(peer.stream.takeBytes() == [0x89, 0])
    peer.test.server.sweep(moment(31))
    peer.receive(10)
    peer.test.server.sweep(moment(40))
    peer.test.server.sweep(moment(69))
    #expect(peer.stream.takeBytes().isEmpty)
    peer.test.server.sweep(moment(70))
    #expect(peer.stream.takeBytes() == [0x89, 0])
    peer.test.server.sweep(moment(71))
    peer.test.server.sweep(moment(90))
    #expect(!peer.stream.isClosed)
    peer.test.server.sweep(moment(91))
    #expect(peer.stream.wasAborted && peer.events == ["close1006:"])
  }

  @Test func aSlowReaderIsCutOff() async {
    var limits = HTTPLimits()
    limits.webSocketBuffer = 1_000
    let peer = Peer(limits: limits)
    peer.stream.bufferedBytes = 1_001
    peer.socket?.sendText([0x61])
    await withCheckedContinuation { done in EventLoop.run { done.resume() } }
    #expect(peer.stream.wasAborted)
  }

  // MARK: Compression

  private let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"

  @Test(arguments: [
    ("permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
    (
      "permessage-deflate; client_max_window_bits",
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    ),
    (
      "permessage-deflate; server_max_window_bits=10",
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10"
    ),
    (
      "foo, permessage-deflate; client_max_window_bits=12",
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    ),
    (
      "permessage-deflate; server_max_window_bits=8, permessage-deflate",
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    ),
    ("permessage-deflate; unknown", nil), ("permessage-deflate; server_max_window_bits", nil),
    ("permessage-deflate; server_max_window_bits=16", nil), ("permessage-deflate; server_max_window_bits=08", nil),
    ("permessage-deflate; client_max_window_bits=99999999999999999999", nil), ("x-webkit-deflate-frame", nil),
    ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", nil),
    ("permessage-deflate; server_no_context_takeover=1", nil), ("permessage-deflate;", nil),
  ])
  func negotiation(_ offer: String, _ answer: String?) {
    let test = TestServer { _ = $0.upgradeToWebSocket() }
    test.stream.receive(Self.handshake { $0.append("Sec-WebSocket-Extensions: \(offer)") })
    #expect(test.stream.text.hasPrefix("HTTP/1.1 101 "))
    if let answer {
      #expect(test.stream.text.contains("Sec-WebSocket-Extensions: \(answer)\r\n"))
    } else {
      #expect(!test.stream.text.contains("Extensions"))
    }
  }

  @Test func contextTakeoverCanBeAgreedOn() {
    #expect(
      WebSocketDeflateParameters.choose(from: ["permessage-deflate"], contextTakeover: true)?.description
        == "permessage-deflate")
    #expect(
      WebSocketDeflateParameters.choose(
        from: ["permessage-deflate; client_no_context_takeover; server_max_window_bits=15"], contextTakeover: true)?
        .description == "permessage-deflate; client_no_context_takeover; server_max_window_bits=15")
  }

  private func compressed(_ text: String) -> [UInt8] {
    let deflater = Deflater(windowBits: -15)
    var bytes: [UInt8] = []
    Array(text.utf8).withUnsafeBytes { deflater.append($0, flush: 2, to: &bytes) }
    return bytes.dropLast(4)
  }

  private func frame(_ opcode: UInt8, _ payload: [UInt8], final: Bool = true) -> [UInt8] {
    WebSocketParserTests.frame(opcode, payload, final: final, reserved: opcode == 0 ? 0 : 4)
  }

  @Test func compressedMessagesBothWays() throws {
    let peer = Peer { $0.append(offer) }
    let text = String(repeating: "hello world ", count: 100)
    let bytes = compressed(text)
    #expect(bytes.count < 100)
    peer.stream.receive(frame(1, bytes))
    peer.stream.receive(frame(1, Array(bytes[..<5]), final: false) + frame(0, Array(bytes[5...])))
    #expect(peer.events == ["t:" + text, "t:" + text])
    peer.socket?.sendText(Array(text.utf8))
    let sent = peer.stream.takeBytes()
    #expect(sent[0] == 0xc1 && Int(sent[1]) == sent.count - 2)
    let inflater = Inflater(windowBits: -15)
    guard case .whole(let plain) = inflater.expand(Array(sent[2...]) + [0, 0, 255, 255], limit: 10_000) else {
      return #expect(Bool(false))
    }
    #expect(plain == Array(text.utf8))
    peer.socket?.sendText(Array("short".utf8))
    #expect(peer.stream.takeBytes()[0] == 0x81)
  }

  /// CVE-2026-1526 shape: the limit is one of what comes out.
  @Test func aBombIsNotExpanded() {
    var limits = HTTPLimits()
    limits.webSocketMessage = 100_000
    for size in [99_999, 100_000, 100_001, 50_000_000] {
      let peer = Peer(limits: limits) { $0.append(offer) }
      peer.stream.receive(frame(2, compressed(String(repeating: "a", count: size))))
      #expect(peer.events.first?.hasPrefix(size <= 100_000 ? "b:\(size)" : "close1009:") == true, "\(size)")
    }
  }

  @Test func brokenCompression() {
    let peer = Peer { $0.append(offer) }
    peer.stream.receive(frame(1, [0xff, 0xff, 0xff]))
    #expect(peer.events.first?.hasPrefix("close1007:") == true)
    let text = Peer { $0.append(offer) }
    var bytes: [UInt8] = []
    let deflater = Deflater(windowBits: -15)
    [0xff, 0xfe].withUnsafeBytes { deflater.append($0, flush: 2, to: &bytes) }
    text.stream.receive(frame(1, bytes.dropLast(4)))
    #expect(text.events.first?.hasPrefix("close1007:") == true)
  }

  /// A client that asks for a smaller window costs no memory of its own.
  @Test(arguments: 9...15) func connectionsWithoutContextTakeoverShareTheirCompression(_ bits: Int) throws {
    let offer = "permessage-deflate; server_max_window_bits=\(bits)"
    func side(_ takesOver: Bool) throws -> WebSocketDeflate {
      WebSocketDeflate(
        try #require(WebSocketDeflateParameters.choose(from: [offer], contextTakeover: takesOver)), .server)
    }
    let (first, second) = (try side(false), try side(false))
    #expect(first.sender === second.sender)
    let (own, other) = (try side(true), try side(true))
    #expect(own.sender !== other.sender)
    let text = [UInt8](repeating: 0x61, count: 100_000)
    let inflater = Inflater(windowBits: -Int32(bits))
    for side in [first, second, first] {
      inflater.reset()
      let packed = text.withUnsafeBytes { side.compress($0) }
      guard case .whole(let plain) = inflater.expand(packed + [0, 0, 0xff, 0xff], limit: 1 << 20) else {
        Issue.record("it does not expand in a window of \(bits) bits")
        continue
      }
      #expect(plain == text)
    }
  }

  @Test func connectionsDoNotShareTheirWindows() {
    let first = WebSocketDeflate(WebSocketDeflateParameters(), .server)
    let client = WebSocketDeflate(WebSocketDeflateParameters(), .client)
    let text = (0..<50).map { _ in "\(UInt64.random(in: 0...(.max)))" }.joined()
    var sizes: [Int] = []
    for _ in 0..<3 {
      let bytes = Array(text.utf8).withUnsafeBytes { first.compress($0) }
      sizes.append(bytes.count)
      guard case .whole(let plain) = client.expand(bytes, limit: 10_000) else { return #expect(Bool(false)) }
      #expect(plain == Array(text.utf8))
    }
    // The window is kept: a repetition costs next to nothing.
    #expect(sizes[1] < sizes[0] / 4)
  }

  // MARK: The client's role

  @Test func aClientTalksToAServer() {
    let pipe = TestStream()
    let client = WebSocketConnection(client: pipe)
    var texts: [String] = []
    client.onText = { texts.append(String(decoding: $0, as: UTF8.self)) }
    let peer = Peer()
    client.sendText(Array("from the client".utf8))
    peer.stream.receive(pipe.takeBytes())
    #expect(peer.events == ["t:from the client"])
    peer.socket?.sendText(Array("from the server".utf8))
    pipe.receive(peer.stream.takeBytes())
    #expect(texts == ["from the server"])
    client.close(code: 4321, reason: "done")
    peer.stream.receive(pipe.takeBytes())
    #expect(peer.events.last == "close4321:done")
    pipe.close()
  }
}

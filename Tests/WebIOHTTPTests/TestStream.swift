import WebIOPosix

@testable import WebIOHTTP

/// One end of a connection in memory: the test is the other end.
@EventLoop
final class TestStream: ByteStream {
  var delegate: (any ByteStreamDelegate)?
  let origin: StreamOrigin
  let peerAddress: String
  let peerPort: UInt16
  /// What the test pretends the peer has not taken yet.
  var bufferedBytes = 0
  private(set) var written: [UInt8] = []
  private(set) var writes = 0
  private(set) var isReading = false
  private(set) var hasClosedWriting = false
  private(set) var isClosed = false
  private(set) var wasAborted = false
  private var unread: [UInt8] = []

  init(origin: StreamOrigin = .network, peerAddress: String = "192.0.2.1", peerPort: UInt16 = 0) {
    self.origin = origin
    self.peerAddress = peerAddress
    self.peerPort = peerPort
  }

  var text: String { String(decoding: written, as: UTF8.self) }

  func takeText() -> String {
    defer { written = [] }
    return text
  }

  func takeBytes() -> [UInt8] {
    defer { written = [] }
    return written
  }

  func write(_ bytes: UnsafeRawBufferPointer) {
    guard !isClosed, !hasClosedWriting else { return }
    written += bytes
    writes += 1
  }

  func setReading(_ enabled: Bool) {
    isReading = enabled
  }

  /// The peer sends.
  func receive(_ bytes: [UInt8]) {
    unread += bytes
    while isReading, !unread.isEmpty, !isClosed, let delegate {
      let bytes = unread
      unread = []
      bytes.withUnsafeBytes { delegate.stream(self, didReceive: $0) }
    }
  }

  func receive(_ text: String) { receive(Array(text.utf8)) }

  /// What the peer sent while reading was off.
  func resume() { receive([]) }

  func end() { delegate?.streamDidEnd(self) }
  func drain() { delegate?.streamDidDrain(self) }
  func closeWriting() { hasClosedWriting = true }

  func close() {
    guard !isClosed else { return }
    isClosed = true
    let last = delegate
    delegate = nil
    last?.streamDidClose(self, error: nil)
  }

  func abort() {
    wasAborted = true
    close()
  }
}

/// A handler made of a closure.
@EventLoop
final class TestHandler: HTTPRequestHandler {
  var body: @EventLoop (HTTPExchange) -> Void
  init(_ body: @escaping @EventLoop (HTTPExchange) -> Void) { self.body = body }
  func handle(_ exchange: HTTPExchange) { body(exchange) }
}

/// A server with one connection in memory.
@EventLoop
struct TestServer {
  let server: HTTPServer
  let stream: TestStream

  init(
    limits: HTTPLimits = HTTPLimits(), options: HTTPServerOptions = HTTPServerOptions(),
    log: (@EventLoop (AccessLogEntry) -> Void)? = nil, _ body: @escaping @EventLoop (HTTPExchange) -> Void
  ) {
    server = HTTPServer(handler: TestHandler(body), limits: limits, options: options, accessLog: log)
    stream = TestStream()
    server.accept(stream)
  }

  func connect() -> TestStream {
    let stream = TestStream()
    server.accept(stream)
    return stream
  }
}

extension String {
  /// Without the lines that change with the clock.
  var withoutDate: String {
    var lines = utf8.split(separator: 0x0a, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
    lines.removeAll { $0.utf8.starts(with: "Date: ".utf8) }
    return lines.joined(separator: "\n")
  }
}

let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

/// On the clock that a test moves.
func moment(_ seconds: Double) -> MonotonicTime {
  MonotonicTime(nanoseconds: UInt64((seconds + 1_000) * 1e9))
}

/// Answers `ok`.
@EventLoop
func echo(_ limits: HTTPLimits = HTTPLimits(), _ options: HTTPServerOptions = HTTPServerOptions()) -> TestServer {
  TestServer(limits: limits, options: options) { $0.respond(.ok, [:], Array("ok".utf8)) }
}

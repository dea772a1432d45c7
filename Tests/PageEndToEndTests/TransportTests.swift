import TestSupport
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

extension PageEndToEnd {
  /// The page over HTTP requests, and how it comes to use them.
  @Suite struct TransportTests {
    /// What a proxy may do to a handshake.
    enum Block: CaseIterable, Sendable {
      case refuses, hangs, cuts
    }

    @Test(arguments: Block.allCases) func aPageFindsItsWayWhereNoWebSocketPasses(_ block: Block) async throws {
      let app = try await ServedApp {
        putText("Hello, \(try await input("Name"))!")
        putText("and \(try await input("Again"))")
      }
      let proxy = try await BlockingProxy(to: app.port, block)
      let browser = try await Chromium.fresh()
      try await browser.open("http://localhost:\(await proxy.port)/")
      try await browser.type("Ada\u{E007}", into: "[name=data]")
      try await browser.waitForText("Hello, Ada!")
      #expect(try await browser.run("return WebIO._state.CurrentSession.transport").string == "http")
      // The tab knows now.
      let tries = await proxy.handshakes
      #expect(tries >= 1)
      try browser.refresh()
      try await browser.waitForText("Hello, Ada!")
      #expect(await proxy.handshakes == tries)
      try await browser.type("Bob\u{E007}", into: "[name=data]")
      try await browser.waitForText("and Bob")
      try await browser.waitForText("This session has ended.")
    }

    @Test func aPageThatHasAWebSocketKeepsToIt() async throws {
      let browser = try await open {
        putText("welcome"); hold()
      }
      try await browser.waitForText("welcome")
      #expect(try await browser.run("return WebIO._state.CurrentSession.transport").string == "ws")
      #expect(
        try await browser.run("return performance.getEntriesByType('resource').some((r) => r.name.includes('polling'))").bool
          == false)
    }

    @Test func filesAndManyLinesGoOverHTTPToo() async throws {
      let directory = try TemporaryDirectory("webio-http")
      let content = String(repeating: "0123456789abcdef", count: 128 << 10)
      try directory.write("large.txt", content)
      let browser = try await open(transport: .http) {
        let file = try await fileUpload("File")
        putText("got \(file?.size ?? 0)")
        for number in 1...3_000 { putText("line \(number)") }
        putText("last: \(try await input("Name"))")
        hold()
      }
      try await browser.type(directory.file("large.txt"), into: "[name=data]")
      try await browser.press(button: "Submit")
      try await browser.waitForText("got \(content.utf8.count)")
      try await browser.waitForText("line 3000")
      #expect(try await browser.lines().count == 3_001)
      try await browser.type("Ada\u{E007}", into: "[name=data]")
      try await browser.waitForText("last: Ada")
      try await browser.expectNoProblems()
    }

    /// What comes while nobody asks for it: an answer waits for it, and it is there at once.
    @Test func outputComesWithoutBeingAskedFor() async throws {
      let browser = try await open(transport: .http) {
        for number in 0..<20 {
          putText("tick \(number)")
          try await Task.sleep(for: .milliseconds(100))
        }
        hold()
      }
      try await browser.waitForText("tick 19")
      // One request for each, not a second's interval.
      let count = try await browser.run(
        "return performance.getEntriesByType('resource').filter((r) => r.name.includes('ack=')).length")
      #expect((count.number ?? 0) >= 15)
    }
  }
}

/// Passes everything on but WebSockets.
@EventLoop
final class BlockingProxy {
  private var listener: Listener?
  private let target: UInt16
  private let block: PageEndToEnd.TransportTests.Block
  private(set) var handshakes = 0
  var port: UInt16 { listener?.address.port ?? 0 }

  init(to port: Int, _ block: PageEndToEnd.TransportTests.Block) throws {
    target = UInt16(port)
    self.block = block
    listener = try Listener(try #require(SocketAddress(numericHost: "127.0.0.1", port: 0))) { [unowned self] stream in
      let visitor = Pipe(stream)
      visitor.first = { [self] bytes in
        let head = String(decoding: bytes, as: UTF8.self)
        guard !head.contains("Upgrade: websocket") else { return stop(stream) }
        guard let address = SocketAddress(numericHost: "127.0.0.1", port: target) else { return }
        Connector.connect(to: address) { result in
          guard case .success(let upstream) = result else { return stream.close() }
          let other = Pipe(upstream)
          (visitor.other, other.other) = (upstream, stream)
          upstream.write(bytes)
        }
      }
    }
  }

  private func stop(_ stream: any ByteStream) {
    handshakes += 1
    switch block {
    case .refuses:
      stream.write(Array("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8))
      stream.close()
    case .cuts: stream.abort()
    case .hangs: break
    }
  }

  @EventLoop private final class Pipe: ByteStreamDelegate {
    var first: (@EventLoop ([UInt8]) -> Void)?
    weak var other: (any ByteStream)?
    private var waiting: [UInt8] = []

    init(_ stream: any ByteStream) {
      stream.delegate = self
      stream.setReading(true)
    }

    func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
      if let first {
        self.first = nil
        return first(Array(bytes))
      }
      other?.write(bytes)
    }

    func streamDidEnd(_ stream: any ByteStream) { stream.close() }
    func streamDidDrain(_ stream: any ByteStream) {}
    func streamDidClose(_ stream: any ByteStream, error: SystemError?) { other?.close() }
  }
}

import Testing
import WebIOPosix

@testable import WebIOHTTP

/// Every limit at one below, at itself and at one above: the first two pass, the third is refused whole, never cut.
@EventLoop @Suite struct LimitTests {
  /// What comes of a request of `size`: its status, or for a WebSocket its close code.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let limit: Int
    let refusal: Int
    let set: @Sendable (inout HTTPLimits, Int) -> Void
    /// A request that uses exactly that much of the limit.
    let request: @Sendable (Int) -> String
    var testDescription: String { name }
  }

  nonisolated private static func head(_ line: String = "GET / HTTP/1.1", _ fields: String = "") -> String {
    "\(line)\r\nHost: x\r\n\(fields)\r\n"
  }

  nonisolated private static func x(_ count: Int) -> String { String(repeating: "x", count: count) }

  nonisolated static let cases: [Case] = [
    Case(name: "requestLine", limit: 100, refusal: 414, set: { $0.requestLine = $1 }) { size in
      head("GET /\(x(size - 14)) HTTP/1.1")
    },
    Case(name: "fieldLine", limit: 60, refusal: 431, set: { $0.fieldLine = $1 }) { size in
      head("GET / HTTP/1.1", "X: \(x(size - 3))\r\n")
    },
    Case(name: "fieldSection", limit: 200, refusal: 431, set: { $0.fieldSection = $1 }) { size in
      // `Host: x` is 9 bytes with its line end, the field's name and ends are 5.
      head("GET / HTTP/1.1", "X: \(x(size - 14))\r\n")
    },
    Case(name: "fieldCount", limit: 10, refusal: 431, set: { $0.fieldCount = $1 }) { size in
      head("GET / HTTP/1.1", (1..<size).map { "X\($0): y\r\n" }.joined())
    },
    Case(name: "body of a length", limit: 50, refusal: 413, set: { $0.body = $1 }) { size in
      head("POST / HTTP/1.1", "Content-Length: \(size)\r\n") + x(size)
    },
    Case(name: "body of one chunk", limit: 50, refusal: 413, set: { $0.body = $1 }) { size in
      head("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n") + String(size, radix: 16) + "\r\n\(x(size))\r\n0\r\n\r\n"
    },
    Case(name: "body of many chunks", limit: 50, refusal: 413, set: { $0.body = $1 }) { size in
      head("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n") + String(repeating: "1\r\nx\r\n", count: size) + "0\r\n\r\n"
    },
    Case(name: "chunkExtensions", limit: 40, refusal: 413, set: { $0.chunkExtensions = $1 }) { size in
      // Behind the semicolon: the name, and the CR that ends it.
      head("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n") + "1;\(x(size - 1))\r\nx\r\n0\r\n\r\n"
    },
    Case(name: "trailers", limit: 40, refusal: 431, set: { $0.trailers = $1 }) { size in
      head("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n") + "0\r\nX: \(x(size - 5))\r\n\r\n"
    },
    Case(name: "smallChunks", limit: 30, refusal: 413, set: { $0.smallChunks = $1 - 1 }) { size in
      // Sixteen bytes are worth one chunk more.
      head("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n") + "10\r\n\(x(16))\r\n"
        + String(repeating: "1\r\nx\r\n", count: size - 1 - (size - 1) / 16) + "0\r\n\r\n"
    },
  ]

  @Test(arguments: cases.filter { $0.name != "smallChunks" }, [-1, 0, 1])
  func ofARequest(_ item: Case, beyond: Int) {
    var limits = HTTPLimits()
    item.set(&limits, item.limit)
    for isSplit in [false, true] {
      var received: Int?
      let test = TestServer(limits: limits) { exchange in
        exchange.readBody(limit: .max) { result in
          received = (try? result.get())?.count
          if received != nil {
            exchange.respond(.ok)
          } else if case .failure(let error) = result {
            exchange.respond(error.status)
          }
        }
      }
      let request = Array(item.request(item.limit + beyond).utf8)
      if isSplit { for byte in request { test.stream.receive([byte]) } } else { test.stream.receive(request) }
      let expected = beyond > 0 ? "HTTP/1.1 \(item.refusal) " : "HTTP/1.1 200 OK\r\n"
      #expect(test.stream.text.hasPrefix(expected), "\(item.name) \(beyond): \(test.stream.text.prefix(40))")
      #expect((beyond > 0) == test.stream.hasClosedWriting, "\(item.name) \(beyond)")
      if beyond > 0 { #expect(received == nil, "\(item.name): a part of it was handed on") }
    }
  }

  @Test(arguments: [-1, 0, 1]) func ofConnections(_ beyond: Int) {
    var limits = HTTPLimits()
    limits.connections = 10
    let test = TestServer(limits: limits) { _ in }
    var streams = [test.stream]
    while streams.count < limits.connections + beyond { streams.append(test.connect()) }
    // Busy ones cannot be closed to make room.
    for stream in streams { stream.receive(Self.head()) }
    #expect(test.server.connectionCount == min(10, 10 + beyond))
    let last = test.connect()
    #expect(last.text.hasPrefix("HTTP/1.1 503 ") == (beyond >= 0))
  }

  @Test(arguments: [-1, 0, 1]) func ofTheHandlersBody(_ beyond: Int) {
    var status = 0
    let test = TestServer { exchange in
      exchange.readBody(limit: 20) { result in
        if case .failure(let error) = result { status = error.status.code } else { status = 200 }
      }
    }
    test.stream.receive(Self.head("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n"))
    for _ in 0..<20 + beyond { test.stream.receive("1\r\nx\r\n") }
    test.stream.receive("0\r\n\r\n")
    #expect(status == (beyond > 0 ? 413 : 200))
  }

  // MARK: WebSocket

  private func open(_ limits: HTTPLimits) -> (test: TestServer, events: () -> [String]) {
    final class Events { var all: [String] = [] }
    let events = Events()
    let test = TestServer(limits: limits) { exchange in
      guard let socket = exchange.upgradeToWebSocket() else { return }
      socket.onText = { [unowned socket] in
        events.all.append("\($0.count)")
        socket.sendText([UInt8](repeating: 0x61, count: $0.count))
      }
      socket.onClose = { code, _ in events.all.append("!\(code)") }
    }
    test.stream.receive(
      WebSocketConnectionTests.handshake { $0.append("Sec-WebSocket-Extensions: permessage-deflate") })
    return (test, { events.all })
  }

  @Test(arguments: [-1, 0, 1], ["whole", "fragments", "deflated"])
  func ofAMessage(_ beyond: Int, _ form: String) {
    var limits = HTTPLimits()
    limits.webSocketMessage = 1_000
    let (test, events) = open(limits)
    let payload = [UInt8](repeating: 0x61, count: 1_000 + beyond)
    switch form {
    case "whole": test.stream.receive(WebSocketParserTests.frame(1, payload))
    case "fragments":
      test.stream.receive(WebSocketParserTests.frame(1, Array(payload[..<500]), final: false))
      test.stream.receive(WebSocketParserTests.frame(0, Array(payload[500...])))
    default:
      let deflater = Deflater(windowBits: -15)
      var packed: [UInt8] = []
      payload.withUnsafeBytes { deflater.append($0, flush: 2, to: &packed) }
      test.stream.receive(WebSocketParserTests.frame(1, Array(packed.dropLast(4)), reserved: 4))
    }
    #expect(events() == (beyond > 0 ? ["!1009"] : ["\(payload.count)"]), "\(form)")
  }

  @Test(arguments: [-1, 0, 1]) func ofEmptyFragments(_ beyond: Int) {
    var limits = HTTPLimits()
    limits.webSocketEmptyFragments = 20
    let (test, events) = open(limits)
    test.stream.receive(WebSocketParserTests.frame(1, [0x61], final: false))
    for _ in 0..<20 + beyond { test.stream.receive(WebSocketParserTests.frame(0, [], final: false)) }
    test.stream.receive(WebSocketParserTests.frame(0, [0x62]))
    #expect(events() == (beyond > 0 ? ["!1008"] : ["2"]))
  }

  @Test(arguments: [-1, 0, 1]) func ofAControlFrame(_ beyond: Int) {
    let (test, events) = open(HTTPLimits())
    test.stream.receive(WebSocketParserTests.frame(9, [UInt8](repeating: 0x61, count: 125 + beyond)))
    #expect(events() == (beyond > 0 ? ["!1002"] : []))
  }

  @Test(arguments: [-1, 0, 1]) func ofWhatWaitsForASlowReader(_ beyond: Int) async {
    var limits = HTTPLimits()
    limits.webSocketBuffer = 5_000
    let (test, _) = open(limits)
    // The echo of one letter is a frame of three bytes.
    test.stream.bufferedBytes = 4_997 + beyond
    test.stream.receive(WebSocketParserTests.frame(1, [0x61]))
    await withCheckedContinuation { done in EventLoop.run { done.resume() } }
    #expect(test.stream.wasAborted == (beyond > 0))
  }
}

import Foundation
import TestSupport
import Testing

/// An HTTP server that sends one event, and the next one only when it is told to, by a way of its own.
final class EventServer: Sendable {
  let port: UInt16
  private let service: GuardedService

  init() async throws {
    let port = try freePort()
    self.port = port
    service = try await GuardedService(Program.require("python3"), ["-c", Self.script, "\(port)"])
    try await eventually("python serves") { Processes.isListening(port) }
  }

  /// Server-sent events and a WebSocket: the first one is here before the second one is sent.
  func expectNoWaiting(port: UInt16, host: String? = nil) throws {
    let host = host ?? "127.0.0.1:\(port)"
    let limit = Duration.seconds(10)
    let mark = UInt32.random(in: 0..<UInt32.max)
    let stream = try Connection(port: port)
    try stream.write("GET /events?e\(mark) HTTP/1.1\r\nHost: \(host)\r\nAccept: text/event-stream\r\n\r\n")
    let head = try stream.read(until: Array("\r\n\r\n".utf8), Deadline(limit))
    #expect(String(decoding: head, as: UTF8.self).contains("text/event-stream"))
    let first = try stream.read(until: Array("data: one\n\n".utf8), Deadline(limit))
    #expect(!String(decoding: first, as: UTF8.self).contains("two"))
    #expect(try HTTPProbe.get("/next?e\(mark)", port: self.port).text == "go on")
    _ = try stream.read(until: Array("data: two\n\n".utf8), Deadline(limit))

    let socket = try WebSocketProbe("/ws?w\(mark)", port: port, host: host)
    #expect(try socket.receive(within: limit) == "one")
    #expect(try HTTPProbe.get("/next?w\(mark)", port: self.port).text == "go on")
    #expect(try socket.receive(within: limit) == "two")
    try socket.send("three")
    #expect(try socket.receive(within: limit) == "three")
  }

  private static let script = #"""
    import base64, collections, hashlib, http.server, sys, threading
    gates = collections.defaultdict(threading.Event)
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def log_message(self, *words): pass
        def send(self, data): self.wfile.write(data); self.wfile.flush()
        def do_GET(self):
            path, _, mark = self.path.partition("?")
            if path == "/events":
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for text in (b"one", b"two"):
                    self.send(b"%x\r\ndata: %s\n\n\r\n" % (len(text) + 8, text))
                    if text == b"one": gates[mark].wait(60)
                self.send(b"0\r\n\r\n")
            elif path == "/ws":
                key = self.headers["Sec-WebSocket-Key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
                self.send_response(101)
                self.send_header("Upgrade", "websocket")
                self.send_header("Connection", "Upgrade")
                self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key).digest()).decode())
                self.end_headers()
                frame = lambda text: self.send(bytes([0x81, len(text)]) + text)
                frame(b"one"); gates[mark].wait(60); frame(b"two")
                length = self.rfile.read(2)[1] & 0x7f
                mask = self.rfile.read(4)
                frame(bytes(byte ^ mask[i & 3] for i, byte in enumerate(self.rfile.read(length))))
                self.close_connection = True
            else:
                gates[mark].set()
                self.send_response(200)
                self.send_header("Content-Length", "5")
                self.end_headers()
                self.send(b"go on")
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
    """#
}

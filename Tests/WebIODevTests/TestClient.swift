import Glibc
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIODev

/// An answer as a client sees it.
struct Answer: Sendable {
  var status = 0
  var fields = HTTPFields()
  var body: [UInt8] = []
  var error: HTTPError?
  var text: String { String(decoding: body, as: UTF8.self) }
}

/// A client of the gateway, on either side.
@EventLoop
enum TestClient {
  /// A connection to the gateway's own end of a socket pair, as a tunnel's channel is.
  static func stream(_ gateway: Gateway, _ side: GatewaySide) throws -> SocketStream {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw SystemError("socketpair") }
    let server = try SocketStream(
      descriptor: ends[0], peerAddress: side == .local ? "127.0.0.1" : "",
      origin: side == .local ? .network : .tunnel)
    gateway.server.accept(server)
    return try SocketStream(descriptor: ends[1])
  }

  /// One request. `body` is sent with its length, or in chunks of a mebibyte.
  static func send(
    _ gateway: Gateway, _ method: String, _ target: String, _ fields: HTTPFields = HTTPFields(),
    side: GatewaySide = .local, body: [UInt8]? = nil, chunked: Bool = false,
    onBody: (@EventLoop (UnsafeRawBufferPointer) -> Void)? = nil
  ) async throws -> Answer {
    let client = HTTPClientConnection(stream: try stream(gateway, side))
    var all: HTTPFields = [:]
    if !fields.contains("Host") { all.append("Host", side == .local ? "localhost:8080" : "my.share.example") }
    for (name, value) in fields.list { all.append(name, value) }
    final class Box { var answer = Answer(); var sent = 0 }
    let box = Box()
    return await withCheckedContinuation { (done: CheckedContinuation<Answer, Never>) in
      client.onHead = {
        box.answer.status = $0.status.code; box.answer.fields = $0.fields
      }
      client.onBody = { bytes in
        if let onBody { onBody(bytes) } else { box.answer.body.append(contentsOf: bytes) }
      }
      client.onEnd = { error in
        box.answer.error = error
        client.close()
        done.resume(returning: box.answer)
      }
      client.send(method, target, all, bodyLength: body.map { chunked ? -1 : $0.count })
      guard let body else { return }
      @EventLoop func pump() {
        while box.sent < body.count {
          if client.bufferedBytes > highWaterMark { return }
          let end = min(box.sent + 1 << 20, body.count)
          body.withUnsafeBytes { client.write(UnsafeRawBufferPointer(rebasing: $0[box.sent..<end])) }
          box.sent = end
        }
        client.finish()
      }
      client.onDrain = { pump() }
      pump()
    }
  }
}

/// Collects what a raw stream brings.
@EventLoop
final class RawClient: ByteStreamDelegate {
  let stream: SocketStream
  let received = Recorder<Void>()
  /// Up to 64 KiB of the latest.
  private(set) var text = ""
  private(set) var hasEnded = false
  private(set) var isClosed = false

  init(_ stream: SocketStream) {
    self.stream = stream
    stream.delegate = self
    stream.setReading(true)
  }

  func write(_ text: String) { stream.write(Array(text.utf8)) }

  func wait(for part: String) async -> Bool {
    await received.wait(.seconds(60)) { [self] _ in text.contains(part) }
  }

  func waitForEnd() async -> Bool { await received.wait { [self] _ in hasEnded || isClosed } }

  func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
    text += String(decoding: bytes, as: UTF8.self)
    if text.utf8.count > 128 << 10 { text = String(text.suffix(64 << 10)) }
    received.add(())
  }
  func streamDidEnd(_ stream: any ByteStream) {
    hasEnded = true
    received.add(())
  }
  func streamDidDrain(_ stream: any ByteStream) {}
  func streamDidClose(_ stream: any ByteStream, error: SystemError?) {
    isClosed = true
    received.add(())
  }
}

import Glibc
import Testing
import WebIOPosix

@EventLoop @Suite(.timeLimit(.minutes(5))) struct SocketStreamTests {
  private final class Reader: ByteStreamDelegate {
    var text = ""
    var drained = 0
    var onClose: ((SystemError?) -> Void)?

    func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
      text += String(decoding: bytes, as: UTF8.self)
    }
    func streamDidEnd(_ stream: any ByteStream) { stream.close() }
    func streamDidDrain(_ stream: any ByteStream) { drained += 1 }
    func streamDidClose(_ stream: any ByteStream, error: SystemError?) { onClose?(error) }
  }

  /// Both ends of a connection: a stream, and a descriptor that the test holds.
  private func pair(unix: Bool) throws -> (stream: SocketStream, peer: Int32) {
    var ends: [Int32] = [-1, -1]
    if unix {
      #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
      return (try SocketStream(descriptor: ends[0]), ends[1])
    }
    let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: 0))
    let listener = try Listener.bind(address)
    defer { close(listener) }
    let bound = try SocketAddress.local(of: listener)
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #expect(bound.withSockaddr { connect(client, $0, $1) } == 0)
    return (try SocketStream(descriptor: client), accept(listener, nil, nil))
  }

  @Test(arguments: [true, false], [true, false])
  func whatThePeerSaidBeforeItClosedIsRead(unix: Bool, readsLate: Bool) async throws {
    let (stream, peer) = try pair(unix: unix)
    let reader = Reader()
    stream.delegate = reader
    if !readsLate { stream.setReading(true) }
    // More than the kernel holds, of which the peer reads nothing.
    stream.write([UInt8](repeating: 7, count: 8 << 20))
    let answer = Array("HTTP/1.1 413 Content Too Large\r\n\r\n".utf8)
    #expect(write(peer, answer, answer.count) == answer.count)
    close(peer)
    let error = await withCheckedContinuation { (done: CheckedContinuation<SystemError?, Never>) in
      reader.onClose = { done.resume(returning: $0) }
      if readsLate { Reactor.shared.schedule(after: .milliseconds(50)) { stream.setReading(true) } }
    }
    #expect(reader.text == "HTTP/1.1 413 Content Too Large\r\n\r\n")
    #expect(error.map { [EPIPE, ECONNRESET].contains($0.code) } ?? true, "\(String(describing: error))")
  }
}

/// Where the bytes of a stream come from; it decides what they may reach.
package enum StreamOrigin: Sendable, Equatable {
  /// A socket of this machine or its network.
  case network
  /// A tunnel's channel: everybody on the internet. It must never be taken for a local peer.
  case tunnel
}

/// A connection's two directions of bytes, confined to the event loop: a socket, a tunnel's channel, TLS over another one.
///
/// Writing never blocks and never fails at once: what the peer does not take is buffered, and `bufferedBytes` says how
/// much. A producer that sees it above `highWaterMark` stops until `streamDidDrain`. The stream keeps its delegate alive
/// until `streamDidClose`, which comes exactly once and last.
@EventLoop
package protocol ByteStream: AnyObject {
  var delegate: (any ByteStreamDelegate)? { get set }
  var origin: StreamOrigin { get }
  /// The peer's address as text, without a port; empty for a unix socket.
  var peerAddress: String { get }
  /// 0 where there is none: a unix socket, a tunnel.
  var peerPort: UInt16 { get }
  var bufferedBytes: Int { get }

  func write(_ bytes: UnsafeRawBufferPointer)
  /// Reading is off until it is switched on, and while it is off the peer is held back.
  func setReading(_ enabled: Bool)
  /// Ends our direction once the buffer is out: the peer reads an end of file, and may go on sending.
  func closeWriting()
  /// Closes both directions once the buffer is out.
  func close()
  /// Closes at once; what is buffered is lost.
  func abort()
}

extension ByteStream {
  package var peerPort: UInt16 { 0 }

  package func write(_ bytes: [UInt8]) {
    bytes.withLoopBytes { write($0) }
  }
}

extension [UInt8] {
  /// `withUnsafeBytes` for code of the loop.
  ///
  /// Into each closure of the loop's that goes to the standard library the compiler puts a question, on which thread it is
  /// called. It is answered at run time, and some four of them were a twentieth of the time that a small request takes.
  @EventLoop
  package func withLoopBytes(_ body: @EventLoop (UnsafeRawBufferPointer) -> Void) {
    body(storage)
    extendLifetime(self)
  }

  /// Stays where it is as long as nobody writes to the array or lets it go.
  private nonisolated var storage: UnsafeRawBufferPointer { withUnsafeBytes { $0 } }
}

/// 256 KiB: above it a producer waits. The kernel holds some megabytes more for a fast peer; for thousands that read nothing,
/// this is what they cost.
package let highWaterMark = 256 << 10

extension ByteStream {
  /// The mark of this stream. A tunnel's visitors share one connection with all the others: what waits for a slow one is
  /// best left where it comes from, and there may be hundreds of them.
  package var highWater: Int { origin == .tunnel ? 64 << 10 : highWaterMark }
}

@EventLoop
package protocol ByteStreamDelegate: AnyObject {
  /// `bytes` are valid during the call only.
  func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer)
  /// The peer ended its direction.
  func streamDidEnd(_ stream: any ByteStream)
  /// The buffer, which had been above the high-water mark, fell below half of it.
  func streamDidDrain(_ stream: any ByteStream)
  /// `error` is nil after an orderly close.
  func streamDidClose(_ stream: any ByteStream, error: SystemError?)
}

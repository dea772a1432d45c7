/// One end of a connection within this process: what is written to it, the other end reads.
///
/// It behaves as a socket does: a peer that does not read lets `bufferedBytes` grow, and delegates hear of the peer in later
/// turns of the loop, never within a call of their own.
@EventLoop
package final class MemoryStream: ByteStream {
  package var delegate: (any ByteStreamDelegate)?
  package let origin: StreamOrigin
  package let peerAddress: String
  /// On its way to the peer.
  private var output = ByteQueue()
  /// It keeps the peer until one of the two is closed, as the kernel keeps a connection.
  private var peer: MemoryStream?
  private var isReading = false
  private var wasAboveHighWater = false
  private var isScheduled = false
  private var sawEnd = false
  private enum Writing { case open, ending, ended }
  private var writing = Writing.open
  private var closesWhenDrained = false
  private var isClosed = false

  /// What one turn hands over.
  private static let chunkSize = 64 << 10

  private init(_ origin: StreamOrigin, _ peerAddress: String) {
    self.origin = origin
    self.peerAddress = peerAddress
  }

  /// A client's end, and the server's, which sees `peerAddress`.
  package static func pair(peerAddress: String, origin: StreamOrigin = .network) -> (client: MemoryStream, server: MemoryStream)
  {
    let (client, server) = (MemoryStream(.network, ""), MemoryStream(origin, peerAddress))
    (client.peer, server.peer) = (server, client)
    return (client, server)
  }

  package var bufferedBytes: Int { output.count }

  package func write(_ bytes: UnsafeRawBufferPointer) {
    guard !isClosed, writing == .open, !bytes.isEmpty else { return }
    // The peer takes no more, and what it said last is read to its end.
    guard let peer, !peer.isClosed else { return }
    output.append(bytes)
    if output.count >= highWaterMark { wasAboveHighWater = true }
    schedule()
  }

  package func setReading(_ enabled: Bool) {
    isReading = enabled
    if enabled { peer?.schedule() }
  }

  package func closeWriting() {
    guard writing == .open else { return }
    writing = .ending
    schedule()
  }

  package func close() {
    guard !isClosed else { return }
    closesWhenDrained = true
    if writing == .open { writing = .ending }
    schedule()
  }

  package func abort() {
    let peer = peer
    finish(nil)
    EventLoop.run { peer?.finish(SystemError("read", code: 104)) }
  }

  private func schedule() {
    guard !isScheduled, !isClosed else { return }
    isScheduled = true
    EventLoop.run { [self] in
      isScheduled = false
      deliver()
    }
  }

  /// Hands on a piece of what waits, then an end that waits behind it.
  private func deliver() {
    guard !isClosed, let peer else { return }
    if !output.isEmpty {
      guard peer.isReading, !peer.isClosed else { return }
      let piece = output.withUnsafeBytes { [UInt8]($0.prefix(Self.chunkSize)) }
      output.consume(piece.count)
      piece.withUnsafeBytes { peer.delegate?.stream(peer, didReceive: $0) }
      if wasAboveHighWater, output.count < highWaterMark / 2 {
        wasAboveHighWater = false
        delegate?.streamDidDrain(self)
      }
      return schedule()
    }
    if writing == .ending, closesWhenDrained || peer.isReading {
      writing = .ended
      peer.end()
    }
    if closesWhenDrained { finish(nil) }
  }

  private func end() {
    guard !isClosed, !sawEnd else { return }
    sawEnd = true
    delegate?.streamDidEnd(self)
  }

  private func finish(_ error: SystemError?) {
    guard !isClosed else { return }
    isClosed = true
    output.removeAll()
    let peer = peer
    self.peer = nil
    // What it has written, nobody will read; it may still hear of our end.
    peer?.output.removeAll()
    peer?.schedule()
    let last = delegate
    delegate = nil
    last?.streamDidClose(self, error: error)
  }
}

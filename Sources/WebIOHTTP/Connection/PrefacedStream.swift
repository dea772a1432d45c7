import WebIOPosix

/// A stream together with bytes that were read from it before: they come first.
@EventLoop
final class PrefacedStream: ByteStream, ByteStreamDelegate {
  private let stream: any ByteStream
  private var preface: [UInt8]
  private var isReading = false
  private var isScheduled = false
  var delegate: (any ByteStreamDelegate)?

  init(_ preface: [UInt8], _ stream: any ByteStream) {
    self.preface = preface
    self.stream = stream
    stream.delegate = self
  }

  var origin: StreamOrigin { stream.origin }
  var peerAddress: String { stream.peerAddress }
  var peerPort: UInt16 { stream.peerPort }
  var bufferedBytes: Int { stream.bufferedBytes }

  func write(_ bytes: UnsafeRawBufferPointer) { stream.write(bytes) }
  func closeWriting() { stream.closeWriting() }
  func close() { stream.close() }
  func abort() { stream.abort() }

  func setReading(_ enabled: Bool) {
    isReading = enabled
    guard !preface.isEmpty else { return stream.setReading(enabled) }
    guard enabled, !isScheduled else { return }
    isScheduled = true
    EventLoop.run { [self] in
      isScheduled = false
      guard isReading, let delegate else { return }
      let bytes = preface
      preface = []
      bytes.withUnsafeBytes { delegate.stream(self, didReceive: $0) }
      if isReading { stream.setReading(true) }
    }
  }

  func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
    delegate?.stream(self, didReceive: bytes)
  }

  func streamDidEnd(_ stream: any ByteStream) { delegate?.streamDidEnd(self) }
  func streamDidDrain(_ stream: any ByteStream) { delegate?.streamDidDrain(self) }

  func streamDidClose(_ stream: any ByteStream, error: SystemError?) {
    let last = delegate
    delegate = nil
    last?.streamDidClose(self, error: error)
  }
}

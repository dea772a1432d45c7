import WebIOPosix

/// Two streams tied together: what one reads the other writes, until both have ended. For what follows a `101`.
@EventLoop
final class Splice {
  private let left: any ByteStream
  private let right: any ByteStream
  private let onClose: @EventLoop () -> Void
  /// Told after it, once.
  var onEnd: (@EventLoop () -> Void)?
  private var open = 2

  typealias Tap = @EventLoop (UnsafeRawBufferPointer) -> Void

  /// Keeps itself alive through the streams' delegates. A tap sees what one of them reads.
  init(
    _ left: any ByteStream, _ right: any ByteStream, leftTap: Tap? = nil, rightTap: Tap? = nil,
    onClose: @escaping @EventLoop () -> Void
  ) {
    self.left = left
    self.right = right
    self.onClose = onClose
    left.delegate = Half(self, to: right, leftTap)
    right.delegate = Half(self, to: left, rightTap)
    left.setReading(true)
    right.setReading(true)
  }

  func abort() {
    left.abort()
    right.abort()
  }

  private func halfClosed(_ other: any ByteStream, _ error: SystemError?) {
    open -= 1
    if open == 1 {
      // What is on its way to the other side still goes out; a reset is passed on as one.
      if error == nil { other.close() } else { other.abort() }
    } else {
      onClose()
      onEnd?()
      onEnd = nil
    }
  }

  /// One direction.
  @EventLoop
  private final class Half: ByteStreamDelegate {
    private let splice: Splice
    private let target: any ByteStream
    private let tap: Tap?
    private var hasEnded = false

    init(_ splice: Splice, to target: any ByteStream, _ tap: Tap?) {
      self.splice = splice
      self.target = target
      self.tap = tap
    }

    func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
      tap?(bytes)
      target.write(bytes)
      if target.bufferedBytes > target.highWater { stream.setReading(false) }
    }

    func streamDidEnd(_ stream: any ByteStream) {
      hasEnded = true
      target.closeWriting()
      (target.delegate as? Half)?.sourceEnded(stream)
    }

    /// Both directions have ended: nothing more can come.
    private func sourceEnded(_ other: any ByteStream) {
      guard hasEnded else { return }
      target.close()
      other.close()
    }

    /// Our stream takes bytes again: the other one is read again.
    func streamDidDrain(_ stream: any ByteStream) { target.setReading(true) }

    func streamDidClose(_ stream: any ByteStream, error: SystemError?) { splice.halfClosed(target, error) }
  }
}

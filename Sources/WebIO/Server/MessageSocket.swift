import WebIOHTTP
import WebIOPosix

/// A page's way in and out, whatever carries it: whole messages, text or bytes, and one end.
@EventLoop
protocol MessageSocket: AnyObject {
  var isOpen: Bool { get }
  /// What waits to be sent. Stop sending above `highWaterMark`, until `onDrain`.
  var bufferedBytes: Int { get }
  func sendText(_ bytes: [UInt8])
  /// What is sent within `body` goes out together.
  func batch(_ body: () -> Void)
  func close(code: UInt16, reason: String)
  var onText: (@EventLoop (UnsafeRawBufferPointer) -> Void)? { get set }
  var onBinary: (@EventLoop (UnsafeRawBufferPointer) -> Void)? { get set }
  var onDrain: (@EventLoop () -> Void)? { get set }
  /// Exactly once and last.
  var onClose: (@EventLoop (UInt16, String) -> Void)? { get set }
}

extension WebSocketConnection: MessageSocket {}

extension MessageSocket {
  func batch(_ body: () -> Void) { body() }
}

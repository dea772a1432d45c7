import CZlib
import WebIOPosix

/// Compresses and expands messages. RFC 7692 section 7.2.
///
/// Without context takeover all connections share their zlib streams, one for each size of the window that a client may ask
/// for; with it a connection has its own, of about 260 KB for sending and 40 KB for receiving, from its first message on.
@EventLoop
final class WebSocketDeflate {
  private let parameters: WebSocketDeflateParameters
  private let role: WebSocketRole
  private lazy var deflater = Deflater(windowBits: -sendBits)
  private lazy var inflater = Inflater(windowBits: -15)

  private static var sharedDeflaters: [Int32: Deflater] = [:]
  private static let sharedInflater = Inflater(windowBits: -15)

  init(_ parameters: WebSocketDeflateParameters, _ role: WebSocketRole) {
    self.parameters = parameters
    self.role = role
  }

  private var sendBits: Int32 { role == .server ? Int32(parameters.serverWindowBits) : 15 }
  private var sendTakesOver: Bool { role == .server ? parameters.serverTakesOver : parameters.clientTakesOver }
  private var receiveTakesOver: Bool { role == .server ? parameters.clientTakesOver : parameters.serverTakesOver }

  func compress(_ message: UnsafeRawBufferPointer) -> [UInt8] {
    let deflater = sender
    if !sendTakesOver { deflater.reset() }
    var result: [UInt8] = []
    deflater.append(message, flush: Z_SYNC_FLUSH, to: &result)
    // The last four bytes are always 00 00 ff ff, and the other side adds them.
    if result.count >= 4 { result.removeLast(4) }
    return result
  }

  /// Shared whatever the window: clients that ask for a smaller one are not to cost more than others.
  var sender: Deflater {
    if sendTakesOver { return deflater }
    if let shared = Self.sharedDeflaters[sendBits] { return shared }
    let new = Deflater(windowBits: -sendBits)
    Self.sharedDeflaters[sendBits] = new
    return new
  }

  /// Nil when the data is broken; more than `limit` bytes are not made.
  func expand(_ message: [UInt8], limit: Int) -> Inflater.Result {
    let inflater = receiveTakesOver ? inflater : Self.sharedInflater
    if !receiveTakesOver { inflater.reset() }
    return inflater.expand(message + [0, 0, 0xff, 0xff], limit: limit)
  }
}

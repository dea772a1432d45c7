import WebIOPosix

/// A WebSocket, of either side. RFC 6455.
///
/// Messages come whole. Set the callbacks in the turn in which the connection was made. `onClose` comes exactly once and
/// last, with 1006 when there was no close frame.
@EventLoop
package final class WebSocketConnection: ByteStreamDelegate, Listed {
  enum State {
    case open
    /// Our close frame is out.
    case closing
    /// Both are; the end of the stream is awaited, and what still comes is thrown away.
    case ended
    case closed
  }

  /// The bytes are valid during the call, and UTF-8.
  package var onText: (@EventLoop (UnsafeRawBufferPointer) -> Void)?
  package var onBinary: (@EventLoop (UnsafeRawBufferPointer) -> Void)?
  package var onClose: (@EventLoop (UInt16, String) -> Void)?
  /// `bufferedBytes` fell below half of the high-water mark, above which it had been.
  package var onDrain: (@EventLoop () -> Void)?
  /// The owner has not answered yet what it was given: a close frame or a mistake behind it waits until it has, for at most
  /// `HTTPLimits.webSocketClose`.
  package var isAnswering = false {
    didSet { if !isAnswering { meetEnd() } }
  }
  package let subprotocol: String?
  package var isCompressed: Bool { deflate != nil }

  var listIndex = -1
  var onRemoval: (@EventLoop (WebSocketConnection) -> Void)?

  let stream: any ByteStream
  let limits: HTTPLimits
  private let role: WebSocketRole
  // Unchecked as in HTTPConnection: nothing that is called while one is open comes back to it.
  @exclusivity(unchecked) private var parser: WebSocketParser
  private let deflate: WebSocketDeflate?
  var state = State.open
  /// Read and not parsed yet.
  private var unread: [UInt8]
  /// What the owner wants.
  private var isReading = true
  /// A flood of tiny frames must not hold up other connections.
  static let framesPerTurn = 64
  @exclusivity(unchecked) private var output: [UInt8] = []
  private var batches = 0
  /// One buffer goes from batch to batch, so that idle connections have none.
  @exclusivity(unchecked) private static var spareBuffer: [UInt8] = []
  /// The latest ping's payload, when the peer does not take our pongs.
  private var owedPong: [UInt8]?
  private var inputEnded = false
  /// What came behind messages that are not answered: nothing is read beyond it.
  private(set) var awaitedEnd: (code: UInt16, reason: String, isOurs: Bool)?
  var hasHeard = true
  var deadline = Deadline()
  var hasPinged = false
  var watch = StallWatch()

  init(
    _ stream: any ByteStream, role: WebSocketRole, limits: HTTPLimits = HTTPLimits(), maxMessageSize: Int? = nil,
    deflate: WebSocketDeflateParameters? = nil, subprotocol: String? = nil, preface: [UInt8] = []
  ) {
    self.stream = stream
    self.role = role
    self.limits = limits
    self.subprotocol = subprotocol
    unread = preface
    self.deflate = deflate.map { WebSocketDeflate($0, role) }
    parser = WebSocketParser(
      role, limit: maxMessageSize ?? limits.webSocketMessage, emptyFragmentLimit: limits.webSocketEmptyFragments,
      allowsCompression: deflate != nil)
    stream.delegate = self
    stream.setReading(true)
    // The callbacks are not set yet.
    if !unread.isEmpty { EventLoop.run { self.goOn() } }
  }

  /// The client's side of a stream on which the handshake is done; `preface` is what came behind the 101 head.
  package convenience init(client stream: any ByteStream, limits: HTTPLimits = HTTPLimits(), preface: [UInt8] = []) {
    self.init(stream, role: .client, limits: limits, preface: preface)
    scheduleOwnSweep()
  }

  package var isOpen: Bool { state == .open }
  package var peerAddress: String { stream.peerAddress }
  package var origin: StreamOrigin { stream.origin }
  /// What waits to be sent. Stop sending above `highWaterMark`, until `onDrain`; above
  /// `HTTPLimits.webSocketBuffer` the connection is cut off.
  package var bufferedBytes: Int { stream.bufferedBytes + output.count }

  // MARK: Sending

  /// `bytes` must be UTF-8. Does nothing once the connection is closing.
  package func sendText(_ bytes: UnsafeRawBufferPointer) { send(.text, bytes) }
  package func sendText(_ bytes: [UInt8]) { bytes.withLoopBytes { send(.text, $0) } }
  package func sendBinary(_ bytes: UnsafeRawBufferPointer) { send(.binary, bytes) }
  package func sendBinary(_ bytes: [UInt8]) { bytes.withLoopBytes { send(.binary, $0) } }

  /// What is sent within `body` goes out in one write.
  package func batch(_ body: () -> Void) {
    if batches == 0, output.isEmpty { swap(&output, &Self.spareBuffer) }
    batches += 1
    body()
    batches -= 1
    guard batches == 0 else { return }
    flush()
    if output.capacity > Self.spareBuffer.capacity, output.capacity <= 64 << 10 { swap(&output, &Self.spareBuffer) }
    output = []
  }

  /// Starts the close handshake; the connection is over within `HTTPLimits.webSocketClose`.
  package func close(code: UInt16 = 1000, reason: String = "") {
    guard state == .open, !meetEnd() else { return }
    batch { sendClose(code, reason) }
    state = .closing
    deadline.reset()
  }

  /// Ends the connection without a word.
  package func abort() { stream.abort() }

  /// Holds the peer back, or lets it go on.
  package func setReading(_ isOn: Bool) {
    isReading = isOn
    if state == .open { stream.setReading(isOn && unread.isEmpty) }
  }

  private func send(_ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer) {
    guard state == .open else { return }
    batch {
      if let deflate, payload.count >= 64 {
        deflate.compress(payload).withLoopBytes { write(opcode, $0, isCompressed: true) }
      } else {
        write(opcode, payload, isCompressed: false)
      }
    }
    if bufferedBytes > limits.webSocketBuffer { EventLoop.run { [stream] in stream.abort() } }
  }

  func write(_ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer, isCompressed: Bool) {
    let mask = role == .client ? UInt32.random(in: .min ... .max) : nil
    if payload.count < 32 << 10 || mask != nil {
      WebSocketFrame.append(opcode, payload, isCompressed: isCompressed, mask: mask, to: &output)
      if output.count > 256 << 10 { flush() }
    } else {
      WebSocketFrame.appendHead(opcode, payload.count, isCompressed: isCompressed, to: &output)
      flush()
      watch.wrote(payload.count)
      stream.write(payload)
    }
  }

  private func sendClose(_ code: UInt16, _ reason: String) {
    var payload: [UInt8] = []
    if code != WebSocketCloseCode.noStatus {
      payload = [UInt8(code >> 8), UInt8(code & 255)]
      for scalar in reason.unicodeScalars {
        let bytes = Array(String(scalar).utf8)
        guard payload.count + bytes.count <= 125 else { break }
        payload += bytes
      }
    }
    payload.withLoopBytes { write(.close, $0, isCompressed: false) }
  }

  private func flush() {
    guard !output.isEmpty else { return }
    watch.wrote(output.count)
    output.withLoopBytes { stream.write($0) }
    output.removeAll(keepingCapacity: true)
  }

  // MARK: Receiving

  private func goOn() {
    guard !unread.isEmpty else { return }
    var bytes: [UInt8] = []
    swap(&bytes, &unread)
    bytes.withLoopBytes { receive($0) }
    if unread.isEmpty, state == .open || state == .closing { stream.setReading(isReading) }
  }

  package func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
    hasHeard = true
    goOn()
    if unread.isEmpty { receive(bytes) } else { unread.append(contentsOf: bytes) }
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) {
    batch {
      var position = 0
      var frames = 0
      while state == .open || state == .closing, awaitedEnd == nil {
        guard frames < Self.framesPerTurn else { return yield(UnsafeRawBufferPointer(rebasing: bytes[position...])) }
        frames += 1
        switch parser.next(bytes, &position) {
        case .needsMore: return
        case .message(let isText): deliver(isText)
        case .ping(let payload): pong(payload)
        case .pong: break
        case .close(let code, let reason): end(code, reason, isOurs: false)
        case .failed(let code, let reason): fail(code, reason)
        }
      }
    }
  }

  private func yield(_ rest: UnsafeRawBufferPointer) {
    guard !rest.isEmpty else { return }
    unread = [UInt8](rest)
    stream.setReading(false)
    EventLoop.run { self.goOn() }
  }

  private func deliver(_ isText: Bool) {
    var message = parser.takeMessage()
    guard state == .open else { return }
    if parser.isCompressed, let deflate {
      switch deflate.expand(message, limit: parser.limit) {
      case .whole(let bytes): message = bytes
      case .tooLong: return fail(WebSocketCloseCode.tooBig, "a message of more than \(parser.limit) bytes")
      case .broken: return fail(WebSocketCloseCode.invalidData, "broken compression")
      }
      if isText {
        var validator = UTF8Validator()
        guard message.withUnsafeBytes({ validator.accept($0) }), validator.isComplete else {
          return fail(WebSocketCloseCode.invalidData, "text that is no UTF-8")
        }
      }
    }
    message.withLoopBytes { (isText ? onText : onBinary)?($0) }
  }

  private func pong(_ payload: [UInt8]) {
    guard state == .open else { return }
    if stream.bufferedBytes > highWaterMark {
      owedPong = payload
    } else {
      payload.withLoopBytes { write(.pong, $0, isCompressed: false) }
    }
  }

  /// RFC 6455 section 7.1.7. What was sent before goes out first.
  private func fail(_ code: UInt16, _ reason: String) { end(code, reason, isOurs: true) }

  private func end(_ code: UInt16, _ reason: String, isOurs: Bool) {
    if isAnswering, state == .open, awaitedEnd == nil {
      awaitedEnd = (code, reason, isOurs)
      return deadline.reset()
    }
    if state == .open { sendClose(code, isOurs ? reason : "") }
    flush()
    // Our direction ends, and the peer is given time to end its own: closing with unread input would be a reset, which may
    // overtake the close frame.
    state = .ended
    deadline.reset()
    stream.closeWriting()
    stream.setReading(true)
    if inputEnded { stream.close() }
    report(code, reason)
  }

  /// The end that was waited with, if there is one.
  @discardableResult
  func meetEnd() -> Bool {
    guard state == .open, let (code, reason, isOurs) = awaitedEnd else { return false }
    end(code, reason, isOurs: isOurs)
    return true
  }

  private func report(_ code: UInt16, _ reason: String) {
    let last = onClose
    onClose = nil
    onText = nil
    onBinary = nil
    onDrain = nil
    last?(code, reason)
  }

  package func streamDidEnd(_ stream: any ByteStream) {
    while !unread.isEmpty, state == .open || state == .closing, awaitedEnd == nil { goOn() }
    // A peer that has said how it ends may still wait for its answers.
    inputEnded = true
    if awaitedEnd == nil { stream.close() }
  }

  package func streamDidDrain(_ stream: any ByteStream) {
    if let payload = owedPong {
      owedPong = nil
      batch { pong(payload) }
    }
    onDrain?()
  }

  package func streamDidClose(_ stream: any ByteStream, error: SystemError?) {
    state = .closed
    output = []
    report(WebSocketCloseCode.abnormal, "")
    onRemoval?(self)
    onRemoval = nil
  }
}

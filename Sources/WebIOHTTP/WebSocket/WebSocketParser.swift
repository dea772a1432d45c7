/// Turns bytes into messages and control frames: fed any pieces, gives the same events. RFC 6455 section 5.
///
/// A payload is unmasked while it is copied into the message, and text is checked as it comes, so that a bad byte is found
/// inside the fragment that carries it. There is nothing that grows with the number of fragments.
struct WebSocketParser: Sendable {
  enum Event: Equatable {
    case needsMore
    /// `message` holds it until the next call.
    case message(isText: Bool)
    case ping([UInt8])
    case pong
    /// 1005 when the frame has no code.
    case close(UInt16, String)
    /// The close code for the peer.
    case failed(UInt16, String)
  }

  private enum State: UInt8 { case head, payload, failed }

  let role: WebSocketRole
  let limit: Int
  let emptyFragmentLimit: Int
  /// RSV1 may be set: permessage-deflate.
  let allowsCompression: Bool
  private(set) var message: [UInt8] = []

  private var state = State.head
  private var head: (UInt64, UInt64) = (0, 0)
  private var headCount = 0
  private var opcode = WebSocketOpcode.continuation
  private var isFinal = false
  private var mask: UInt32 = 0
  private var remaining = 0
  private var offset = 0
  /// The kind of the message that is being put together.
  private var kind: WebSocketOpcode?
  private(set) var isCompressed = false
  private var isDelivered = false
  private var control: [UInt8] = []
  private var validator = UTF8Validator()
  private var emptyFragments = 0

  init(_ role: WebSocketRole, limit: Int, emptyFragmentLimit: Int = 1_000, allowsCompression: Bool = false) {
    self.role = role
    self.limit = limit
    self.emptyFragmentLimit = emptyFragmentLimit
    self.allowsCompression = allowsCompression
  }

  /// Hands the finished message over, and leaves none behind.
  mutating func takeMessage() -> [UInt8] {
    var taken: [UInt8] = []
    swap(&taken, &message)
    return taken
  }

  mutating func next(_ input: UnsafeRawBufferPointer, _ position: inout Int) -> Event {
    if isDelivered {
      isDelivered = false
      message = []
    }
    while true {
      switch state {
      case .failed: return .needsMore
      case .head:
        guard position < input.count else { return .needsMore }
        withUnsafeMutableBytes(of: &head) { $0[headCount] = input[position] }
        headCount += 1
        position += 1
        if let event = checkHead() { return event }
      case .payload:
        let count = min(remaining, input.count - position)
        if count > 0 || remaining == 0 {
          let bytes = UnsafeRawBufferPointer(rebasing: input[position..<position + count])
          position += count
          if let event = payload(bytes) { return event }
        }
        guard remaining == 0 else { return .needsMore }
        state = .head
        headCount = 0
        if let event = endFrame() { return event }
      }
    }
  }

  private mutating func fail(_ code: UInt16, _ reason: String) -> Event {
    state = .failed
    message = []
    return .failed(code, reason)
  }

  private func headByte(_ index: Int) -> UInt8 { withUnsafeBytes(of: head) { $0[index] } }

  /// Looks at the head as far as it is there: what is wrong is found at its byte.
  private mutating func checkHead() -> Event? {
    let first = headByte(0)
    if headCount == 1 {
      guard first & 0x30 == 0, let opcode = WebSocketOpcode(rawValue: first & 15) else {
        return fail(WebSocketCloseCode.protocolError, "reserved bits or opcode")
      }
      self.opcode = opcode
      isFinal = first & 0x80 != 0
      return checkOrder(isCompressed: first & 0x40 != 0)
    }
    let second = headByte(1)
    let short = Int(second & 0x7f)
    if headCount == 2 {
      guard (second & 0x80 != 0) == (role == .server) else {
        return fail(WebSocketCloseCode.protocolError, "a frame with the wrong masking")
      }
      if opcode.isControl, short > 125 { return fail(WebSocketCloseCode.protocolError, "a long control frame") }
    }
    let extended = short == 126 ? 2 : short == 127 ? 8 : 0
    guard headCount == 2 + extended + (role == .server ? 4 : 0) else { return nil }
    return startPayload(short, extended)
  }

  private mutating func checkOrder(isCompressed: Bool) -> Event? {
    if opcode.isControl {
      guard isFinal, !isCompressed else {
        return fail(WebSocketCloseCode.protocolError, "a fragmented or compressed control frame")
      }
    } else if opcode == .continuation {
      guard kind != nil, !isCompressed else {
        return fail(WebSocketCloseCode.protocolError, "a continuation of nothing")
      }
    } else {
      guard kind == nil else { return fail(WebSocketCloseCode.protocolError, "a message inside another one") }
      guard !isCompressed || allowsCompression else {
        return fail(WebSocketCloseCode.protocolError, "compression that was not agreed on")
      }
      kind = opcode
      self.isCompressed = isCompressed
      validator = UTF8Validator()
      emptyFragments = 0
    }
    return nil
  }

  private mutating func startPayload(_ short: Int, _ extended: Int) -> Event? {
    var length = UInt64(short)
    if extended > 0 {
      length = (0..<extended).reduce(0) { $0 << 8 | UInt64(headByte(2 + $1)) }
      // The shortest form is a must, and so is a first bit of 0.
      guard length >= (extended == 2 ? 126 : 0x1_0000), length >> 63 == 0 else {
        return fail(WebSocketCloseCode.protocolError, "a wrong length")
      }
    }
    if !opcode.isControl, length > UInt64(limit - message.count) {
      return fail(WebSocketCloseCode.tooBig, "a message of more than \(limit) bytes")
    }
    remaining = Int(length)
    offset = 0
    if role == .server {
      mask = withUnsafeBytes(of: head) { $0.loadUnaligned(fromByteOffset: 2 + extended, as: UInt32.self) }
    }
    state = .payload
    return nil
  }

  private mutating func payload(_ bytes: UnsafeRawBufferPointer) -> Event? {
    remaining -= bytes.count
    defer { offset += bytes.count }
    if opcode.isControl {
      let start = control.count
      control.append(contentsOf: bytes)
      if role == .server {
        control.withUnsafeMutableBytes { WebSocketFrame.apply(mask, to: $0, from: start, offset: offset) }
      }
      return nil
    }
    let start = message.count
    message.append(contentsOf: bytes)
    if role == .server {
      message.withUnsafeMutableBytes { WebSocketFrame.apply(mask, to: $0, from: start, offset: offset) }
    }
    guard kind == .text, !isCompressed else { return nil }
    let isText = message.withUnsafeBytes { validator.accept(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    return isText ? nil : fail(WebSocketCloseCode.invalidData, "text that is no UTF-8")
  }

  private mutating func endFrame() -> Event? {
    if opcode.isControl { return endControl() }
    guard isFinal else {
      emptyFragments = offset == 0 ? emptyFragments + 1 : 0
      guard emptyFragments <= emptyFragmentLimit else { return fail(WebSocketCloseCode.policy, "empty fragments") }
      return nil
    }
    let isText = kind == .text
    guard !isText || isCompressed || validator.isComplete else {
      return fail(WebSocketCloseCode.invalidData, "text that is no UTF-8")
    }
    kind = nil
    isDelivered = true
    return .message(isText: isText)
  }

  private mutating func endControl() -> Event? {
    let payload = control
    control = []
    switch opcode {
    case .ping: return .ping(payload)
    case .pong: return .pong
    default: break
    }
    if payload.isEmpty { return .close(WebSocketCloseCode.noStatus, "") }
    guard payload.count >= 2 else { return fail(WebSocketCloseCode.protocolError, "half a close code") }
    let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
    guard WebSocketCloseCode.isValid(code) else { return fail(WebSocketCloseCode.protocolError, "a wrong close code") }
    guard let reason = String(validating: payload[2...], as: UTF8.self) else {
      return fail(WebSocketCloseCode.invalidData, "a close reason that is no UTF-8")
    }
    return .close(code, reason)
  }
}

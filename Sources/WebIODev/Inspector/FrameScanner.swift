/// Watches the bytes of one direction of a WebSocket and tells of its frames. It decides nothing: whatever the ends make of
/// a broken frame, here it only ends the watching. RFC 6455 section 5.2.
struct FrameScanner {
  struct Frame: Equatable {
    let opcode: UInt8
    let isFinal: Bool
    let isCompressed: Bool
    /// The payload's length, of which `payload` is the beginning, unmasked.
    let length: Int
    let payload: [UInt8]
  }

  private let payloadLimit: Int
  private var head: [UInt8] = []
  private var length = 0
  private var seen = 0
  private var mask: [UInt8] = []
  private var payload: [UInt8] = []
  private var isInPayload = false
  private(set) var isBroken = false

  init(payloadLimit: Int) { self.payloadLimit = payloadLimit }

  /// The frames that end within these bytes.
  mutating func receive(_ bytes: UnsafeRawBufferPointer) -> [Frame] {
    var frames: [Frame] = []
    var rest = bytes[...]
    while !isBroken {
      if !isInPayload {
        guard let byte = rest.popFirst() else { break }
        head.append(byte)
        readHead()
      } else {
        let count = min(length - seen, rest.count)
        for byte in rest.prefix(min(count, payloadLimit - payload.count)) {
          payload.append(mask.isEmpty ? byte : byte ^ mask[payload.count & 3])
        }
        rest = rest.dropFirst(count)
        seen += count
        if seen < length { break }
      }
      if isInPayload, seen == length { frames.append(takeFrame()) }
    }
    return frames
  }

  private mutating func readHead() {
    guard head.count >= 2 else { return }
    let short = Int(head[1] & 0x7f)
    let extended = short == 126 ? 2 : short == 127 ? 8 : 0
    let isMasked = head[1] & 0x80 != 0
    guard head.count == 2 + extended + (isMasked ? 4 : 0) else { return }
    if extended > 0, head[2] & 0x80 != 0, extended == 8 {
      isBroken = true
      return
    }
    length = extended == 0 ? short : head[2..<2 + extended].reduce(0) { $0 << 8 | Int($1) }
    mask = isMasked ? Array(head[(2 + extended)...]) : []
    seen = 0
    payload = []
    isInPayload = true
  }

  private mutating func takeFrame() -> Frame {
    defer {
      head = []
      payload = []
      isInPayload = false
    }
    return Frame(
      opcode: head[0] & 15, isFinal: head[0] & 0x80 != 0, isCompressed: head[0] & 0x40 != 0, length: length,
      payload: payload)
  }
}

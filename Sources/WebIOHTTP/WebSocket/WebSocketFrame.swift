/// RFC 6455 section 5.2.
enum WebSocketOpcode: UInt8, Sendable {
  case continuation = 0
  case text = 1
  case binary = 2
  case close = 8
  case ping = 9
  case pong = 10

  var isControl: Bool { rawValue >= 8 }
}

enum WebSocketRole: Sendable { case server, client }

enum WebSocketFrame {
  /// Appends a frame that is a message of its own. A mask makes it a client's. RFC 6455 section 5.3.
  static func append(
    _ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer, isCompressed: Bool = false, mask: UInt32? = nil,
    to output: inout [UInt8]
  ) {
    appendHead(opcode, payload.count, isCompressed: isCompressed, mask: mask, to: &output)
    let start = output.count
    output.append(contentsOf: payload)
    if let mask { output.withUnsafeMutableBytes { apply(mask, to: $0, from: start, offset: 0) } }
  }

  static func appendHead(
    _ opcode: WebSocketOpcode, _ length: Int, isCompressed: Bool = false, mask: UInt32? = nil,
    to output: inout [UInt8]
  ) {
    output.append(0x80 | (isCompressed ? 0x40 : 0) | opcode.rawValue)
    let masked: UInt8 = mask == nil ? 0 : 0x80
    var extended = 0
    if length < 126 {
      output.append(masked | UInt8(length))
    } else if length <= 0xffff {
      output.append(masked | 126)
      extended = 2
    } else {
      output.append(masked | 127)
      extended = 8
    }
    for index in (0..<extended).reversed() { output.append(UInt8(truncatingIfNeeded: length >> (8 * index))) }
    if let mask { withUnsafeBytes(of: mask) { output.append(contentsOf: $0) } }
  }

  /// Masks or unmasks `bytes` from `start` on, the first of which is byte `offset` of the payload. `mask` is in memory
  /// order.
  static func apply(_ mask: UInt32, to bytes: UnsafeMutableRawBufferPointer, from start: Int, offset: Int) {
    let turn = UInt32(offset & 3) * 8
    let key = turn == 0 ? mask : mask >> turn | mask << (32 - turn)
    let wide = UInt64(key) << 32 | UInt64(key)
    var index = start
    while index + 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      bytes.storeBytes(of: word ^ wide, toByteOffset: index, as: UInt64.self)
      index += 8
    }
    var shift: UInt64 = 0
    while index < bytes.count {
      bytes[index] ^= UInt8(truncatingIfNeeded: wide >> shift)
      shift += 8
      index += 1
    }
  }
}

/// RFC 6455 section 7.4, with the codes that IANA has registered since.
package enum WebSocketCloseCode {
  static let normal: UInt16 = 1000
  package static let goingAway: UInt16 = 1001
  static let protocolError: UInt16 = 1002
  static let noStatus: UInt16 = 1005
  package static let abnormal: UInt16 = 1006
  static let invalidData: UInt16 = 1007
  static let policy: UInt16 = 1008
  static let tooBig: UInt16 = 1009

  /// Whether a close frame may carry it.
  static func isValid(_ code: UInt16) -> Bool {
    switch code {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }
}

import CZlib

@testable import WebIODev
@testable import WebIOHTTP

/// RFC 6455 and RFC 7692: what comes after the handshake, and the handshake.
extension FuzzTarget {
  static let webSocket: [FuzzTarget] = [frames, inspector, utf8, deflate, handshake]

  /// Frames as a client sends them, mostly in a sound order.
  @Sendable private static func conversation(_ dice: inout Dice) -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<1 + dice.below(4) {
      let payload = dice.isOne(in: 3) ? dice.bytes(dice.below(300)) : Array("grüße €\u{1f600}".utf8.prefix(dice.below(20)))
      let opcode = dice.element(of: [WebSocketOpcode.text, .binary, .ping, .pong, .continuation, .close])
      payload.withUnsafeBytes { WebSocketFrame.append(opcode, $0, mask: UInt32(truncatingIfNeeded: dice.next()), to: &bytes) }
      // A fragment.
      if dice.isOne(in: 3), let first = bytes.indices.last(where: { $0 == 0 }) { bytes[first] &= 0x7f }
    }
    return bytes
  }

  private static let frameSeeds: [[UInt8]] = [
    [0x81, 0x85, 0, 0, 0, 0, 0x48, 0x65, 0x6c, 0x6c, 0x6f], [0x01, 0x81, 0, 0, 0, 0, 0xc3, 0x80, 0x81, 0, 0, 0, 0, 0xbc],
    [0x89, 0x80, 1, 2, 3, 4, 0x8a, 0x80, 1, 2, 3, 4], [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8], [0x82, 0xfe, 0, 126, 0, 0, 0, 0],
    [0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], [0xc1, 0x87, 0, 0, 0, 0, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 7, 0],
  ]

  private static let frames = FuzzTarget("websocket", bytes: frameSeeds, generate: conversation) { input in
    let role = input.bytes.count % 4 == 0 ? WebSocketRole.client : .server
    let limit = input.bytes.count % 3 == 0 ? 50 : 5_000
    let log = try input.sameForAllCuts { pieces in
      var parser = WebSocketParser(role, limit: limit, emptyFragmentLimit: 3, allowsCompression: input.bytes.count % 2 == 0)
      var log = ""
      for piece in pieces {
        try piece.withCopiedBytes { bytes in
          var position = 0
          while true {
            let event = parser.next(bytes, &position)
            if event == .needsMore { break }
            log += "\(event)"
            guard case .message(let isText) = event else { continue }
            let isCompressed = parser.isCompressed
            let message = parser.takeMessage()
            try require(message.count <= limit, "a message of \(message.count) bytes")
            if isText, !isCompressed { try require(String(validating: message, as: UTF8.self) != nil, "text that is no UTF-8") }
            log += "\(message.count) \(message.prefix(8))"
          }
        }
      }
      return log
    }
    return log.count > 120 ? "\(log.count / 50)" : log
  }

  private static let inspector = FuzzTarget("frame-scanner", bytes: frameSeeds, generate: conversation) { input in
    let log = try input.sameForAllCuts { pieces in
      var scanner = FrameScanner(payloadLimit: 32)
      let frames = pieces.flatMap { piece in piece.withCopiedBytes { scanner.receive($0) } }
      return "\(frames.map { "\($0.opcode) \($0.length) \($0.payload)" }) \(scanner.isBroken)"
    }
    // What the server's own parser takes, the inspector shows.
    var parser = WebSocketParser(.server, limit: 1 << 20, allowsCompression: true)
    var scanner = FrameScanner(payloadLimit: 1 << 20)
    let shown = input.bytes.withCopiedBytes { scanner.receive($0) }
    try input.bytes.withCopiedBytes { bytes in
      var position = 0
      var pings = shown.filter { $0.opcode == 9 }[...]
      while true {
        switch parser.next(bytes, &position) {
        case .needsMore, .failed: return
        case .ping(let payload): try require(pings.popFirst()?.payload == payload, "the inspector shows another ping")
        default: break
        }
      }
    }
    return log.count > 100 ? "\(log.count / 50)" : log
  }

  private static let utf8 = FuzzTarget("utf-8", seeds: ["grüße", "€", "\u{1f600}", "\u{ed}\u{7ff}\u{ffff}"]) { input in
    let log = try input.sameForAllCuts { pieces in
      var validator = UTF8Validator()
      let isSound = pieces.allSatisfy { piece in piece.withCopiedBytes { validator.accept($0) } }
      return "\(isSound && validator.isComplete)"
    }
    let isText = String(validating: input.bytes, as: UTF8.self) != nil
    try require(log == "\(isText)", "the standard library says \(isText)")
    return "\(isText) \(min(input.bytes.count, 12))"
  }

  private static let deflate = FuzzTarget(
    "deflate", seeds: ["hello hello hello", ""],
    bytes: [[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    generate: { dice in
      let text = [UInt8](repeating: UInt8(dice.below(256)), count: dice.below(20_000)) + dice.bytes(dice.below(50))
      let deflater = Deflater(windowBits: -15)
      var packed: [UInt8] = []
      text.withUnsafeBytes { deflater.append($0, flush: Z_SYNC_FLUSH, to: &packed) }
      return packed
    }
  ) { input in
    let deflater = Deflater(windowBits: -Int32(9 + input.bytes.count % 7))
    var packed: [UInt8] = []
    input.bytes.withCopiedBytes { deflater.append($0, flush: Z_SYNC_FLUSH, to: &packed) }
    guard case .whole(input.bytes) = Inflater(windowBits: -15).expand(packed, limit: input.bytes.count) else {
      throw Defect("compressed and expanded it is something else")
    }
    if !input.bytes.isEmpty {
      guard case .tooLong = Inflater(windowBits: -15).expand(packed, limit: input.bytes.count - 1) else {
        throw Defect("the limit does not hold")
      }
    }
    try require(
      Gzip.expand(Gzip.compress(input.bytes), limit: input.bytes.count) == input.bytes, "gzip makes something else of it")
    _ = Gzip.expand(input.bytes, limit: 10_000)
    switch Inflater(windowBits: -15).expand(input.bytes, limit: 10_000) {
    case .whole(let bytes):
      try require(bytes.count <= 10_000, "\(bytes.count) bytes, beyond the limit")
      return "whole \(min(bytes.count, 30))"
    case .tooLong: return "too long"
    case .broken: return "broken"
    }
  }

  private static let handshake = FuzzTarget(
    "websocket-handshake",
    seeds: [
      "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nSec-WebSocket-Protocol: a, b\r\n\r\n"
    ],
    words: [
      "websocket", "permessage-deflate", "; server_max_window_bits=9", "Sec-WebSocket-Key: ", "Sec-WebSocket-Version: 13\r\n",
    ]
  ) { input in
    var parser = HTTPRequestParser()
    let head = input.bytes.withCopiedBytes { bytes -> HTTPRequestHead? in
      var position = 0
      if case .head(let head) = parser.next(bytes, &position, HTTPLimits()) { return head }
      return nil
    }
    guard let head else { return "no request" }
    do {
      let acceptance = try WebSocketHandshake.accept(
        head, subprotocol: input.bytes.count % 2 == 0 ? "a" : nil, compression: true)
      try require(acceptance.fields.invalidName == nil, "an answer that cannot be sent")
      return "\(acceptance.fields.list.filter { $0.name != "Sec-WebSocket-Accept" })"
    } catch let error as HTTPError {
      return "\(error.reason)"
    }
  }
}

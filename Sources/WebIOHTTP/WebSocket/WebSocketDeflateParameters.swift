/// What two sides agreed on for permessage-deflate. RFC 7692 section 7.
struct WebSocketDeflateParameters: Sendable, Equatable, CustomStringConvertible {
  var serverTakesOver = true
  var clientTakesOver = true
  /// 9...15: the window of what the server sends.
  var serverWindowBits = 15
  private var namesServerWindow = false

  /// The first offer that can be met. Without `contextTakeover` neither side keeps a window between messages, which
  /// costs some compression and saves up to 300 KB a connection.
  static func choose(from fields: [String], contextTakeover: Bool) -> WebSocketDeflateParameters? {
    for field in fields {
      for offer in field.utf8.split(separator: UInt8(ascii: ",")) {
        if var parameters = parse(Array(offer)) {
          if !contextTakeover {
            parameters.serverTakesOver = false
            parameters.clientTakesOver = false
          }
          return parameters
        }
      }
    }
    return nil
  }

  /// Nil when the offer is another extension, has an unknown, repeated or wrong parameter, or asks for a window of 256
  /// bytes, which zlib cannot make.
  private static func parse(_ offer: [UInt8]) -> WebSocketDeflateParameters? {
    let parts = offer.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map { part in
      part.withUnsafeBytes { String(decoding: ASCII.trimmed($0), as: UTF8.self) }
    }
    guard parts.first == "permessage-deflate" else { return nil }
    var parameters = WebSocketDeflateParameters()
    var seen: [String] = []
    for part in parts.dropFirst() {
      let bytes = Array(part.utf8)
      let equals = bytes.firstIndex(of: UInt8(ascii: "="))
      let name = String(decoding: bytes[..<(equals ?? bytes.endIndex)], as: UTF8.self)
      let value = equals.map { bytes[($0 + 1)...].filter { $0 != UInt8(ascii: "\"") } }
      guard !seen.contains(name) else { return nil }
      seen.append(name)
      switch name {
      case "server_no_context_takeover" where value == nil: parameters.serverTakesOver = false
      case "client_no_context_takeover" where value == nil: parameters.clientTakesOver = false
      case "server_max_window_bits":
        guard let bits = value.flatMap(windowBits), bits > 8 else { return nil }
        parameters.serverWindowBits = bits
        parameters.namesServerWindow = true
      case "client_max_window_bits":
        // Only a permission for us to ask for less, and we take any.
        guard value == nil || value.flatMap(windowBits) != nil else { return nil }
      default: return nil
      }
    }
    return parameters
  }

  /// 8 to 15, without a leading zero.
  private static func windowBits(_ digits: [UInt8]) -> Int? {
    switch digits {
    case [0x38]: 8
    case [0x39]: 9
    default: digits.count == 2 && digits[0] == 0x31 && 0x30...0x35 ~= digits[1] ? Int(digits[1]) - 0x30 + 10 : nil
    }
  }

  /// The answer to the offer.
  var description: String {
    var text = "permessage-deflate"
    if !serverTakesOver { text += "; server_no_context_takeover" }
    if !clientTakesOver { text += "; client_no_context_takeover" }
    if namesServerWindow { text += "; server_max_window_bits=\(serverWindowBits)" }
    return text
  }
}

/// Takes a message's body out of its framing. RFC 9112 sections 6 and 7.
///
/// Chunk lines are read strictly: 1 to 16 hexadecimal digits, extensions in their exact syntax (and dropped), CRLF. No
/// blanks, no bare line ends.
struct HTTPBodyDecoder: Sendable {
  enum Event {
    case needsMore
    case data(UnsafeRawBufferPointer)
    case end(HTTPFields)
  }

  private enum State: UInt8 {
    case length, untilClose, data, dataCR, dataLF
    case size, sizeLF, extensionName, extensionNameRest, extensionValue, extensionToken, quoted, quotedPair, afterQuoted
    case trailer, done
  }

  private var state: State
  private var remaining = 0
  private var digits: UInt8 = 0
  private var received = 0
  private var chunks = 0
  private var extensions = 0
  private var trailer: [UInt8] = []
  private var trailerLine = 0
  private var entries: [HTTPFields.Entry] = []

  init(_ framing: HTTPBodyFraming) {
    switch framing {
    case .none: state = .done
    case .length(let count):
      remaining = count
      state = count == 0 ? .done : .length
    case .chunked: state = .size
    case .untilClose: state = .untilClose
    }
  }

  /// Whether the end of the connection is this body's proper end.
  var endsAtClose: Bool { state == .untilClose }

  mutating func next(
    _ input: UnsafeRawBufferPointer, _ position: inout Int, _ limits: HTTPLimits
  ) throws(HTTPError) -> Event {
    if state == .length, remaining > limits.body { throw Self.tooLarge }
    while true {
      if state == .done { return end() }
      guard position < input.count else { return .needsMore }
      switch state {
      case .length, .data, .untilClose:
        let count = state == .untilClose ? input.count - position : min(remaining, input.count - position)
        let bytes = UnsafeRawBufferPointer(rebasing: input[position..<position + count])
        position += count
        if state != .untilClose { remaining -= count }
        received += count
        if state == .untilClose, received > limits.body { throw Self.tooLarge }
        if remaining == 0 {
          if state == .data { state = .dataCR } else if state == .length { state = .done }
        }
        return .data(bytes)
      default:
        try chunkByte(input[position], limits)
        position += 1
      }
    }
  }

  private static var tooLarge: HTTPError { HTTPError(.tooLarge, .contentTooLarge, "the body is too long") }

  private mutating func end() -> Event {
    state = .done
    let fields = trailer.isEmpty ? HTTPFields() : HTTPFields(head: trailer, entries: entries)
    trailer = []
    return .end(fields)
  }

  private mutating func chunkByte(_ byte: UInt8, _ limits: HTTPLimits) throws(HTTPError) {
    switch state {
    case .size: try sizeByte(byte)
    case .sizeLF:
      guard byte == 0x0a else { throw Self.broken }
      try startChunk(limits)
    case .dataCR:
      guard byte == 0x0d else { throw Self.broken }
      state = .dataLF
    case .dataLF:
      guard byte == 0x0a else { throw Self.broken }
      digits = 0
      state = .size
    case .trailer: try trailerByte(byte, limits)
    default:
      extensions += 1
      guard extensions <= limits.chunkExtensions else {
        throw HTTPError(.tooLarge, .contentTooLarge, "chunk extensions are too long")
      }
      try extensionByte(byte)
    }
  }

  private static var broken: HTTPError { .malformed("a broken chunk") }

  private mutating func sizeByte(_ byte: UInt8) throws(HTTPError) {
    if let digit = ASCII.hexValue(byte) {
      guard digits < 16, remaining >> 59 == 0 else { throw Self.broken }
      digits += 1
      remaining = remaining << 4 | Int(digit)
      return
    }
    guard digits > 0 else { throw Self.broken }
    switch byte {
    case 0x0d: state = .sizeLF
    case UInt8(ascii: ";"): state = .extensionName
    default: throw Self.broken
    }
  }

  private mutating func startChunk(_ limits: HTTPLimits) throws(HTTPError) {
    if remaining == 0 {
      state = .trailer
      return
    }
    guard remaining <= limits.body - received else { throw Self.tooLarge }
    chunks += 1
    guard chunks <= limits.smallChunks + received / 16 else {
      throw HTTPError(.tooLarge, .contentTooLarge, "too many small chunks")
    }
    state = .data
  }

  /// `*( ";" chunk-ext-name [ "=" chunk-ext-val ] )` of RFC 9112 section 7.1.1, without the blanks it calls bad.
  private mutating func extensionByte(_ byte: UInt8) throws(HTTPError) {
    let isToken = ASCII.isToken(byte)
    switch (state, byte) {
    case (.extensionName, _) where isToken: state = .extensionNameRest
    case (.extensionNameRest, _) where isToken: break
    case (.extensionNameRest, UInt8(ascii: "=")): state = .extensionValue
    case (.extensionValue, UInt8(ascii: "\"")): state = .quoted
    case (.extensionValue, _) where isToken: state = .extensionToken
    case (.extensionToken, _) where isToken: break
    case (.quoted, UInt8(ascii: "\"")): state = .afterQuoted
    case (.quoted, UInt8(ascii: "\\")): state = .quotedPair
    case (.quoted, _) where ASCII.isFieldValue(byte): break
    case (.quotedPair, _) where ASCII.isFieldValue(byte): state = .quoted
    case (.extensionNameRest, UInt8(ascii: ";")), (.extensionToken, UInt8(ascii: ";")),
      (.afterQuoted, UInt8(ascii: ";")):
      state = .extensionName
    case (.extensionNameRest, 0x0d), (.extensionToken, 0x0d), (.afterQuoted, 0x0d): state = .sizeLF
    default: throw Self.broken
    }
  }

  private mutating func trailerByte(_ byte: UInt8, _ limits: HTTPLimits) throws(HTTPError) {
    trailer.append(byte)
    guard trailer.count <= limits.trailers + 2 else {
      throw HTTPError(.tooLarge, .fieldsTooLarge, "the trailers are too long")
    }
    guard byte == 0x0a else { return }
    let end = trailer.count - 2
    guard end >= trailerLine, trailer[end] == 0x0d else { throw .malformed("a trailer ends without CR") }
    if end == trailerLine {
      if entries.isEmpty { trailer = [] }
      state = .done
      return
    }
    let start = trailerLine
    let entry = trailer.withUnsafeBytes { HTTPFields.Entry.parse($0, start, end) }
    guard let entry, entries.count < limits.fieldCount else { throw .malformed("a broken trailer") }
    switch entry.kind {
    case .host, .contentLength, .transferEncoding, .connection, .contentEncoding, .contentType:
      throw .malformed("a trailer that belongs into the head")
    default: entries.append(entry)
    }
    trailerLine = trailer.count
  }
}

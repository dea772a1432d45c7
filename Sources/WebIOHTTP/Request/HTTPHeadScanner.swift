import Glibc

/// The first line of a request, as offsets into the head. RFC 9112 section 3.
struct RequestLine: Sendable {
  var methodStart: UInt32 = 0
  var methodCount: UInt16 = 0
  var minorVersion: UInt8 = 1
  var target: UInt32 = 0
  var targetCount: UInt32 = 0
  /// The path within the target; all of the target in asterisk-form.
  var path: UInt32 = 0
  var pathCount: UInt32 = 0
  /// The authority of an absolute-form target; nothing otherwise.
  var authority: UInt32 = 0
  var authorityCount: UInt32 = 0
}

/// The first line of a response. RFC 9112 section 4.
struct StatusLine: Sendable {
  var minorVersion: UInt8 = 1
  var code: UInt16 = 0
}

/// Splits a head into lines and fields, in one pass over what was not seen before.
///
/// Lines end with CRLF and nothing else. It is fed the head from its first byte each time, and goes on where it stopped.
struct HTTPHeadScanner: Sendable {
  enum Kind: UInt8 { case request, response }
  enum Progress {
    case incomplete
    /// The head and its empty line are this long.
    case complete(Int)
  }

  let kind: Kind
  private(set) var entries: [HTTPFields.Entry] = []
  private(set) var requestLine = RequestLine()
  private(set) var statusLine = StatusLine()
  private var lineStart = 0
  private var scanned = 0
  private var fieldsStart = 0
  private var hasFirstLine = false
  /// One empty line before a request is let pass. RFC 9112 section 2.2.
  private var hasSkippedLine = false

  init(_ kind: Kind) { self.kind = kind }

  mutating func scan(
    _ bytes: UnsafeRawBufferPointer, _ limits: HTTPLimits
  ) throws(HTTPError) -> Progress {
    while true {
      let end = lineEnd(bytes)
      let length = (end ?? bytes.count) - lineStart
      // A line may still get its CR and LF.
      if !hasFirstLine {
        if length > limits.requestLine + (end == nil ? 1 : 0) {
          throw HTTPError(.tooLarge, .uriTooLong, "the first line is too long")
        }
      } else if length > limits.fieldLine + (end == nil ? 1 : 0) {
        throw HTTPError(.tooLarge, .fieldsTooLarge, "a field is too long")
      } else if lineStart - fieldsStart + length + (end == nil ? 0 : 2) > limits.fieldSection + 2 {
        throw HTTPError(.tooLarge, .fieldsTooLarge, "the fields are too long")
      }
      guard let end else { return .incomplete }
      guard end >= 0, end >= lineStart, bytes[end] == 0x0d else { throw .malformed("a line ends without CR") }
      let line = lineStart
      lineStart = end + 2
      scanned = lineStart
      if end == line {
        if hasFirstLine { return .complete(lineStart) }
        if hasSkippedLine || kind == .response { throw .malformed("an empty line") }
        hasSkippedLine = true
      } else if !hasFirstLine {
        hasFirstLine = true
        fieldsStart = lineStart
        if kind == .request {
          requestLine = try RequestLine.parse(bytes, line, end)
        } else {
          statusLine = try StatusLine.parse(bytes, line, end)
        }
      } else {
        try field(bytes, line, end, limits)
      }
    }
  }

  /// Where the line's CRLF starts, or nil when its LF is not there yet. A bare LF gives the byte before it.
  private mutating func lineEnd(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard scanned < bytes.count, let base = bytes.baseAddress else { return nil }
    guard let found = memchr(base + scanned, 0x0a, bytes.count - scanned) else {
      scanned = bytes.count
      return nil
    }
    return UnsafeRawPointer(found) - base - 1
  }

  private mutating func field(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int, _ limits: HTTPLimits
  ) throws(HTTPError) {
    guard entries.count < limits.fieldCount else { throw HTTPError(.tooLarge, .fieldsTooLarge, "too many fields") }
    guard let entry = HTTPFields.Entry.parse(bytes, start, end) else { throw .malformed("a broken field") }
    if entries.isEmpty { entries.reserveCapacity(16) }
    entries.append(entry)
  }
}

extension HTTPFields.Entry {
  /// `field-name ":" OWS field-value OWS` of RFC 9112 section 5: no space before the colon, no folded line.
  static func parse(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> HTTPFields.Entry? {
    var colon = start
    while colon < end, ASCII.isToken(bytes[colon]) { colon += 1 }
    guard colon > start, colon < end, bytes[colon] == UInt8(ascii: ":"), colon - start <= 0xffff else { return nil }
    var first = colon + 1
    var last = end
    while first < last, ASCII.isBlank(bytes[first]) { first += 1 }
    while last > first, ASCII.isBlank(bytes[last - 1]) { last -= 1 }
    var isValid = true
    for index in first..<last where !ASCII.isFieldValue(bytes[index]) { isValid = false }
    guard isValid else { return nil }
    return HTTPFields.Entry(
      name: UInt32(start), value: UInt32(first), valueCount: UInt32(last - first), nameCount: UInt16(colon - start),
      kind: HTTPFields.kind(of: UnsafeRawBufferPointer(rebasing: bytes[start..<colon])))
  }
}

extension StatusLine {
  /// `HTTP-version SP 3DIGIT SP [reason]`. A missing second space is let pass, as many servers leave it out.
  static func parse(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) throws(HTTPError) -> StatusLine {
    let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    guard line.count >= 12, let minor = HTTPVersion.minor(line, 0), line[8] == 0x20,
      let code = ASCII.decimal(UnsafeRawBufferPointer(rebasing: line[9..<12])), code >= 100,
      line.count == 12 || line[12] == 0x20, line[12...].allSatisfy(ASCII.isFieldValue)
    else { throw HTTPError(.malformed, .badGateway, "a broken status line") }
    return StatusLine(minorVersion: minor, code: UInt16(code))
  }
}

enum HTTPVersion {
  /// 0 or 1 for exactly `HTTP/1.0` or `HTTP/1.1` at `index`.
  static func minor(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> UInt8? {
    guard isValid(bytes, index), bytes[index + 5] == 0x31, bytes[index + 7] | 1 == 0x31 else { return nil }
    return bytes[index + 7] & 1
  }

  /// `HTTP/` DIGIT `.` DIGIT
  static func isValid(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Bool {
    guard index >= 0, index + 8 <= bytes.count else { return false }
    return bytes[index] == 0x48 && bytes[index + 1] == 0x54 && bytes[index + 2] == 0x54 && bytes[index + 3] == 0x50
      && bytes[index + 4] == 0x2f && ASCII.isDigit(bytes[index + 5]) && bytes[index + 6] == 0x2e
      && ASCII.isDigit(bytes[index + 7])
  }
}

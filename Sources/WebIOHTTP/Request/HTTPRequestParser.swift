/// Turns a client's bytes into requests: fed any pieces, gives the same events. RFC 9112.
///
/// It never holds more than one head. The body's bytes are handed through as they are in the input.
package struct HTTPRequestParser: Sendable {
  package enum Event {
    /// All of the input is used.
    case needsMore
    case head(HTTPRequestHead)
    /// Valid as long as the input.
    case body(UnsafeRawBufferPointer)
    /// The body is whole, with what trailers it had. It does not come where the head's framing is `none`.
    case end(HTTPFields)
    /// The connection is beyond repair.
    case failed(HTTPError)
  }

  private var scanner = HTTPHeadScanner(.request)
  /// The head as far as it came in earlier pieces.
  private var partial: [UInt8] = []
  private var body: HTTPBodyDecoder?
  private var failure: HTTPError?

  package init() {}

  /// A head has begun and is not whole.
  package var isInHead: Bool { !partial.isEmpty }

  /// The next event of `input` from `position` on, which is moved behind the bytes that were used.
  package mutating func next(
    _ input: UnsafeRawBufferPointer, _ position: inout Int, _ limits: HTTPLimits
  ) -> Event {
    if let failure { return .failed(failure) }
    do throws(HTTPError) {
      if body != nil { return try nextOfBody(input, &position, limits) }
      guard position < input.count else { return .needsMore }
      return try nextOfHead(input, &position, limits)
    } catch {
      failure = error
      return .failed(error)
    }
  }

  private mutating func nextOfBody(
    _ input: UnsafeRawBufferPointer, _ position: inout Int, _ limits: HTTPLimits
  ) throws(HTTPError) -> Event {
    switch try body?.next(input, &position, limits) {
    case .data(let bytes): return .body(bytes)
    case .end(let trailers):
      body = nil
      return .end(trailers)
    case .needsMore, nil: return .needsMore
    }
  }

  private mutating func nextOfHead(
    _ input: UnsafeRawBufferPointer, _ position: inout Int, _ limits: HTTPLimits
  ) throws(HTTPError) -> Event {
    let rest = UnsafeRawBufferPointer(rebasing: input[position...])
    if partial.isEmpty {
      switch try scanner.scan(rest, limits) {
      case .complete(let count):
        position += count
        return .head(try finish([UInt8](UnsafeRawBufferPointer(rebasing: rest[..<count]))))
      case .incomplete:
        position = input.count
        partial.append(contentsOf: rest)
        return .needsMore
      }
    }
    let before = partial.count
    partial.append(contentsOf: rest)
    var bytes: [UInt8] = []
    swap(&bytes, &partial)
    let progress = try bytes.withBytes { bytes throws(HTTPError) in try scanner.scan(bytes, limits) }
    switch progress {
    case .complete(let count):
      position += count - before
      bytes.removeSubrange(count...)
      return .head(try finish(bytes))
    case .incomplete:
      position = input.count
      swap(&bytes, &partial)
      return .needsMore
    }
  }

  private mutating func finish(_ bytes: [UInt8]) throws(HTTPError) -> HTTPRequestHead {
    let fields = HTTPFields(head: bytes, entries: scanner.entries)
    let head = try HTTPRequestHead(scanner.requestLine, fields)
    scanner = HTTPHeadScanner(.request)
    body = head.framing == .none ? nil : HTTPBodyDecoder(head.framing)
    return head
  }
}

extension HTTPRequestHead {
  /// Checks what the fields say about framing and host; two readings of either are an attack.
  fileprivate init(_ line: RequestLine, _ fields: HTTPFields) throws(HTTPError) {
    var hosts = 0
    var length: Int?
    var isChunked = false
    var expectsContinue = false
    var connection: ConnectionOptions = []
    try fields.bytes.withBytes { bytes throws(HTTPError) in
      for entry in fields.entries where entry.kind != .other {
        let value = HTTPFields.value(entry, in: bytes)
        switch entry.kind {
        case .host:
          hosts += 1
          guard hosts == 1, HostSyntax.isValid(value) else { throw .malformed("no valid Host") }
          try Self.checkAuthority(line, value, bytes)
        case .contentLength:
          guard length == nil, let value = ASCII.decimal(value) else { throw .malformed("no valid Content-Length") }
          length = value
        case .transferEncoding:
          guard !isChunked, line.minorVersion == 1 else { throw .malformed("Transfer-Encoding twice or in HTTP/1.0") }
          try HTTPBodyFraming.checkChunked(value)
          isChunked = true
        case .connection: connection.formUnion(list: value)
        case .expect where line.minorVersion == 1:
          guard ASCII.equalsIgnoringCase(value, "100-continue") else {
            throw HTTPError(.unsupported, .expectationFailed, "an unknown expectation")
          }
          expectsContinue = true
        default: break
        }
      }
    }
    guard hosts == 1 || line.minorVersion == 0 else { throw .malformed("no Host") }
    guard length == nil || !isChunked else { throw .malformed("both Content-Length and Transfer-Encoding") }
    let framing: HTTPBodyFraming = isChunked ? .chunked : length.map { $0 > 0 ? .length($0) : .none } ?? .none
    self.init(
      line: line, fields: fields, framing: framing, connection: connection,
      expectsContinue: expectsContinue && framing != .none)
  }

  /// An absolute target's authority must be the one of `Host`. RFC 9112 section 3.2.2.
  private static func checkAuthority(
    _ line: RequestLine, _ host: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer
  ) throws(HTTPError) {
    guard line.authority > 0 else { return }
    let start = Int(line.authority)
    let authority = UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(line.authorityCount)])
    guard HostSyntax.isValid(authority), ASCII.equalsIgnoringCase(authority, host) else {
      throw .malformed("the target's host is not Host")
    }
  }
}

extension HTTPBodyFraming {
  /// Exactly `chunked`: a list of other codings is one we do not know, anything else is broken. RFC 9112 section 6.1.
  static func checkChunked(_ value: UnsafeRawBufferPointer) throws(HTTPError) {
    if ASCII.equalsIgnoringCase(value, "chunked") { return }
    var last: Bool?
    var isList = true
    ASCII.forEachElement(value) { element in
      if !element.allSatisfy(ASCII.isToken) || last == true { isList = false }
      last = ASCII.equalsIgnoringCase(element, "chunked")
    }
    guard isList, last == true, value.first != UInt8(ascii: ","), value.last != UInt8(ascii: ",") else {
      throw .malformed("the last Transfer-Encoding is not chunked")
    }
    throw HTTPError(.unsupported, .notImplemented, "a Transfer-Encoding other than chunked")
  }
}

/// A response without its body.
package struct HTTPResponseHead: Sendable {
  package let status: HTTPStatus
  package let minorVersion: Int
  package let fields: HTTPFields
  package let framing: HTTPBodyFraming
  /// The connection can be used again after the body.
  package let keepsAlive: Bool
}

/// Turns a server's bytes into responses. Strict where framing is concerned. RFC 9112 sections 4 and 6.3.
package struct HTTPResponseParser: Sendable {
  package enum Event {
    case needsMore
    case head(HTTPResponseHead)
    case body(UnsafeRawBufferPointer)
    /// It comes for every final response, also one without a body.
    case end(HTTPFields)
    case failed(HTTPError)
  }

  private var scanner = HTTPHeadScanner(.response)
  private var partial: [UInt8] = []
  private var body: HTTPBodyDecoder?
  private var failure: HTTPError?
  /// The answer to HEAD has no body, whatever it says.
  package var isHeadRequest = false

  package init() {}

  package mutating func next(
    _ input: UnsafeRawBufferPointer, _ position: inout Int, _ limits: HTTPLimits
  ) -> Event {
    if let failure { return .failed(failure) }
    do throws(HTTPError) {
      if body != nil {
        switch try body?.next(input, &position, limits) {
        case .data(let bytes): return .body(bytes)
        case .end(let trailers):
          body = nil
          return .end(trailers)
        case .needsMore, nil: return .needsMore
        }
      }
      guard position < input.count else { return .needsMore }
      return try nextOfHead(input, &position, limits)
    } catch {
      failure = error
      return .failed(error)
    }
  }

  /// The server ended the connection: `.end` where that is how the body ends, `.needsMore` between responses.
  package mutating func endOfInput() -> Event {
    if let body {
      guard body.endsAtClose else { return .failed(.closed) }
      self.body = nil
      return .end(HTTPFields())
    }
    return partial.isEmpty ? .needsMore : .failed(.closed)
  }

  private mutating func nextOfHead(
    _ input: UnsafeRawBufferPointer, _ position: inout Int, _ limits: HTTPLimits
  ) throws(HTTPError) -> Event {
    let before = partial.count
    var bytes: [UInt8] = []
    swap(&bytes, &partial)
    bytes.append(contentsOf: input[position...])
    switch try bytes.withBytes({ bytes throws(HTTPError) in try scanner.scan(bytes, limits) }) {
    case .incomplete:
      position = input.count
      swap(&bytes, &partial)
      return .needsMore
    case .complete(let count):
      position += count - before
      bytes.removeSubrange(count...)
      let head = try head(HTTPFields(head: bytes, entries: scanner.entries))
      scanner = HTTPHeadScanner(.response)
      // An interim response is followed by another one; after 101 there is no more HTTP.
      if !head.status.isInformational { body = HTTPBodyDecoder(head.framing) }
      return .head(head)
    }
  }

  private func head(_ fields: HTTPFields) throws(HTTPError) -> HTTPResponseHead {
    let line = scanner.statusLine
    let status = HTTPStatus(Int(line.code))
    var length: Int?
    var isChunked = false
    var options: ConnectionOptions = []
    try fields.bytes.withBytes { bytes throws(HTTPError) in
      for entry in fields.entries {
        let value = HTTPFields.value(entry, in: bytes)
        switch entry.kind {
        case .contentLength:
          guard length == nil, let value = ASCII.decimal(value) else { throw Self.broken("Content-Length") }
          length = value
        case .transferEncoding:
          guard !isChunked, line.minorVersion == 1, ASCII.equalsIgnoringCase(value, "chunked") else {
            throw Self.broken("Transfer-Encoding")
          }
          isChunked = true
        case .connection: options.formUnion(list: value)
        default: break
        }
      }
    }
    guard length == nil || !isChunked else { throw Self.broken("Content-Length beside Transfer-Encoding") }
    let framing: HTTPBodyFraming =
      isHeadRequest || status.forbidsBody ? .none : isChunked ? .chunked : length.map { .length($0) } ?? .untilClose
    let wantsKeepAlive = !options.contains(.close) && (line.minorVersion == 1 || options.contains(.keepAlive))
    return HTTPResponseHead(
      status: status, minorVersion: Int(line.minorVersion), fields: fields, framing: framing,
      keepsAlive: wantsKeepAlive && framing != .untilClose)
  }

  private static func broken(_ what: String) -> HTTPError {
    HTTPError(.malformed, .badGateway, "a response with a broken \(what)")
  }
}

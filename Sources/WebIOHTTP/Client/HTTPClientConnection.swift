import WebIOPosix

/// The client's end of a connection, one request at a time: what a reverse proxy and tests need.
@EventLoop
package final class HTTPClientConnection: ByteStreamDelegate {
  /// Interim responses, which are none of the one that `onHead` reports: 100, 103.
  package var onInformational: (@EventLoop (HTTPResponseHead) -> Void)?
  /// After 101 call `takeOver` within this.
  package var onHead: (@EventLoop (HTTPResponseHead) -> Void)?
  package var onBody: (@EventLoop (UnsafeRawBufferPointer) -> Void)?
  /// Once a request: nil when the response is whole. After an error, or without `canSend`, the connection is closed.
  package var onEnd: (@EventLoop (HTTPError?) -> Void)?
  /// Calls what it is given, which calls all of the above that one read brings: a proxy answers them with one write.
  package var batch: (@EventLoop (() -> Void) -> Void)?
  /// What waits to be sent fell below half of the high-water mark.
  package var onDrain: (@EventLoop () -> Void)?
  package private(set) var trailers = HTTPFields()

  private let stream: any ByteStream
  private let limits: HTTPLimits
  private var parser = HTTPResponseParser()
  private var unread: [UInt8] = []
  private var rest: UnsafeRawBufferPointer?
  private var isWaiting = false
  private var isChunked = false
  private var bodyIsOut = true
  private var keepsAlive = true
  private var isOver = false

  package init(stream: any ByteStream, limits: HTTPLimits = HTTPLimits()) {
    self.stream = stream
    var limits = limits
    limits.body = .max
    self.limits = limits
    stream.delegate = self
    stream.setReading(true)
  }

  /// The next request may be sent.
  package var canSend: Bool { !isOver && !isWaiting && keepsAlive && bodyIsOut }
  package var bufferedBytes: Int { stream.bufferedBytes }

  /// Sends a request's head. `Host` must be among `fields`; framing is written here: no body (nil), a length, or chunks
  /// (a negative length). `target` must be a valid one.
  package func send(_ method: String, _ target: String, _ fields: HTTPFields, bodyLength: Int? = nil) {
    guard canSend else { return }
    var head: [UInt8] = []
    head.reserveCapacity(fields.bytes.count + target.utf8.count + 64)
    head.append(text: method)
    head.append(0x20)
    head.append(text: target)
    head.append(" HTTP/1.1\r\n")
    let isWhole = fields.isWire && fields.first(.contentLength) == nil && fields.first(.transferEncoding) == nil
    if isWhole { head.append(contentsOf: fields.bytes) }
    fields.bytes.withUnsafeBytes { bytes in
      for entry in isWhole ? [] : fields.entries where entry.kind != .contentLength && entry.kind != .transferEncoding {
        head.append(contentsOf: HTTPFields.name(entry, in: bytes))
        head.append(": ")
        head.append(contentsOf: HTTPFields.value(entry, in: bytes))
        head.append("\r\n")
      }
    }
    if let bodyLength, bodyLength >= 0 {
      head.append("Content-Length: ")
      head.append(decimal: bodyLength)
      head.append("\r\n")
    } else if bodyLength != nil {
      head.append("Transfer-Encoding: chunked\r\n")
    }
    head.append("\r\n")
    isChunked = bodyLength.map { $0 < 0 } ?? false
    bodyIsOut = bodyLength ?? 0 == 0
    send(raw: head, isHead: method == "HEAD")
  }

  /// Sends a head as it is; a body is written with `write` in whatever framing the head names.
  package func send(raw head: [UInt8], isHead: Bool = false) {
    isWaiting = true
    parser.isHeadRequest = isHead
    stream.write(head)
  }

  package func write(_ bytes: UnsafeRawBufferPointer) {
    guard !isOver, !bytes.isEmpty else { return }
    guard isChunked else { return stream.write(bytes) }
    var chunk: [UInt8] = []
    chunk.reserveCapacity(bytes.count + 20)
    chunk.append(hex: bytes.count)
    chunk.append("\r\n")
    chunk.append(contentsOf: bytes)
    chunk.append("\r\n")
    stream.write(chunk)
  }

  package func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { write($0) } }

  /// Ends the request's body.
  package func finish() {
    guard !isOver, !bodyIsOut else { return }
    bodyIsOut = true
    if isChunked { stream.write(Array("0\r\n\r\n".utf8)) }
  }

  /// Holds the server back, or lets it go on.
  package func setReading(_ isOn: Bool) {
    if !isOver { stream.setReading(isOn) }
  }

  /// Ends the connection; `onEnd` comes with an error if a response was awaited.
  package func close() {
    if !isOver { stream.abort() }
  }

  /// The raw connection after 101, with what came behind the head.
  package func takeOver() -> any ByteStream {
    isOver = true
    isWaiting = false
    let bytes = rest.map { [UInt8]($0) } ?? []
    stream.setReading(false)
    stream.delegate = nil
    clear()
    return bytes.isEmpty ? stream : PrefacedStream(bytes, stream)
  }

  package func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
    if let batch { batch { receive(bytes) } } else { receive(bytes) }
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) {
    var position = 0
    defer { rest = nil }
    while !isOver {
      guard isWaiting else {
        // Nobody asked: it could be taken for the next answer.
        return position < bytes.count ? stream.abort() : ()
      }
      let event = parser.next(bytes, &position, limits)
      rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
      switch event {
      case .needsMore: return
      case .head(let head):
        if head.status.isInformational, head.status.code != 101 {
          onInformational?(head)
        } else {
          if !head.keepsAlive { keepsAlive = false }
          onHead?(head)
        }
      case .body(let bytes): onBody?(bytes)
      case .end(let trailers):
        self.trailers = trailers
        end(nil)
      case .failed(let error): end(error)
      }
    }
  }

  private func end(_ error: HTTPError?) {
    guard isWaiting else { return }
    isWaiting = false
    let reusable = error == nil && keepsAlive && bodyIsOut
    if !reusable { keepsAlive = false }
    onEnd?(error)
    // A request whose body is not out yet cannot be followed by another one.
    if !reusable, !isOver { stream.close() }
  }

  package func streamDidEnd(_ stream: any ByteStream) {
    keepsAlive = false
    guard isWaiting else { return stream.close() }
    switch parser.endOfInput() {
    case .end: end(nil)
    case .failed(let error): end(error)
    default: end(.closed)
    }
  }

  package func streamDidDrain(_ stream: any ByteStream) { onDrain?() }

  package func streamDidClose(_ stream: any ByteStream, error: SystemError?) {
    isOver = true
    keepsAlive = false
    end(.closed)
    clear()
  }

  private func clear() {
    onInformational = nil
    onHead = nil
    onBody = nil
    onEnd = nil
    onDrain = nil
    batch = nil
  }
}

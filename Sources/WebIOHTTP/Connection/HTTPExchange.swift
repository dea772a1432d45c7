import WebIOPosix

/// What answers requests.
@EventLoop
package protocol HTTPRequestHandler: AnyObject {
  /// Answers now or later, and exactly once; what is pipelined behind waits. It is never called for a broken request.
  func handle(_ exchange: HTTPExchange)
}

/// One request and its answer.
///
/// Nothing of the body is taken before `readBody` or `streamBody`: `Expect: 100-continue` is answered then, and an answer
/// without it closes the connection. Everything may be called until the answer is finished; later calls do nothing.
@EventLoop
package final class HTTPExchange {
  package let request: HTTPRequestHead
  package let isSecure: Bool
  /// Text that `respond` sends is compressed where the client accepts it. Leave it off where a secret and what
  /// strangers sent are in one answer: the length would tell.
  package var compresses: Bool
  /// The client went away before the answer was finished.
  package var onClose: (@EventLoop () -> Void)?
  /// The client has ended its direction. It may still wait for the answer, but browsers do so only when they leave.
  package var onInputEnd: (@EventLoop () -> Void)?
  /// `bufferedBytes` fell below half of the high-water mark, above which it had been.
  package var onDrain: (@EventLoop () -> Void)?
  /// After everything: the answer is handed to the kernel (true), or will never be.
  package var onFinish: (@EventLoop (Bool) -> Void)?
  /// Goes out with `100 Continue`.
  package var continueFields = HTTPFields()
  /// The body's trailers, once it has ended.
  package internal(set) var trailers = HTTPFields()

  enum BodyState { case unread, reading, paused, ended }
  enum ResponseState: Equatable {
    case none
    case length(Int)
    case chunked
    case untilClose
    /// HEAD, 204, 304: writes go nowhere.
    case bodiless
    case finished
  }

  private let stream: any ByteStream
  var connection: HTTPConnection?
  var bodyState: BodyState
  var bodyReader: HTTPBodyReader?
  @exclusivity(unchecked) var responseState = ResponseState.none
  /// Small writes on their way to a chunk of the least size.
  var chunk: [UInt8] = []
  var responseTrailers = HTTPFields()
  /// What was answered; 200 until then.
  package internal(set) var status: HTTPStatus = 200
  var sentBytes = 0
  var startTime = MonotonicTime(nanoseconds: 0)

  init(_ request: consuming HTTPRequestHead, _ connection: HTTPConnection) {
    bodyState = request.framing == .none ? .ended : .unread
    self.request = request
    self.connection = connection
    stream = connection.stream
    isSecure = connection.isSecure
    compresses = connection.server.options.compresses
  }

  package var peerAddress: String { stream.peerAddress }
  package var peerPort: UInt16 { stream.peerPort }
  package var origin: StreamOrigin { stream.origin }

  /// The answer's head has been written.
  package var hasStarted: Bool { responseState != .none }
  package var isFinished: Bool { responseState == .finished }
  /// What waits to be sent. Stop writing above `highWaterMark`, until `onDrain`.
  package var bufferedBytes: Int { connection?.bufferedBytes ?? 0 }
  /// The mark for a producer that can stop at any byte, as a proxy: not above `highWaterMark`.
  package var highWater: Int { connection?.stream.highWater ?? highWaterMark }

  // MARK: The request's body

  /// Collects the body and calls `completion` once: at once when it is here already.
  package func readBody(limit: Int, _ completion: @escaping @EventLoop (Result<[UInt8], HTTPError>) -> Void) {
    if case .length(let count) = request.framing, count > limit {
      return completion(.failure(HTTPError(.tooLarge, .contentTooLarge, "the body is longer than \(limit) bytes")))
    }
    if request.framing == .none, bodyReader == nil, !isFinished { return completion(.success([])) }
    startBody(HTTPBodyReader(limit: limit, completion: completion))
  }

  /// Hands the body on as it comes. `onEnd` comes once and last, with nil when the body is whole.
  package func streamBody(
    onChunk: @escaping @EventLoop (UnsafeRawBufferPointer) -> Void,
    onEnd: @escaping @EventLoop (HTTPError?) -> Void
  ) {
    startBody(HTTPBodyReader(onChunk: onChunk, onEnd: onEnd))
  }

  /// Holds the client back, or lets it go on.
  package func setBodyReading(_ isOn: Bool) {
    switch (bodyState, isOn) {
    case (.reading, false): bodyState = .paused
    case (.paused, true):
      bodyState = .reading
      connection?.bodyIsWanted()
    default: return
    }
  }

  private func startBody(_ reader: HTTPBodyReader) {
    guard bodyReader == nil, !isFinished else { return reader.end(.init(.cancelled, 500, "the body was read before")) }
    guard bodyState == .unread else { return reader.end(nil) }
    guard let connection else { return reader.end(.closed) }
    bodyReader = reader
    bodyState = .reading
    if request.expectsContinue, !hasStarted, !connection.hasUnreadInput { sendInformational(100, continueFields) }
    connection.bodyIsWanted()
  }

  /// An interim answer: `100 Continue` again, or `103 Early Hints`. RFC 9110 section 15.2.
  package func sendInformational(_ status: HTTPStatus, _ fields: HTTPFields = HTTPFields()) {
    guard let connection, !hasStarted, status.isInformational, status.code != 101, request.minorVersion > 0 else {
      return
    }
    connection.turn { $0.writeInformational(status, fields) }
  }

  // MARK: The answer

  /// The whole answer. `Content-Length`, `Date` and `Connection` are ours; HEAD gets no body.
  package func respond(_ status: HTTPStatus, _ fields: HTTPFields = HTTPFields(), _ body: [UInt8] = []) {
    guard let connection, !hasStarted else { return }
    if compresses, let packed = compress(fields, body) { return respond(status, packed.fields, packed.body) }
    connection.turn { connection in
      // An answer before the body was taken in full: the rest could be read as a request. RFC 9112 section 9.3.
      if bodyState != .ended { connection.closesAfterResponse = true }
      connection.writeHead(self, status, fields, contentLength: body.count, isWhole: true)
      if !body.isEmpty { body.withLoopBytes { connection.writeBody($0, self) } }
      connection.finish(self)
    }
  }

  private func compress(_ fields: HTTPFields, _ body: [UInt8]) -> (fields: HTTPFields, body: [UInt8])? {
    compresses = false
    guard body.count >= 1_024, let type = fields["Content-Type"], MediaType.isCompressible(type),
      !fields.contains("Content-Encoding")
    else { return nil }
    var fields = fields
    if !fields.contains("Accept-Encoding", in: "Vary") { fields.append("Vary", "Accept-Encoding") }
    guard Gzip.isAccepted(by: request.fields) else { return (fields, body) }
    fields.append("Content-Encoding", "gzip")
    // A strong entity tag is one of the bytes as they were.
    if let tag = fields["ETag"], !tag.utf8.starts(with: "W/".utf8) { fields["ETag"] = "W/" + tag }
    return (fields, Gzip.compress(body, level: 5))
  }

  package func respond(_ status: HTTPStatus, _ fields: HTTPFields = HTTPFields(), text: String) {
    var fields = fields
    if !fields.contains("Content-Type") { fields.append("Content-Type", "text/plain; charset=utf-8") }
    respond(status, fields, Array(text.utf8))
  }

  /// Starts an answer whose body is written piece by piece. Without a length it is chunked, or in HTTP/1.0 ends with
  /// the connection.
  package func startResponse(_ status: HTTPStatus, _ fields: HTTPFields = HTTPFields(), contentLength: Int? = nil) {
    guard let connection, !hasStarted else { return }
    connection.turn { connection in
      if bodyState == .unread { connection.closesAfterResponse = true }
      connection.writeHead(self, status, fields, contentLength: contentLength, isWhole: false)
    }
  }

  package func write(_ bytes: UnsafeRawBufferPointer) {
    guard let connection, !bytes.isEmpty else { return }
    connection.turn { $0.writeBody(bytes, self) }
  }

  package func write(_ bytes: [UInt8]) { bytes.withLoopBytes { write($0) } }

  /// Ends the body. A body shorter than its `Content-Length` closes the connection, so that the client can tell.
  /// `trailers` go behind a chunked body only. RFC 9110 section 6.5.
  package func finish(trailers: HTTPFields = HTTPFields()) {
    guard let connection, hasStarted, !isFinished else { return }
    responseTrailers = trailers
    connection.turn { $0.finish(self) }
  }

  /// What `body` writes goes out in one piece.
  package func batch(_ body: () -> Void) {
    if let connection { connection.turn { _ in body() } } else { body() }
  }

  /// Closes the connection at once: the client sees that the answer is not whole.
  package func abort() { connection?.stream.abort() }

  // MARK: Other protocols

  /// Answers a WebSocket handshake and gives the connection, or answers 400 or 426 itself and gives nil. RFC 6455
  /// section 4.2. Set the callbacks before the current turn ends.
  package func upgradeToWebSocket(
    subprotocol: String? = nil, maxMessageSize: Int? = nil, compression: Bool = true, fields: HTTPFields = HTTPFields()
  ) -> WebSocketConnection? {
    guard let connection, !hasStarted else { return nil }
    let handshake: WebSocketHandshake.Acceptance
    do throws(HTTPError) {
      handshake = try WebSocketHandshake.accept(
        request, subprotocol: subprotocol, compression: compression,
        contextTakeover: connection.server.options.webSocketContextTakeover)
    } catch {
      respond(error.status, WebSocketHandshake.refusalFields, text: "\(error.reason)\n")
      return nil
    }
    return connection.upgrade(self, fields, handshake, maxMessageSize: maxMessageSize)
  }

  /// Writes `head` as it is and hands over the connection, together with what was read beyond the request. The new
  /// owner sets the delegate and switches reading on.
  package func takeOver(_ head: [UInt8]) -> (any ByteStream)? {
    guard let connection, !hasStarted else { return nil }
    status = .switchingProtocols
    return connection.takeOver(self, head)
  }
}

import WebIOHTTP
import WebIOPosix

/// The client's end of one request in memory: sends it, and gives the answer's body piece by piece.
@EventLoop
final class AppExchange {
  private let stream: MemoryStream
  private let client: HTTPClientConnection
  private var head: CheckedContinuation<AppResponse, any Error>?
  private var pieces: [[UInt8]] = []
  private var reader: CheckedContinuation<[UInt8]?, any Error>?
  private var end: Result<Void, any Error>?
  /// Of the request's body, what is not sent yet.
  private var unsent: ArraySlice<UInt8>

  private static let pieceSize = 256 << 10

  init(_ stream: MemoryStream, body: [UInt8]) {
    self.stream = stream
    unsent = body[...]
    client = HTTPClientConnection(stream: stream)
    client.onHead = { [weak self] in self?.receive($0) }
    client.onBody = { [weak self] in self?.receive($0) }
    client.onEnd = { [weak self] in self?.finish($0) }
    client.onDrain = { [weak self] in self?.sendBody() }
  }

  /// An answer that nobody wanted, or wanted no longer.
  isolated deinit { if end == nil { stream.abort() } }

  func send(_ request: AppRequest, _ fields: HTTPFields) async throws -> AppResponse {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        head = continuation
        client.send(request.method, request.target, fields, bodyLength: unsent.isEmpty ? nil : unsent.count)
        sendBody()
      }
    } onCancel: {
      EventLoop.run { self.cancel() }
    }
  }

  /// As much as may wait at a time.
  private func sendBody() {
    while !unsent.isEmpty, client.bufferedBytes < highWaterMark {
      client.write(Array(unsent.prefix(Self.pieceSize)))
      unsent = unsent.dropFirst(Self.pieceSize)
    }
    if unsent.isEmpty { client.finish() }
  }

  private func receive(_ head: HTTPResponseHead) {
    let own = ["connection", "keep-alive", "transfer-encoding", "content-length", "date", "upgrade", "sec-websocket-accept"]
    let fields = head.fields.list.filter { field in !own.contains { ASCII.equalsIgnoringCase(field.name, $0) } }
    let socket = head.status.code == 101 ? WebSocket(client: client.takeOver()) : nil
    // A body's pieces wait until they are asked for.
    if socket == nil { client.setReading(false) } else { end = .success(()) }
    let response = AppResponse(
      head.status.code, fields, contentLength: head.fields["Content-Length"].flatMap { ASCII.decimal($0) }, self, socket)
    self.head?.resume(returning: response)
    self.head = nil
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) {
    let piece = [UInt8](bytes)
    guard let reader else { return pieces.append(piece) }
    self.reader = nil
    client.setReading(false)
    reader.resume(returning: piece)
  }

  private func finish(_ error: HTTPError?) { finish(error.map { .failure($0) } ?? .success(())) }

  private func finish(_ result: Result<Void, any Error>) {
    guard end == nil else { return }
    end = result
    stream.close()
    if let head {
      self.head = nil
      do { try result.get() } catch { head.resume(throwing: error) }
    }
    reader?.resume(with: result.map { nil })
    reader = nil
  }

  func next() async throws -> [UInt8]? {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { wait($0) }
    } onCancel: {
      EventLoop.run { self.cancel() }
    }
  }

  private func wait(_ continuation: CheckedContinuation<[UInt8]?, any Error>) {
    if !pieces.isEmpty { return continuation.resume(returning: pieces.removeFirst()) }
    if let end { return continuation.resume(with: end.map { nil }) }
    // One task reads; a second one at the same time finds the end.
    guard reader == nil else { return continuation.resume(returning: nil) }
    reader = continuation
    client.setReading(true)
  }

  private func cancel() {
    guard end == nil else { return }
    finish(.failure(CancellationError()))
    stream.abort()
  }
}

import WebIOPosix

/// A WebSocket of `WebServer`: its messages are an asynchronous sequence that ends with the connection.
///
///     case ("GET", "/echo"):
///       .webSocket { socket in
///         for await message in socket { try await socket.send(message) }
///       }
///
/// Messages come whole, of at most `HTTPLimits.webSocketMessage` bytes. A client that sends faster than they are taken is
/// held back, and so is a sender whose client does not read. Pings are answered by themselves. The end of a connection is met
/// when the messages before it have been taken and answered, or five seconds later. RFC 6455.
public final class WebSocket: AsyncSequence, Sendable {
  public enum Message: Sendable, Equatable {
    case text(String)
    case binary([UInt8])
  }

  private let socket: LoopSocket

  @EventLoop
  init(_ connection: WebSocketConnection) { socket = LoopSocket(connection) }

  /// The client's end of a stream on which the handshake is done. What the server sends is limited by the server, and a
  /// peer within this process is never silent.
  @EventLoop
  package convenience init(client stream: any ByteStream) {
    var limits = HTTPLimits()
    limits.webSocketMessage = .max
    limits.webSocketBuffer = .max
    limits.webSocketPing = nil
    self.init(WebSocketConnection(client: stream, limits: limits))
  }

  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let socket: LoopSocket

    /// Nil when the connection has ended, or the task is cancelled.
    public func next() async -> Message? { await socket.receive() }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(socket: socket) }

  /// Returns when the client has taken enough of it that more may be sent. Throws an ``HTTPError`` when it is gone.
  public func send(_ message: Message) async throws { try await socket.send(message) }
  public func send(_ text: String) async throws { try await socket.send(.text(text)) }
  public func send(_ bytes: [UInt8]) async throws { try await socket.send(.binary(bytes)) }

  /// Starts the close handshake. The closure's end does the same with 1000.
  public func close(code: UInt16 = 1000, reason: String = "") async { await socket.close(code, reason) }

  /// How it has ended; nil while it has not. 1006 means that there was no word of it, 1005 that no reason was given. RFC 6455
  /// section 7.4.1.
  public var closing: Closing? { get async { await socket.closing } }

  public struct Closing: Sendable, Equatable {
    public let code: UInt16
    public let reason: String

    public init(code: UInt16, reason: String) {
      self.code = code
      self.reason = reason
    }
  }
}

@EventLoop
private final class LoopSocket {
  private let connection: WebSocketConnection
  private var messages: [WebSocket.Message] = []
  private(set) var closing: WebSocket.Closing?
  private var isCancelled = false
  private var receiver: CheckedContinuation<WebSocket.Message?, Never>?
  private var senders: [CheckedContinuation<Void, Never>] = []

  /// Above so many that wait nothing more is read.
  private static let waiting = 16

  init(_ connection: WebSocketConnection) {
    self.connection = connection
    connection.onText = { [weak self] in self?.deliver(.text(String(decoding: $0, as: UTF8.self))) }
    connection.onBinary = { [weak self] in self?.deliver(.binary([UInt8]($0))) }
    connection.onDrain = { [weak self] in self?.resumeSenders() }
    connection.onClose = { [weak self] in self?.end($0, $1) }
  }

  /// Nobody is left who could take or send a message.
  isolated deinit { if connection.isOpen { connection.abort() } }

  private var isEnded: Bool { closing != nil }

  private func deliver(_ message: WebSocket.Message) {
    connection.isAnswering = true
    if let receiver {
      self.receiver = nil
      return receiver.resume(returning: message)
    }
    messages.append(message)
    if messages.count == Self.waiting { connection.setReading(false) }
  }

  private func end(_ code: UInt16, _ reason: String) {
    closing = WebSocket.Closing(code: code, reason: reason)
    receiver?.resume(returning: nil)
    receiver = nil
    resumeSenders()
  }

  private func resumeSenders() {
    let waiting = senders
    senders = []
    for sender in waiting { sender.resume() }
  }

  func receive() async -> WebSocket.Message? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { wait($0) }
    } onCancel: {
      EventLoop.run { self.cancel() }
    }
  }

  /// Looks at the state only here: messages may come before the handler above is in place.
  private func wait(_ continuation: CheckedContinuation<WebSocket.Message?, Never>) {
    guard messages.isEmpty else {
      if messages.count == Self.waiting { connection.setReading(true) }
      return continuation.resume(returning: messages.removeFirst())
    }
    // Whoever asks for the next message has answered the ones before.
    connection.isAnswering = false
    // One task reads; a second one at the same time finds the end.
    guard !isEnded, receiver == nil, !isCancelled else { return continuation.resume(returning: nil) }
    receiver = continuation
  }

  private func cancel() {
    isCancelled = true
    receiver?.resume(returning: nil)
    receiver = nil
  }

  func send(_ message: WebSocket.Message) async throws {
    guard connection.isOpen else { throw HTTPError.closed }
    switch message {
    case .text(let text): connection.sendText(Array(text.utf8))
    case .binary(let bytes): connection.sendBinary(bytes)
    }
    if connection.bufferedBytes > highWaterMark { await withCheckedContinuation { senders.append($0) } }
    guard !isEnded else { throw HTTPError.closed }
  }

  func close(_ code: UInt16, _ reason: String) { connection.close(code: code, reason: reason) }
}

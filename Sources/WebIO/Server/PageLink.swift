import WebIOHTTP
import WebIOPosix

/// A session's page at the other end of a socket. See Sources/Frontend/PROTOCOL.md, section 2.
@EventLoop
final class PageLink: SessionLink {
  private let socket: any MessageSocket
  private let session: Session
  private let registry: SessionRegistry
  /// Our own page takes numbered batches; PyWebIO's takes one command a frame.
  private let isNumbered: Bool

  init(_ socket: any MessageSocket, _ session: Session, _ registry: SessionRegistry, isNumbered: Bool) {
    self.socket = socket
    self.session = session
    self.registry = registry
    self.isNumbered = isNumbered
    socket.onText = { [unowned self] bytes in receive(bytes) }
    socket.onBinary = { [unowned self] bytes in receiveFiles(bytes) }
    socket.onDrain = { [session] in session.flush() }
    // The socket keeps its closures, and through this one the link, until it is closed.
    socket.onClose = { _, _ in self.closed() }
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) {
    count(bytes)
    guard let json = try? JSONParser.parse(bytes), let event = Event(json, size: bytes.count) else {
      return socket.close(code: 1008, reason: "not an event")
    }
    session.receive(event)
  }

  private func receiveFiles(_ bytes: UnsafeRawBufferPointer) {
    count(bytes)
    if let chunk = UploadChunk(bytes) {
      if !session.receive(chunk) { socket.close(code: 1008, reason: "not a piece of an upload") }
      return
    }
    guard let message = UploadMessage(bytes), let event = Event(message.event, files: message.files, size: bytes.count)
    else {
      return socket.close(code: 1008, reason: "not an event")
    }
    session.receive(event)
  }

  private func count(_ bytes: UnsafeRawBufferPointer) {
    registry.metrics?.messagesReceived += 1
    registry.metrics?.bytesReceived += bytes.count
  }

  private func closed() {
    if session.detach(self) { registry.pageLeft(session) }
  }

  var canSend: Bool { socket.bufferedBytes < highWaterMark }

  func send(_ first: Int, _ commands: ArraySlice<[UInt8]>) {
    if let metrics = registry.metrics {
      metrics.messagesSent += commands.count
      metrics.bytesSent += Self.byteCount(commands)
    }
    guard isNumbered else {
      if commands.count == 1 {
        socket.sendText(commands[commands.startIndex])
      } else {
        socket.batch { for command in commands { socket.sendText(command) } }
      }
      return session.acknowledgeSent()
    }
    var frame: [UInt8] = []
    frame.reserveCapacity(16 + Self.byteCount(commands) + commands.count)
    frame.append(UInt8(ascii: "["))
    frame.append(contentsOf: String(first).utf8)
    for command in commands {
      frame.append(UInt8(ascii: ","))
      frame.append(contentsOf: command)
    }
    frame.append(UInt8(ascii: "]"))
    socket.sendText(frame)
  }

  private nonisolated static func byteCount(_ commands: ArraySlice<[UInt8]>) -> Int {
    commands.reduce(0) { $0 + $1.count }
  }

  func acknowledge(event number: Int) {
    socket.sendText(Array("{\"command\":\"event_ack\",\"spec\":\(number)}".utf8))
  }

  func acknowledge(upload: Spec) {
    var writer = JSONWriter()
    Command.write("upload_ack", task: nil, to: &writer) { upload.write(to: &$0, session) }
    socket.sendText(writer.bytes)
  }

  func sendSessionID() {
    socket.sendText(Array("{\"command\":\"set_session_id\",\"spec\":\"\(session.id)\"}".utf8))
  }

  func end() { socket.close(code: 1000, reason: "") }

  func replaced() { socket.close(code: 4001, reason: "the session continues on another page") }
}

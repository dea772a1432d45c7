import Glibc
import Synchronization
import WebIOHTTP
import WebIOPosix

/// The line to `webio dev`, which keeps the journals of an app's sessions while the app itself comes and goes. One JSON
/// object a line, both ways.
@EventLoop
final class JournalChannel: ByteStreamDelegate {
  /// What the journal of a session says to newer code.
  struct Recorded: Sendable {
    let entries: [JournalEntry]
    let livingLabels: Set<String>
    /// Why they are not all: what the developer reads.
    let note: String?
  }

  private let descriptor: Int32
  /// True when nobody reads any more.
  private let writing = Mutex(false)
  private let stream: SocketStream
  private var lines = JSONLines()
  private var wanted: [String: [(Recorded?) -> Void]] = [:]
  /// A session is to start anew from what the journal then says.
  var onForget: ((String) -> Void)?
  /// Literals of the source were edited: the pages can show it before it is built.
  var onPreview: (([LiteralChange]) -> Void)?
  /// A recorded session is to run without a page.
  var onRun: ((_ id: String, _ app: String?, Recorded) -> Void)?

  init(_ descriptor: Int32) throws {
    self.descriptor = descriptor
    stream = try SocketStream(descriptor: descriptor)
    stream.delegate = self
    stream.setReading(true)
  }

  /// Asks for a session's entries; nil when there are none.
  func want(_ id: String, _ completion: @escaping (Recorded?) -> Void) {
    wanted[id, default: []].append(completion)
    if wanted[id]?.count == 1 { send(["op": "want", "session": .string(id)]) }
  }

  nonisolated func append(_ id: String, of app: String, _ entry: JSONValue) {
    send(["op": "append", "session": .string(id), "app": .string(app), "entry": entry])
  }

  nonisolated func replace(_ id: String, of app: String, _ entries: [JSONValue], position: Int) {
    send([
      "op": "replace", "session": .string(id), "app": .string(app), "entries": .array(entries),
      "position": .int(Int64(position)),
    ])
  }

  /// A replay has taken so many entries: if the app dies now, that is where.
  nonisolated func reached(_ id: String, _ position: Int) {
    send(["op": "reached", "session": .string(id), "position": .int(Int64(position))])
  }

  nonisolated func settled(_ id: String, kept: Int, total: Int) {
    send(["op": "settled", "session": .string(id), "kept": .int(Int64(kept)), "total": .int(Int64(total))])
  }

  /// The session has become too long to be kept.
  nonisolated func drop(_ id: String) { send(["op": "drop", "session": .string(id)]) }

  nonisolated func preview(_ id: String, _ commands: [JSONValue]) {
    send(["op": "preview", "session": .string(id), "commands": .array(commands)])
  }

  nonisolated func transcript(_ id: String, _ commands: [JSONValue]) {
    send(["op": "transcript", "session": .string(id), "commands": .array(commands)])
  }

  /// Written from the calling thread, so that a crash right after it loses nothing. webio reads all the time, and a
  /// webio that is gone is an error at once: only one that is held up (by a debugger, by a busy machine) is waited for.
  private nonisolated func send(_ message: JSONValue) {
    let bytes = message.serialized + [UInt8(ascii: "\n")]
    writing.withLock { isBroken in
      var rest = bytes[...]
      while !isBroken, !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if count > 0 { rest = rest.dropFirst(count) }
        if count >= 0 || errno == EINTR { continue }
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        isBroken = errno != EAGAIN || (poll(&entry, 1, -1) < 0 && errno != EINTR)
      }
    }
  }

  func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
    for message in lines.receive(bytes) { receive(message) }
  }

  private func receive(_ message: JSONValue) {
    let id = message["session"]?.string ?? ""
    switch message["op"]?.string {
    case "preview": onPreview?(message["changes"]?.array?.compactMap { LiteralChange($0) } ?? [])
    case "log":
      let recorded = Recorded(message)
      for completion in wanted.removeValue(forKey: id) ?? [] { completion(recorded) }
    case "forget": onForget?(id)
    case "run": if let recorded = Recorded(message) { onRun?(id, message["app"]?.string, recorded) }
    default: break
    }
  }

  /// webio is gone, and this process soon will be: the descriptor stays, so that no other gets its number.
  func streamDidEnd(_ stream: any ByteStream) { answerAll() }
  func streamDidDrain(_ stream: any ByteStream) {}
  func streamDidClose(_ stream: any ByteStream, error: SystemError?) { answerAll() }

  private func answerAll() {
    for completion in wanted.values.flatMap({ $0 }) { completion(nil) }
    wanted = [:]
  }
}

extension JournalChannel.Recorded {
  /// Nil when nothing is kept.
  fileprivate init?(_ message: JSONValue) {
    guard let entries = message["entries"]?.array else { return nil }
    self.entries = entries.compactMap { JournalEntry($0) }
    livingLabels = Set(message["labels"]?.array?.compactMap(\.string) ?? [])
    note = message["note"]?.string
  }
}

import WebIOHTTP

/// Every limit of a server in one place, with what it is when nobody says otherwise.
///
///     var limits = ServerLimits()
///     limits.sessions.total = 500
///     limits.http.connections = 2_000
///     limits.payload = "10M"
///     try await startServer(main, limits: limits)
///
/// `webio doctor --limits` prints all of them, and so does ``table``.
public struct ServerLimits: Sendable {
  /// Connections, requests and WebSockets.
  public var http = HTTPLimits()
  /// How many sessions there may be, and how long one waits for a page that speaks by HTTP requests.
  public var sessions = SessionLimits()
  /// One message from a page, and the files of a field without limits of its own. PyWebIO: `max_payload_size`.
  public var payload: ByteCount = "200M"
  /// How long a session waits for a page that lost its connection or is refreshed. PyWebIO: `reconnect_timeout`.
  public var reconnect = Duration.seconds(10)
  /// From a signal to stop until the server does so, at most. Meanwhile it serves as before, and `/readyz` answers 503, so that a
  /// load balancer takes new visitors elsewhere. It is over when the last session is, but not before `drainNotice`. Zero: at once.
  public var drain = Duration.zero
  /// How long a load balancer may take to look at `/readyz`.
  public var drainNotice = Duration.seconds(5)

  public init() {}

  /// One limit, for people.
  public struct Entry: Sendable, Equatable {
    /// As it is written in Swift: `http.connections`.
    public let name: String
    /// A number, or `none`.
    public let value: String
    /// `bytes`, `seconds`, or what is counted.
    public let unit: String
    public let meaning: String
  }

  /// All limits with their values, in their order.
  public var table: [Entry] {
    [
      entry("payload", payload, "one message from a page, and the files of a field"),
      entry("reconnect", reconnect, "a session waits for a page that lost its connection"),
      entry("drain", drain, "after a signal to stop, at most, while /readyz answers 503"),
      entry("drainNotice", drainNotice, "of which a load balancer gets to notice"),
      entry("sessions.total", sessions.total, "sessions", "at a time; a visitor beyond them gets 503"),
      entry("sessions.perAddress", sessions.perAddress, "sessions", "at a time of one address"),
      entry("sessions.expiry", sessions.expiry, "without a request, until a page that speaks by HTTP is gone"),
      entry("sessions.cleanupInterval", sessions.cleanupInterval, "between two looks for such pages"),
      entry("sessions.longPoll", sessions.longPoll, "a request of a page waits for output"),
      entry("http.connections", http.connections, "connections", "at a time; the one that is idle for longest has to go"),
      entry("http.requestLine", http.requestLine, "bytes", "of a request's first line; beyond it 414"),
      entry("http.fieldLine", http.fieldLine, "bytes", "of one field; beyond it 431"),
      entry("http.fieldSection", http.fieldSection, "bytes", "of all fields; beyond it 431"),
      entry("http.fieldCount", http.fieldCount, "fields", "of a request; beyond it 431"),
      entry("http.body", http.body, "bytes", "of a request's body; beyond it 413"),
      entry("http.chunkExtensions", http.chunkExtensions, "bytes", "of chunk extensions of a body"),
      entry("http.trailers", http.trailers, "bytes", "of fields behind a body"),
      entry("http.smallChunks", http.smallChunks, "chunks", "of a body that may be shorter than 16 bytes"),
      entry("http.headDeadline", http.headDeadline, "for all of a request's head"),
      entry("http.idle", http.idle, "without a request, until a connection is closed"),
      entry("http.writeStall", http.writeStall, "without the peer taking a byte"),
      entry("http.bodyRate", http.bodyRate, "bytes a second", "that a body must bring"),
      entry("http.bodyGrace", http.bodyGrace, "until a body must have that rate"),
      entry("http.lingering", http.lingering, "of reading on after an early answer"),
      entry("http.webSocketMessage", http.webSocketMessage, "bytes", "of a message, where `payload` does not count"),
      entry("http.webSocketBuffer", http.webSocketBuffer, "bytes", "that wait for one WebSocket until it is cut off"),
      entry("http.webSocketEmptyFragments", http.webSocketEmptyFragments, "fragments", "without a byte, in a row"),
      entry("http.webSocketPing", http.webSocketPing, "of silence until a ping is sent"),
      entry("http.webSocketPong", http.webSocketPong, "from a ping to the next sign of life"),
      entry("http.webSocketClose", http.webSocketClose, "from a close frame to the end of its connection"),
      Entry(
        name: "(fixed)", value: "\(Outbox.unacknowledgedLimit)", unit: "bytes",
        meaning: "of output that a page does not take until its session ends"),
      Entry(
        name: "(fixed)", value: "\(Outbox.historyLimit)", unit: "bytes", meaning: "of output that a refreshed page gets again"),
      Entry(
        name: "(fixed)", value: "\(Mailbox.limit)", unit: "events", meaning: "that wait for a task which does not read them"),
      Entry(
        name: "(fixed)", value: "\(Session.clickLimit)", unit: "clicks",
        meaning: "of one session whose callbacks have not ended; one more is dropped"),
      Entry(
        name: "(fixed)", value: "\(Backlog.byteLimit)", unit: "bytes",
        meaning: "of such events, and of such clicks, unless there is only one"),
      Entry(
        name: "(fixed)", value: "\(JSONParser.valueLimit)", unit: "values", meaning: "in one message from a page"),
    ]
  }

  private func entry(_ name: String, _ value: Int?, _ unit: String, _ meaning: String) -> Entry {
    Entry(name: name, value: value.map(String.init) ?? "none", unit: unit, meaning: meaning)
  }

  private func entry(_ name: String, _ value: Duration?, _ meaning: String) -> Entry {
    Entry(name: name, value: value.map(Self.seconds) ?? "none", unit: "seconds", meaning: meaning)
  }

  private func entry(_ name: String, _ value: ByteCount, _ meaning: String) -> Entry {
    Entry(name: name, value: value.bytes.map(String.init) ?? value.description, unit: "bytes", meaning: meaning)
  }

  /// `30`, `0.5`
  private static func seconds(_ duration: Duration) -> String {
    let (whole, part) = duration.wholeMilliseconds.quotientAndRemainder(dividingBy: 1_000)
    guard part > 0 else { return "\(whole)" }
    var digits = Array("\(1_000 + part)".utf8.dropFirst())
    while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    return "\(whole)." + String(decoding: digits, as: UTF8.self)
  }

  /// Throws ``WebIOError/invalidArgument(_:)``.
  func validate() throws {
    try sessions.validate()
    if payload.bytes == nil {
      throw WebIOError.invalidArgument("limits.payload: \(InvalidByteCount(text: payload.description))")
    }
    guard reconnect >= .zero, drain >= .zero, drainNotice >= .zero else {
      throw WebIOError.invalidArgument("limits: reconnect, drain and drainNotice are not below zero.")
    }
  }
}

import WebIOHTTP
import WebIOPosix

/// A page in the app's own process: the same session, commands and events as over a socket, without the socket.
/// WebIOTesting plays the visitor with it.
package final class LocalPage: Sendable {
  /// Who visits.
  package struct Visitor: Sendable {
    package var userAgent: String
    /// An Accept-Language field.
    package var language: String
    package var app: String

    package init(userAgent: String, language: String, app: String) {
      self.userAgent = userAgent
      self.language = language
      self.app = app
    }
  }

  private let session: Session
  private let directory: SessionDirectory
  /// The first task's id.
  package let main: String

  /// Runs `function` in a new session: in one server with `neighbour`, so that broadcasts reach both.
  ///
  /// - Parameters:
  ///   - received: a command and its number, on the event loop; the result are events to answer it by at once.
  ///   - changed: something may have changed; every command up to here was received.
  package init(
    _ function: TaskFunction, _ visitor: Visitor, beside neighbour: LocalPage?,
    received: @escaping @Sendable (Int, JSON) -> [JSON], changed: @escaping @Sendable () -> Void
  ) async {
    Script.isNotNeeded()
    let directory = neighbour?.directory ?? SessionDirectory()
    let observed = Observed()
    self.directory = directory
    (session, main) = await Self.start(
      function, visitor, directory, observed, LocalLink(observed, received), changed: changed)
  }

  @EventLoop private static func start(
    _ function: TaskFunction, _ visitor: Visitor, _ directory: SessionDirectory, _ observed: Observed,
    _ link: LocalLink, changed: @escaping @Sendable () -> Void
  ) -> (Session, String) {
    let info = SessionInfo(
      userAgent: visitor.userAgent, acceptLanguage: visitor.language, serverHost: "localhost",
      origin: "http://localhost", userIP: "127.0.0.1", app: visitor.app, transport: "websocket", isDeveloper: true)
    let observer: @Sendable () -> Void = {
      EventLoop.run {
        observed.session?.flush()
        changed()
      }
    }
    let session = Session(id: randomToken(43), info: info, directory: directory, observer: observer) { session in
      session.directory.remove(session)
      observed.hasEnded = true
      observer()
    }
    observed.session = session
    directory.add(session)
    _ = session.attach(link, received: 0, page: "")
    return (session, session.run(function, name: visitor.app).id)
  }

  /// Sends an event. `handled` gets the task that it went to, nil when there is none.
  package func send(_ event: JSON, handled: @escaping @Sendable (String?) -> Void) {
    EventLoop.run { [session] in handled(Event(event).flatMap { session.receive($0) }) }
  }

  /// Sends an event with files, as a binary message.
  package func send(binary message: [UInt8], handled: @escaping @Sendable (String?) -> Void) {
    EventLoop.run { [session] in
      let upload = message.withUnsafeBytes { UploadMessage($0) }
      handled(upload.flatMap { Event($0.event, files: $0.files) }.flatMap { session.receive($0) })
    }
  }

  /// Whether a task waits for the page, or has ended.
  package func isSettled(_ task: String) -> Bool { session.isSettled(task) }

  /// Whether any task of the session still runs.
  package var isRunning: Bool { session.isRunning }

  /// Whether no command will come any more.
  package var isClosed: Bool { session.isClosed }

  /// Has `changed` called when everything up to here was received.
  package func look() { session.observer?() }

  /// Returns when the loop has done all that was asked of it until now: what other pages were sent has reached them.
  package func turn() async {
    await withCheckedContinuation { done in EventLoop.run { done.resume() } }
  }

  /// The visitor closes the page for good.
  package func leave() { session.close() }

  package static func decodeBase64(_ text: String) -> [UInt8]? { Base64.decode(text) }
}

/// The session, which is made after those who look at it.
@EventLoop private final class Observed {
  weak var session: Session?
  var hasEnded = false
  nonisolated init() {}
}

@EventLoop private final class LocalLink: SessionLink {
  private let observed: Observed
  private let received: @Sendable (Int, JSON) -> [JSON]

  nonisolated init(_ observed: Observed, _ received: @escaping @Sendable (Int, JSON) -> [JSON]) {
    self.observed = observed
    self.received = received
  }

  var canSend: Bool { true }

  func send(_ first: Int, _ commands: ArraySlice<[UInt8]>) {
    for (index, bytes) in commands.enumerated() {
      guard let command = try? JSONParser.parse(bytes) else { continue }
      for answer in received(first + index, command) { Event(answer).map { _ = observed.session?.receive($0) } }
    }
  }

  func acknowledge(event: Int) {}
  func end() {}
  func replaced() {}
}

import Glibc
import Synchronization
import WebIOPosix

/// A program without `startServer`: its first input or output starts a server for one session, and its code is that
/// session's task. PyWebIO: script mode.
///
/// What is put before the page comes waits for it. At the end of the program `exit(3)` calls `end`, which returns when the
/// page has everything; when the visitor closes the page, the program ends.
final class Script: Sendable {
  private enum State {
    case none
    /// There is a server with task functions, or a test: whoever has no session there has made a mistake.
    case notNeeded
    case running(Script)
  }

  private static let state = Mutex(State.none)

  let session: Session
  private let context: TaskContext
  private let hasPage = Parker()
  private let isOver = Parker()
  private let progress = Mutex(Progress())

  private struct Progress {
    var hasCome = false
    /// The program's code is done; it waits for its page.
    var isEnding = false
  }

  private let delivery: Delivery
  private static let payload = 200 << 20

  static func isNotNeeded() {
    state.withLock { state in if case .none = state { state = .notNeeded } }
  }

  /// The program's session; nil where a call without a session is a mistake.
  static func context() -> TaskContext? {
    let (script, isNew) = state.withLock { state -> (Script?, Bool) in
      switch state {
      case .running(let script): return (script, false)
      case .notNeeded: return (nil, false)
      case .none:
        guard !isTest, !EventLoop.isCurrent else { return (nil, false) }
        let script = Script()
        state = .running(script)
        return (script, true)
      }
    }
    if isNew { script?.begin() }
    return script?.context
  }

  /// A test calls functions outside a session to see what happens, and wants no server for it.
  private static var isTest: Bool {
    (Files.resolve("/proc/self/exe") ?? "").utf8.reversed().starts(with: ".xctest".utf8.reversed())
  }

  private init() {
    let info = SessionInfo(
      userAgent: "", acceptLanguage: "", serverHost: "localhost", origin: "", userIP: "", app: "index",
      transport: "websocket", isDeveloper: true)
    let delivery = Delivery(isOver)
    self.delivery = delivery
    session = Session(id: randomToken(43), info: info, directory: SessionDirectory(), uploadLimit: Self.payload) { _ in
      delivery.sessionEnded()
    }
    context = session.adopt(name: "script")
  }

  private func begin() {
    let isListening = Parker()
    EventLoop.run { [self] in
      session.directory.add(session)
      do { try listen() } catch {
        Log.error("\(error)")
        Glibc.exit(1)
      }
      isListening.unpark()
    }
    isListening.park()
    Thread.start(name: "webio-script") { [self] in
      isOver.park()
      // The visitor has left: nobody will answer what the program asks.
      if !progress.withLock({ $0.isEnding }) {
        session.isCleared.park()
        Log.note("The page was closed: the program ends.")
        exit(0)
      }
    }
    atexit { Script.end() }
  }

  @EventLoop private func listen() throws {
    let application = Application("index", title: Self.title) {}
    var options = ServerOptions(
      host: Environment["WEBIO_HOST"] ?? "localhost", port: Environment["WEBIO_PORT"].flatMap { Int($0) } ?? 0,
      debug: true, staticDirectory: nil, theme: "auto", tls: nil, remoteAccess: nil,
      reconnectTimeout: (try? ServerOptions.reconnectTimeout) ?? .seconds(10),
      allowedOrigins: [], checkOrigin: nil, autoOpenBrowser: Environment["WEBIO_PORT"] == nil, maxPayloadSize: Self.payload)
    options.script = self
    delivery.server = try AppServer.start(ApplicationTable([application]), options)
  }

  private static var title: String {
    let name = (CommandLine.arguments.first ?? "").utf8.split(separator: UInt8(ascii: "/")).last
    return name.map { String(Substring($0)) } ?? "WebIO"
  }

  /// A page has come.
  @EventLoop func visited(_ info: SessionInfo, _ socket: any MessageSocket) {
    session.info = info
    delivery.links += 1
    let onClose = socket.onClose
    socket.onClose = { [delivery] code, reason in
      onClose?(code, reason)
      delivery.linkClosed()
    }
    progress.withLock { $0.hasCome = true }
    hasPage.unpark()
  }

  static func waitForPage(of session: Session) {
    guard case .running(let script) = state.withLock({ $0 }), script.session === session else { return }
    if !script.progress.withLock({ $0.hasCome }) { script.hasPage.park() }
  }

  /// The program has come to its end, or has called `exit`.
  private static func end() {
    guard case .running(let script) = state.withLock({ $0 }), !EventLoop.isCurrent, !script.session.isClosed else { return }
    let isFirst = script.progress.withLock { progress in
      defer { progress.isEnding = true }
      return !progress.isEnding
    }
    guard isFirst else { return }
    fflush(nil)
    script.session.release(script.context)
    script.wait()
    // `webio dev` waits for the next save, and shows what the program has left.
    if DevMode.current != nil { Parker().park() }
  }

  private func wait() {
    isOver.park()
    session.isCleared.park()
  }
}

/// Whether the page has everything: the session has ended, and its socket was closed from both sides.
@EventLoop
private final class Delivery {
  /// How long a page may still ask for parts of what it shows.
  private static let lingering = Duration.seconds(1)

  var links = 0
  /// It lives as long as the program does.
  var server: AppServer?
  private var hasEnded = false
  private let isOver: Parker

  nonisolated init(_ isOver: Parker) { self.isOver = isOver }

  func sessionEnded() {
    hasEnded = true
    check()
  }

  func linkClosed() {
    links -= 1
    check()
  }

  private func check() {
    guard hasEnded, links == 0 else { return }
    Reactor.shared.schedule(after: Self.lingering) { [isOver] in isOver.unpark() }
  }
}

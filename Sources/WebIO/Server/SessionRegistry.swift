import WebIOHTTP
import WebIOPosix

/// The server's sessions by id, and how long each waits for a page that went away.
@EventLoop
final class SessionRegistry {
  private var sessions: [String: Session] = [:]
  private var expirations: [String: TimerToken] = [:]
  private let reconnectTimeout: Duration
  private let executor: (any TaskExecutor)?
  private let directory = SessionDirectory()

  init(reconnectTimeout: Duration, executor: (any TaskExecutor)? = nil) {
    self.reconnectTimeout = reconnectTimeout
    self.executor = executor
  }

  var count: Int { sessions.count }
  var canReconnect: Bool { reconnectTimeout > .zero }

  func start(_ application: Application, _ info: SessionInfo) -> Session {
    // 43 letters and digits are 256 bits: who has the id has the session.
    let session = Session(id: randomToken(43), info: info, directory: directory, executor: executor) { [weak self] session in
      self?.remove(session)
    }
    sessions[session.id] = session
    directory.add(session)
    session.run(application.function, name: application.name)
    return session
  }

  subscript(id: String) -> Session? { sessions[id] }

  func pageCame(_ session: Session) {
    expirations.removeValue(forKey: session.id)?.cancel()
  }

  func pageLeft(_ session: Session) {
    guard canReconnect else { return expire(session) }
    expirations[session.id]?.cancel()
    expirations[session.id] = Reactor.shared.schedule(after: reconnectTimeout) { [self] in expire(session) }
  }

  private func expire(_ session: Session) {
    session.close()
    remove(session)
  }

  private func remove(_ session: Session) {
    sessions[session.id] = nil
    directory.remove(session)
    expirations.removeValue(forKey: session.id)?.cancel()
  }

  func closeAll() {
    for session in sessions.values { session.close() }
    sessions = [:]
  }
}

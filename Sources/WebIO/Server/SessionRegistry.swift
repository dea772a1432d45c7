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
  let limits: SessionLimits
  var metrics: ServerMetrics?
  private let sessionPrefix: String
  /// Only when their number is limited.
  private var countByAddress: [String: Int] = [:]
  /// Only behind `webio dev`.
  let journals: JournalChannel?
  /// What an app's page is made of; see ``Page/shell``.
  var shell: (Application) -> String = { _ in "" }
  /// Behind `webio dev` the last output of a session may be what is being worked on.
  private var ended: [Session] = []
  private static let endedLimit = 20

  init(
    reconnectTimeout: Duration, limits: SessionLimits = SessionLimits(), executor: (any TaskExecutor)? = nil,
    sessionPrefix: String = "", journals: JournalChannel? = nil
  ) {
    self.sessionPrefix = sessionPrefix
    self.limits = limits
    self.reconnectTimeout = reconnectTimeout
    self.executor = executor
    self.journals = journals
    journals?.onForget = { [weak self] in self?.forget($0) }
    journals?.onPreview = { [weak self] changes in
      guard let self else { return }
      for session in Array(sessions.values) + ended { session.preview(changes) }
    }
  }

  var count: Int { sessions.count }
  func hasRoom(for address: String) -> Bool {
    count < limits.total && limits.perAddress.map { countByAddress[address, default: 0] < $0 } ?? true
  }

  var canReconnect: Bool { reconnectTimeout > .zero }

  /// `recorded` is what an earlier run of the app has kept of the session `id`.
  func start(
    _ application: Application, _ info: SessionInfo, uploadLimit: Int? = nil, isRecorded: Bool = false,
    again id: String? = nil, _ recorded: JournalChannel.Recorded? = nil
  ) -> Session {
    // 43 letters and digits are 256 bits: who has the id has the session.
    let id = id ?? sessionPrefix + randomToken(43)
    let log = recorded.map { ReplayLog($0.entries, livingLabels: $0.livingLabels) }
    let journal = (isRecorded ? journals : nil).map { channel in
      SessionJournal(
        id: id, app: application.name, channel: channel, log: log, note: recorded?.note,
        shell: log == nil ? "" : shell(application))
    }
    let session = Session(
      id: id, info: info, directory: directory, executor: executor, journal: journal, uploadLimit: uploadLimit
    ) { [weak self] session in
      self?.remove(session)
    }
    sessions[session.id] = session
    metrics?.sessionsStarted += 1
    if limits.perAddress != nil { countByAddress[info.userIP, default: 0] += 1 }
    directory.add(session)
    session.run(application.function, name: application.name)
    journal?.replay(session)
    return session
  }

  /// Runs what was recorded once more, without a page, and tells what it would have seen.
  func rehearse(_ application: Application, _ id: String, _ recorded: JournalChannel.Recorded) {
    guard let journals, sessions[id] == nil else { return }
    let session = start(application, .ofRehearsal(application.name), isRecorded: true, again: id, recorded)
    let link = TranscriptLink { [weak self] commands in
      journals.transcript(id, commands)
      self?.forget(id)
    }
    _ = session.attach(link, received: 0, page: "")
  }

  /// The developer has taken something back: the page comes again for a session that begins anew.
  private func forget(_ id: String) {
    guard let session = sessions[id] else { return }
    remove(session)
    session.close()
  }

  /// A session that was made elsewhere.
  func adopt(_ session: Session) { sessions[session.id] = session }

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
    session.expire()
    remove(session)
  }

  private func remove(_ session: Session) {
    // Another may have its id by now.
    guard sessions[session.id] === session else { return }
    sessions[session.id] = nil
    if session.journal != nil { ended = ended.suffix(Self.endedLimit - 1) + [session] }
    let address = session.info.userIP
    if let left = countByAddress[address] { countByAddress[address] = left > 1 ? left - 1 : nil }
    directory.remove(session)
    expirations.removeValue(forKey: session.id)?.cancel()
  }

  func closeAll() {
    for session in sessions.values { session.close() }
    sessions = [:]
  }
}

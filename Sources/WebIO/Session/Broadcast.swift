import Synchronization

/// The sessions of one server, for those who speak to all of them.
final class SessionDirectory: Sendable {
  private let sessions = Mutex<[String: Session]>([:])
  /// Of every server in this process, for a call from outside a session.
  private static let all = Mutex<[Weak]>([])

  /// For deferred calls, which run when their session is over.
  @TaskLocal static var current: SessionDirectory?

  private struct Weak: Sendable { weak let directory: SessionDirectory? }

  init() {
    Self.all.withLock { all in
      all.removeAll { $0.directory == nil }
      all.append(Weak(directory: self))
    }
  }

  func add(_ session: Session) { sessions.withLock { $0[session.id] = session } }
  func remove(_ session: Session) { sessions.withLock { $0[session.id] = nil } }

  static func sessions(of app: String?) -> [Session] {
    let own = TaskContext.current?.session
    let directories = own.map { [$0.directory] } ?? current.map { [$0] } ?? all.withLock { $0.compactMap(\.directory) }
    let app = app ?? own?.info.app
    return directories.flatMap { $0.sessions.withLock { Array($0.values) } }.filter { app == nil || $0.info.app == app }
  }
}

/// Shows contents in every session of an app: the caller's own, unless another one is named.
///
///     broadcast("\(name): \(message)", scope: "messages")
///
/// It may be called from anywhere; outside a session, without a name, all apps are meant. Each session gets a copy, and
/// its buttons run in that session. The scope must exist there.
public func broadcast(
  _ contents: Content..., app: String? = nil, scope: String = "ROOT", position: OutputPosition = .bottom
) {
  for session in SessionDirectory.sessions(of: app) {
    let context = TaskContext(session: session, id: TaskContext.broadcastID)
    for content in contents { context.put(content, scope, position) }
  }
}

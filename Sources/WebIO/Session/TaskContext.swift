import Synchronization
import WebIOPosix

/// One running task function, callback or thread of a session: the id under which the page knows it, its stack of
/// scopes, and the events that the page sends it.
final class TaskContext: Sendable {
  @TaskLocal static var current: TaskContext?

  /// Of what comes from another session, or from none.
  static let broadcastID = "broadcast"

  let session: Session
  let id: String
  /// The same in each run of the same code; the id is not.
  let path: String
  /// The task function, callback or thread that this one asks for: itself, but for a second question at a time.
  let root: String
  let mailbox: Mailbox
  /// The code of a program without `startServer`. When its visitor leaves, the program ends, and what it waits for does not
  /// come first as an error that nobody catches.
  let isProgram: Bool
  /// For a click: the bytes of its event.
  let clickSize: Int?
  private let scopes: Mutex<[String]>
  private let isAsking = Mutex(false)
  /// What runs it, while it runs and does not block.
  private let task = Mutex(Running.notYet)
  private enum Running { case notYet, by(Task<Void, Never>), over }

  init(
    session: Session, id: String, path: String = "", root: String? = nil, scopes: [String] = rootScopes,
    isProgram: Bool = false, clickSize: Int? = nil
  ) {
    self.isProgram = isProgram
    self.clickSize = clickSize
    self.session = session
    self.id = id
    self.path = path
    self.root = root ?? id
    mailbox = Mailbox(onWait: session.observer)
    self.scopes = Mutex(scopes)
  }

  /// The context of the caller. In a program without `startServer` the first call makes one.
  static var calling: TaskContext? { current ?? Script.context() }

  /// The context of the caller. Outside a session there is nobody to ask and nowhere to put.
  static func required(_ function: StaticString = #function) throws -> TaskContext {
    guard let current = calling else { throw WebIOError.noSession(function: "\(function)") }
    return current
  }

  /// A task may end before whoever started it has got hold of it.
  func hold(_ task: Task<Void, Never>) {
    self.task.withLock { if case .notYet = $0 { $0 = .by(task) } }
  }

  func releaseTask() { task.withLock { $0 = .over } }

  func cancelTask() {
    if case .by(let task) = task.withLock({ $0 }) { task.cancel() }
  }

  var scope: String { scopes.withLock { $0.last ?? rootScope } }
  var scopeStack: [String] { scopes.withLock { $0 } }

  func enter(_ scope: String) { scopes.withLock { $0.append(scope) } }
  func leave() { scopes.withLock { _ = $0.popLast() } }

  /// A context that nobody else is asking with. `async let` and task groups share their parent's; the second
  /// question at a time gets an id of its own, so that the answers cannot be mixed up.
  func forAsking() -> TaskContext {
    let isFree = isAsking.withLock { isAsking in
      defer { isAsking = true }
      return !isAsking
    }
    if isFree { return self }
    let context = TaskContext(
      session: session, id: session.makeID(prefix: "task"), path: path, root: root, scopes: scopeStack,
      isProgram: isProgram)
    session.register(context)
    return context
  }

  func endAsking(_ asked: TaskContext) {
    if asked === self {
      isAsking.withLock { $0 = false }
    } else {
      session.unregister(asked)
    }
  }
}

/// The scope that a page starts with.
let rootScope = "ROOT"
let rootScopes = [rootScope]

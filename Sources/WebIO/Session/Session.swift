import Synchronization
import WebIOHTTP
import WebIOPosix

/// One visitor's run of an app. It outlives its sockets: a page may come back within the reconnect time.
final class Session: Sendable {
  let id: String
  private let visitor: Mutex<SessionInfo>
  let isPyWebIOPage: Bool
  let directory: SessionDirectory
  private let executor: (any TaskExecutor)?
  /// Only behind `webio dev`.
  let journal: SessionJournal?
  /// Names and numbers of the whole session: tasks and threads share them.
  private let state = Mutex(State())
  /// Told each time that a task begins to wait, or ends.
  let observer: (@Sendable () -> Void)?
  private let outbox = Outbox()
  /// Opened when the deferred functions have run.
  let isCleared = Parker()
  let forms = OpenForms()
  /// What a file may have at most unless its field says otherwise; nil for a page that sends files in one message.
  let uploadLimit: Int?
  @EventLoop var uploads = UploadTable()
  @EventLoop private(set) var link: (any SessionLink)?
  /// Events are numbered by each loading of the page for itself.
  @EventLoop private var lastEvent = 0
  @EventLoop private var page = ""
  @EventLoop private var hasEnded = false
  /// Told once, on the loop, when the session has ended for good.
  private let ended: @EventLoop @Sendable (Session) -> Void

  private struct State {
    var contexts: [String: TaskContext] = [:]
    var callbacks: [String: Callback] = [:]
    var running = 0
    /// Clicks that are being worked on.
    var clicks = Backlog(limit: Session.clickLimit)
    var nextNumber = 0
    var deferred: [@Sendable () -> Void] = []
    var locals: [String: any Sendable] = [:]
    var scopes = ScopeTree()
    var isClosed = false
    /// No more commands will come; the socket is closed when the last one is out.
    var isFinished = false
  }

  init(
    id: String, info: SessionInfo, directory: SessionDirectory, executor: (any TaskExecutor)? = nil,
    journal: SessionJournal? = nil, observer: (@Sendable () -> Void)? = nil, uploadLimit: Int? = nil,
    ended: @escaping @EventLoop @Sendable (Session) -> Void
  ) {
    self.id = id
    visitor = Mutex(info)
    isPyWebIOPage = info.isPyWebIOPage
    self.directory = directory
    self.observer = observer
    self.executor = executor
    self.journal = journal
    self.uploadLimit = uploadLimit
    self.ended = ended
  }

  /// A script's session begins before its visitor is known.
  var info: SessionInfo {
    get { visitor.withLock { $0 } }
    set { visitor.withLock { $0 = newValue } }
  }

  // MARK: Tasks

  /// The program's own code is a task of the session: it runs already.
  func adopt(name: String) -> TaskContext {
    let context = TaskContext(session: self, id: makeID(prefix: name), isProgram: true)
    register(context, isRunning: true)
    return context
  }

  /// The program's own code is done. A page with buttons stays alive for them.
  func release(_ context: TaskContext) { taskEnded(context) }

  /// Runs `body` in this session: on the cooperative pool, or on a thread of its own when it blocks.
  @discardableResult
  func run(
    _ function: TaskFunction, name: String, path: String? = nil, scopes: [String] = rootScopes
  ) -> TaskContext {
    let context = begin(name, path: path, scopes: scopes)
    switch function.body {
    case .asynchronous(let body): start(context, .null) { _ in try await body() }
    case .blocking(let body):
      Thread.start(name: "webio-task") { [self] in
        TaskContext.$current.withValue(context) {
          do { try body() } catch { report(error, in: context) }
        }
        taskEnded(context)
      }
    }
    return context
  }

  private func begin(
    _ name: String, path: String?, scopes: [String] = rootScopes, clickSize: Int? = nil
  ) -> TaskContext {
    let path = journal.map { path ?? $0.path(below: TaskContext.current?.path) } ?? ""
    let context = TaskContext(
      session: self, id: makeID(prefix: name), path: path, scopes: scopes, clickSize: clickSize)
    register(context, isRunning: true)
    journal?.taskStarted(context)
    return context
  }

  /// `body` takes over the task's executor: each function that does not looks for one anew.
  private func start(_ context: TaskContext, _ data: JSONValue, _ body: @escaping Callback) {
    let task = Task.detached(executorPreference: executor ?? TaskPool.shared) { [self] in
      await TaskContext.$current.withValue(context) {
        do { try await body(data) } catch { report(error, in: context) }
      }
      taskEnded(context)
    }
    context.hold(task)
    if isClosed { task.cancel() }
  }

  /// Ends one task of the session.
  func cancel(_ context: TaskContext) {
    context.mailbox.close(CancellationError())
    context.cancelTask()
  }

  func isRunning(_ context: TaskContext) -> Bool { state.withLock { $0.contexts[context.id] === context } }

  private func taskEnded(_ context: TaskContext) {
    journal?.taskEnded(context)
    context.releaseTask()
    let isOver = state.withLock { state in
      state.contexts[context.id] = nil
      state.running -= 1
      if let size = context.clickSize { state.clicks.remove(size) }
      // A page with buttons stays alive for them, until its visitor leaves.
      return state.running == 0 && state.callbacks.isEmpty && !state.isClosed
    }
    if isOver { finish() }
    observer?()
  }

  var isRunning: Bool { state.withLock { $0.running > 0 } }

  /// Whether a task has ended, or waits for its page: there is nothing more to come before the page does something.
  func isSettled(_ root: String) -> Bool {
    let contexts = state.withLock { state in state.contexts.values.filter { $0.root == root } }
    // In this order: a question is sent before its task waits for the answer.
    return (contexts.isEmpty || contexts.contains { $0.mailbox.isWaiting }) && outbox.isDrained
  }

  /// Runs what belongs to a callback's widget. `number` counts the clicks of a session.
  @discardableResult
  func click(_ callback: String, _ data: JSONValue, number: Int) -> TaskContext? {
    guard case .begins(let body) = takeClick(callback, size: 0) else { return nil }
    return click(body, data, number: number, size: 0)
  }

  /// Clicks that a session works on at a time. No visitor has so many, but a hostile page has any number.
  static let clickLimit = 1_000

  private enum Click { case begins(Callback), tooMany, unknown }

  // By themselves: in a function of the loop's each such closure costs a look at which thread it is on.
  private func takeClick(_ id: String, size: Int) -> Click {
    state.withLock { state in
      guard let callback = state.callbacks[id] else { return .unknown }
      return state.clicks.add(size) ? .begins(callback) : .tooMany
    }
  }

  private func context(_ id: String) -> TaskContext? { state.withLock { $0.contexts[id] } }
  private var isFinished: Bool { state.withLock { $0.isFinished } }

  private func click(_ body: @escaping Callback, _ data: JSONValue, number: Int, size: Int) -> TaskContext {
    let context = begin("click", path: journal == nil ? nil : "click\(number)", clickSize: size)
    start(context, data, body)
    return context
  }

  func report(_ error: any Error, in context: TaskContext, isForDeveloper: Bool = false) {
    if error as? WebIOError == .sessionClosed || error is CancellationError { return }
    Log.error("task \(context.id) failed: \(error)")
    // A visitor need not hear of an output that went nowhere.
    if isForDeveloper, !info.isDeveloper { return }
    var spec = Spec()
    spec.set("message", "Something went wrong in this app.")
    spec["detail"] = .json(info.isDeveloper ? .string("\(error)") : .null)
    context.send("task_error", spec)
  }

  /// `isRunning`: it is a task of its own, which the session waits for.
  func register(_ context: TaskContext, isRunning: Bool = false) {
    let isClosed = state.withLock { state in
      state.contexts[context.id] = context
      if isRunning { state.running += 1 }
      return state.isClosed
    }
    if isClosed, !context.isProgram { context.mailbox.close(WebIOError.sessionClosed) }
  }

  func unregister(_ context: TaskContext) { state.withLock { $0.contexts[context.id] = nil } }

  /// Keeps a callback for the session's life and gives it the id that the page sends.
  func register(_ callback: @escaping Callback) -> String {
    let id = makeID(prefix: "callback")
    state.withLock { $0.callbacks[id] = callback }
    return id
  }

  /// The callback can no longer come: what it was for is gone.
  func unregister(callback id: String) { state.withLock { $0.callbacks[id] = nil } }

  func makeID(prefix: String) -> String {
    let number = state.withLock { state in
      state.nextNumber += 1
      return state.nextNumber
    }
    return prefix + "-" + String(number)
  }

  var isClosed: Bool { state.withLock { $0.isClosed } }

  // MARK: Scopes

  @discardableResult
  func editScopes<Result: Sendable>(_ body: @Sendable (inout ScopeTree) -> Result) -> Result {
    state.withLock { body(&$0.scopes) }
  }

  /// An output went into a scope, and brought others with it.
  func added(_ scopes: [ScopeTree.Entry], to scope: String, output number: Int, by context: TaskContext) {
    if !scopes.isEmpty { editScopes { $0.add(scopes, to: scope, output: number) } }
    if scope != rootScope { check(scope, by: context) }
  }

  func changed(output number: Int, to scopes: [ScopeTree.Entry]) {
    editScopes { $0.change(output: number, to: scopes) }
  }

  /// Says so when a scope is not there. A broadcast means those pages that have it.
  func check(_ scope: String, by context: TaskContext) {
    guard context.id != TaskContext.broadcastID, !editScopes({ $0.contains(scope) }) else { return }
    report(WebIOError.noScope(scope), in: context, isForDeveloper: true)
  }

  // MARK: Commands out

  /// The command's number.
  @discardableResult
  func send(_ command: [UInt8], _ life: Outbox.Life = .lasting) -> Int {
    let (appended, number) = outbox.append(command, life)
    journal?.noteActivity()
    switch appended {
    case .quiet: break
    case .wake: EventLoop.run { self.flush() }
    case .overflow: close()
    }
    return number
  }

  func spend(_ number: Int) { outbox.spend(number) }

  /// What its page would show if these literals were other.
  func preview(_ changes: [LiteralChange]) { journal?.preview(changes, history: outbox.history) }

  /// Everything has gone to a page.
  var isDelivered: Bool { outbox.isDrained }

  @EventLoop func flush() {
    guard journal?.isHolding != true else { return }
    guard let link else {
      // The page may leave with the last command before the session knows that it was the last.
      if isFinished, outbox.isDrained { end() }
      return
    }
    var hasMore = true
    while hasMore, link.canSend {
      guard let batch = outbox.take(limit: 64 * 1024) else { break }
      link.send(batch.first, batch.commands)
      hasMore = !batch.isLast
    }
    // In this order: nothing comes behind the end.
    if isFinished, outbox.isDrained {
      self.link = nil
      link.end()
      end()
    }
  }

  @EventLoop private func end() {
    guard !hasEnded else { return }
    hasEnded = true
    ended(self)
  }

  /// Its page does not come back, whatever it has missed.
  @EventLoop func expire() {
    close()
    end()
  }

  // MARK: Pages come and go

  /// A page is there: a new one, or one that comes back having received `received` commands.
  @EventLoop func attach(_ link: any SessionLink, received: Int, page: String) -> Bool {
    guard outbox.rewind(after: received) else { return false }
    self.link?.replaced()
    self.link = link
    if page != self.page {
      self.page = page
      lastEvent = 0
      // The files were in the page that is no more.
      uploads.dropAll()
    }
    flush()
    return true
  }

  /// For a page that acknowledges nothing.
  func acknowledgeSent() { outbox.acknowledgeSent() }

  /// True when `link` was the session's own, not one that another page has replaced.
  @EventLoop func detach(_ link: any SessionLink) -> Bool {
    guard self.link === link else { return false }
    self.link = nil
    return true
  }

  /// An event from the page. The result is the task that it went to.
  @discardableResult
  @EventLoop func receive(_ event: Event) -> String? {
    if event.kind == .acknowledge {
      if let number = event.data.int { outbox.acknowledge(number) }
      return nil
    }
    if let number = event.number {
      guard number > lastEvent else { return nil }
      lastEvent = number
      link?.acknowledge(event: number)
    }
    if event.kind == .uploadStart { return startUpload(event) }
    if event.kind == .uploadCancel {
      uploads.drop(event.data["id"]?.string ?? "")
      return nil
    }
    var event = event
    if event.kind == .submit { event.uploads = uploads.results(task: event.taskID) }
    if event.kind == .callback {
      switch takeClick(event.taskID, size: event.size) {
      case .begins(let callback):
        let number = journal?.clicked(event.taskID, event.data) ?? 0
        return click(callback, event.data, number: number, size: event.size).id
      case .tooMany:
        Log.warning("a click was dropped, so many are not finished", ofPage: id)
        return nil
      case .unknown: break
      }
    }
    if let context = context(event.taskID) {
      if !context.mailbox.post(event) {
        Log.warning("an event was dropped, its task reads none", ofPage: id)
      }
      return context.root
    }
    return nil
  }

  // MARK: The end

  /// The task function has ended: the last output goes out, then the page is told.
  private func finish() {
    journal?.settle(self)
    send(Command.encode("close_session"))
    state.withLock { $0.isFinished = true }
    close()
    EventLoop.run { self.flush() }
  }

  /// Ends all tasks and runs the deferred functions, once, in their order.
  func close() {
    let closing = state.withLock {
      state -> ([TaskContext], [@Sendable () -> Void], Bool)? in
      guard !state.isClosed else { return nil }
      state.isClosed = true
      defer {
        state.callbacks = [:]
        state.deferred = []
      }
      return (Array(state.contexts.values), state.deferred, state.isFinished)
    }
    guard let (contexts, deferred, isFinished) = closing else { return }
    for context in contexts where !context.isProgram { context.mailbox.close(WebIOError.sessionClosed) }
    for context in contexts { context.cancelTask() }
    EventLoop.run { self.uploads.dropAll() }
    if !deferred.isEmpty {
      Thread.start(name: "webio-deferred") { [self] in
        SessionDirectory.$current.withValue(directory) { for body in deferred { body() } }
        isCleared.unpark()
      }
    } else {
      isCleared.unpark()
    }
    if !isFinished {
      EventLoop.run { [self] in
        let link = link
        self.link = nil
        link?.end()
        end()
      }
    }
  }

  /// False when the session has ended already: the function will not run.
  func deferCall(_ body: @escaping @Sendable () -> Void) -> Bool {
    state.withLock { state in
      if state.isClosed { return false }
      state.deferred.append(body)
      return true
    }
  }

  subscript(local name: String) -> (any Sendable)? {
    get { state.withLock { $0.locals[name] } }
    set { state.withLock { $0.locals[name] = newValue } }
  }

  /// Without those of `SessionLocal`.
  var localNames: [String] { state.withLock { $0.locals.keys.filter { !$0.hasPrefix(" ") }.sorted() } }

  /// The session stays although its functions have returned.
  func hold() { state.withLock { $0.callbacks["hold"] = { _ in } } }
}

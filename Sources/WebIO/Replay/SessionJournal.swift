import Synchronization
import WebIOHTTP
import WebIOPosix

/// What one session was told, kept by `webio dev`, and the replay of it into newer code. Only there is a journal.
///
/// A replay runs headless: the page gets nothing until the tasks are where they were, and then all at once. Answers
/// reach a task the way that the page's own do, so that new validators judge old answers.
final class SessionJournal: Sendable {
  private struct State {
    var log: ReplayLog
    /// Whether the page is still kept waiting.
    var isHolding: Bool
    /// Tasks that wait for somebody, by the id of their context.
    var waiting: [String: Waiting] = [:]
    /// Tasks that run, and how many of each path: `runAsync` may be called in a loop.
    var running: [String: Int] = [:]
    var children: [String: Int] = [:]
    var isReplayed: Set<String> = []
    /// Forms whose answer came out of the log, and scripts.
    var answeredByLog: Set<String> = []
    var widgets: [JournalEntry.Widget: String] = [:]
    var places: [String: Int] = [:]
    var clicks = 0
    var onceCounts: [String: Int] = [:]
    var activity = 0
    /// The label of the question at which the replay stopped.
    var stoppedAt: String?
    /// Commands that the page shows otherwise than they were sent.
    var previewed: Set<Int> = []
    var bytes = 0
    var isFull = false
  }

  private struct Waiting {
    enum Subject { case form(Question), script(String) }
    let context: TaskContext
    let subject: Subject
    /// The log's answer was not good enough for the new code.
    var isRefused = false
  }

  /// What a step decides, done outside the lock.
  private enum Step {
    case post(TaskContext, Event)
    case click(String, JSONValue, number: Int)
    case settle
  }

  static let entryLimit = 1_000
  static let byteLimit = 64 << 20
  static let budget = Duration.seconds(2)
  /// Without output or progress for so long, a task that still runs is taken to wait for time to pass.
  static let quiet = Duration.milliseconds(25)
  /// After so many times of it, what the log has is not asked for any more. A busy machine is quiet, too.
  static let longQuiet = 12

  private let id: String
  private let app: String
  private let channel: JournalChannel
  /// Why there was less to replay than the developer would expect.
  private let note: String?
  private let state: Mutex<State>

  init(id: String, app: String, channel: JournalChannel, log: ReplayLog?, note: String? = nil) {
    self.id = id
    self.app = app
    self.note = note
    self.channel = channel
    state = Mutex(State(log: log ?? ReplayLog(), isHolding: log != nil))
  }

  var isHolding: Bool { state.withLock { $0.isHolding } }

  func isReplaying(_ context: TaskContext) -> Bool { state.withLock { $0.isReplayed.contains(context.root) } }

  /// Something was sent to the page.
  func noteActivity() { state.withLock { $0.activity += 1 } }

  // MARK: Tasks

  /// The path of a task that starts: the same in each run of the same code.
  func path(below parent: String?) -> String {
    state.withLock { state in
      guard let parent else { return "main" }
      state.children[parent, default: 0] += 1
      return "\(parent)/\(state.children[parent] ?? 0)"
    }
  }

  func taskStarted(_ context: TaskContext) {
    state.withLock { state in
      state.running[context.path, default: 0] += 1
      if state.isHolding { state.isReplayed.insert(context.root) }
    }
  }

  func taskEnded(_ context: TaskContext) {
    let steps = state.withLock { state in
      state.running[context.path, default: 1] -= 1
      state.isReplayed.remove(context.root)
      return advance(&state)
    }
    perform(steps, context.session)
  }

  // MARK: Questions

  /// A form waits. The answer may come at once, out of the log.
  func asks(_ context: TaskContext, _ question: Question) { wait(Waiting(context: context, subject: .form(question))) }

  /// A script waits for its result.
  func asks(_ context: TaskContext, script: String) { wait(Waiting(context: context, subject: .script(script))) }

  private func wait(_ waiting: Waiting) {
    let steps = state.withLock { state in
      state.waiting[waiting.context.id] = waiting
      state.activity += 1
      return advance(&state)
    }
    perform(steps, waiting.context.session)
  }

  /// Whether an answer is out of the log, so that the page need not see its form.
  func isFromLog(_ context: TaskContext) -> Bool {
    state.withLock { $0.answeredByLog.contains(context.id) }
  }

  /// The new code does not take the recorded answer: the visitor has to.
  func refused(_ context: TaskContext, _ question: Question) {
    let steps = state.withLock { state -> [Step] in
      guard state.answeredByLog.remove(context.id) != nil else { return [] }
      state.isReplayed.remove(context.root)
      state.waiting[context.id] = Waiting(context: context, subject: .form(question), isRefused: true)
      return advance(&state)
    }
    perform(steps, context.session)
  }

  func answered(_ context: TaskContext, _ question: Question, _ answer: RecordedAnswer) {
    finished(context, .answer(task: context.path, question, answer))
  }

  func replied(_ context: TaskContext, _ script: String, _ data: JSONValue) {
    finished(context, .reply(task: context.path, command: script, data: data))
  }

  /// Nobody waits any more, without an answer: the task was cancelled.
  func gaveUp(_ context: TaskContext) {
    state.withLock { state in
      state.waiting[context.id] = nil
      state.answeredByLog.remove(context.id)
    }
  }

  private func finished(_ context: TaskContext, _ entry: JournalEntry) {
    state.withLock { state in
      state.waiting[context.id] = nil
      if state.answeredByLog.remove(context.id) != nil { return }
      if entry.isVisitors { state.isReplayed.remove(context.root) }
      record(entry, &state)
    }
  }

  // MARK: Clicks

  /// A callback is on the page under `id`; the widget is what its place in the code makes of it.
  func registered(_ callback: String, kind: String, label: String, session: Session) {
    let steps = state.withLock { state in
      let place = state.places[kind, default: 0]
      let nth = state.places["\(kind) \(label)", default: 0]
      state.places[kind] = place + 1
      if !label.isEmpty { state.places["\(kind) \(label)"] = nth + 1 }
      state.widgets[.init(kind: kind, label: label, nth: label.isEmpty ? place : nth, place: place)] = callback
      state.activity += 1
      return advance(&state)
    }
    perform(steps, session)
  }

  /// The visitor clicked. The number names the task that comes of it.
  func clicked(_ callback: String, _ data: JSONValue) -> Int {
    state.withLock { state in
      state.clicks += 1
      guard let widget = state.widgets.first(where: { $0.value == callback })?.key else { return state.clicks }
      state.log.abandon()
      record(.click(widget, number: state.clicks, data: data), &state)
      return state.clicks
    }
  }

  // MARK: Once

  /// The key of this call, and what an earlier run kept under it.
  func kept(_ key: String) -> (key: String, value: JSONValue?) {
    state.withLock { state in
      state.onceCounts[key, default: 0] += 1
      let key = "\(key)#\(state.onceCounts[key] ?? 0)"
      return (key, state.log.takeOnce(key))
    }
  }

  func keep(_ key: String, _ value: JSONValue) {
    state.withLock { record(.once(key: key, value: value), &$0) }
  }

  // MARK: The preview

  func preview(_ changes: [LiteralChange], history: [(number: Int, command: [UInt8])]) {
    let preview = state.withLock { state in
      let preview = Preview(changes, history: history, before: state.previewed)
      state.previewed = preview.changed
      return preview
    }
    if !preview.commands.isEmpty { channel.preview(id, preview.commands) }
  }

  // MARK: The log

  private func record(_ entry: JournalEntry, _ state: inout State) {
    guard !state.isFull else { return }
    state.log.record(entry)
    let json = entry.json
    state.bytes += json.serialized.count
    if state.log.count > Self.entryLimit || state.bytes > Self.byteLimit {
      state.isFull = true
      return channel.drop(id)
    }
    if state.log.pending.isEmpty, !state.isHolding { channel.append(id, of: app, json) } else { rewrite(state) }
  }

  private func rewrite(_ state: borrowing State) {
    channel.replace(id, of: app, state.log.entries.map(\.json), position: state.log.taken.count)
  }

  // MARK: The replay

  /// Starts the watch over a replay. Call it when the first task runs.
  @EventLoop func replay(_ session: Session) {
    guard isHolding else { return }
    let end = MonotonicTime.now + Self.budget
    watch(session, until: end, before: -1, quiet: 0)
  }

  @EventLoop private func watch(_ session: Session, until end: MonotonicTime, before: Int, quiet: Int) {
    Reactor.shared.schedule(after: Self.quiet) { [weak session] in
      guard let session, self.isHolding else { return }
      let (steps, activity) = self.state.withLock { state -> ([Step], Int) in
        let quiet = state.activity == before ? quiet + 1 : 0
        let steps = MonotonicTime.now >= end ? [Step.settle] : self.advance(&state, quiet: quiet)
        return (steps, state.activity)
      }
      self.perform(steps, session)
      self.watch(session, until: end, before: activity, quiet: activity == before ? quiet + 1 : 0)
    }
  }

  /// What can be done now.
  private func advance(_ state: inout State, quiet: Int = 0) -> [Step] {
    guard state.isHolding || !state.log.pending.isEmpty else { return [] }
    var steps: [Step] = []
    while true {
      steps += answers(&state)
      // A task that was just answered goes on first.
      let isIdle = state.running.values.reduce(0, +) <= state.waiting.count
      guard steps.isEmpty, isIdle || quiet > 0 else { return steps }
      let canDrop = isIdle || quiet >= Self.longQuiet
      guard let next = state.log.next else { return state.isHolding ? [.settle] : [] }
      switch next {
      case .click(let widget, let number, let data):
        guard let callback = find(widget, state) else {
          // It may come behind a question that only the visitor can answer.
          if isStuck(state) { return state.isHolding ? [.settle] : [] }
          guard canDrop else { return [] }
          state.log.dropNext()
          continue
        }
        state.log.takeClick()
        state.clicks = max(state.clicks, number)
        state.activity += 1
        return [.click(callback, data, number: number)]
      case .answer(let task, _, _), .reply(let task, _, _):
        // It waits for something else: a new question, which only the visitor can answer.
        if state.waiting.values.contains(where: { $0.context.path == task }) {
          return state.isHolding ? [.settle] : []
        }
        guard state.running[task, default: 0] == 0, canDrop else { return [] }
        state.log.dropNext()
      case .once: return []
      }
    }
  }

  /// Whether somebody waits, and nobody for what the log has.
  private func isStuck(_ state: borrowing State) -> Bool {
    let log = state.log
    return !state.waiting.isEmpty
      && !state.waiting.values.contains { waiting in
        guard case .form(let question) = waiting.subject, !waiting.isRefused else { return false }
        return log.hasAnswer(waiting.context.path, question)
      }
  }

  private func answers(_ state: inout State) -> [Step] {
    var steps: [Step] = []
    for (id, waiting) in state.waiting where !waiting.isRefused {
      guard let event = recorded(waiting, &state.log) else { continue }
      state.waiting[id] = nil
      state.answeredByLog.insert(id)
      state.isReplayed.insert(waiting.context.root)
      state.activity += 1
      steps.append(.post(waiting.context, event))
    }
    return steps
  }

  private func recorded(_ waiting: Waiting, _ log: inout ReplayLog) -> Event? {
    let context = waiting.context
    switch waiting.subject {
    case .form(let question):
      return log.takeAnswer(context.path, question)?.event(task: context.id)
    case .script(let script):
      return log.takeReply(context.path, script).map { Event(.yield, task: context.id, data: $0) }
    }
  }

  /// The widget with the same words on it, else the one at the same place.
  private func find(_ widget: JournalEntry.Widget, _ state: borrowing State) -> String? {
    let widgets = state.widgets
    return widgets.first { $0.key.kind == widget.kind && $0.key.label == widget.label && $0.key.nth == widget.nth }?.value
      ?? widgets.first { $0.key.kind == widget.kind && $0.key.place == widget.place }?.value
  }

  private func perform(_ steps: [Step], _ session: Session) {
    for step in steps {
      switch step {
      case .post(let context, let event):
        channel.reached(id, state.withLock { $0.log.taken.count })
        _ = context.mailbox.post(event)
      case .click(let callback, let data, let number):
        channel.reached(id, state.withLock { $0.log.taken.count })
        session.click(callback, data, number: number)
      case .settle: settle(session)
      }
    }
  }

  /// The tasks are where they were, or where they cannot go on: the page gets everything.
  func settle(_ session: Session) {
    let report = state.withLock { state -> (kept: Int, total: Int, stoppedAt: String?)? in
      guard state.isHolding else { return nil }
      state.isHolding = false
      let waitsForMore = !state.log.pending.isEmpty
      for waiting in state.waiting.values {
        state.isReplayed.remove(waiting.context.root)
        if case .form(let question) = waiting.subject, waitsForMore || waiting.isRefused { state.stoppedAt = question.label }
      }
      if !waitsForMore { state.isReplayed = [] }
      rewrite(state)
      return (state.log.kept, state.log.total, state.stoppedAt)
    }
    guard let report else { return }
    channel.settled(id, kept: report.kept, total: report.total)
    session.send(ReplayReport(kept: report.kept, total: report.total, stoppedAt: report.stoppedAt, note: note).command)
    EventLoop.run { session.flush() }
  }
}

import Synchronization
import WebIOHTTP
import WebIOPosix

/// What one session was told, kept by `webio dev`, and the replay of it into newer code. Only there is a journal.
///
/// A replay runs headless: the page gets nothing until the tasks are where they were, and then all at once. Answers
/// reach a task the way that the page's own do, so that new validators judge old answers.
final class SessionJournal: Sendable {
  private struct State {
    var replay: ReplayState
    /// Commands that the page shows otherwise than they were sent.
    var previewed: Set<Int> = []
    var bytes = 0
    var isFull = false
  }

  static let entryLimit = 1_000
  static let byteLimit = 64 << 20
  static let budget = Duration.seconds(2)
  /// Without output or progress for so long, a task that still runs is taken to wait for time to pass.
  static let quiet = Duration.milliseconds(25)

  private let id: String
  private let app: String
  private let channel: JournalChannel
  /// Why there was less to replay than the developer would expect.
  private let note: String?
  private let shell: String
  private let state: Mutex<State>

  init(
    id: String, app: String, channel: JournalChannel, log: ReplayLog?, note: String? = nil, shell: String = ""
  ) {
    self.id = id
    self.shell = shell
    self.app = app
    self.note = note
    self.channel = channel
    state = Mutex(State(replay: ReplayState(log: log)))
  }

  var isHolding: Bool { state.withLock { $0.replay.isHolding } }

  func isReplaying(_ context: TaskContext) -> Bool { state.withLock { $0.replay.isReplaying(context) } }

  /// Something was sent to the page.
  func noteActivity() { state.withLock { $0.replay.noteActivity() } }

  // MARK: Tasks

  func path(below parent: String?) -> String { state.withLock { $0.replay.path(below: parent) } }

  func taskStarted(_ context: TaskContext) { state.withLock { $0.replay.taskStarted(context) } }

  func taskEnded(_ context: TaskContext) {
    perform(state.withLock { $0.replay.taskEnded(context) }, context.session)
  }

  // MARK: Questions

  /// A form waits. The answer may come at once, out of the log.
  func asks(_ context: TaskContext, _ question: Question) {
    perform(state.withLock { $0.replay.wait(.init(context: context, subject: .form(question))) }, context.session)
  }

  /// A script waits for its result.
  func asks(_ context: TaskContext, script: String) {
    perform(state.withLock { $0.replay.wait(.init(context: context, subject: .script(script))) }, context.session)
  }

  func isFromLog(_ context: TaskContext) -> Bool { state.withLock { $0.replay.isFromLog(context) } }

  func refused(_ context: TaskContext, _ question: Question) {
    perform(state.withLock { $0.replay.refused(context, question) }, context.session)
  }

  func answered(_ context: TaskContext, _ question: Question, _ answer: RecordedAnswer) {
    finished(context, .answer(task: context.path, question, answer))
  }

  func replied(_ context: TaskContext, _ script: String, _ data: JSONValue) {
    finished(context, .reply(task: context.path, command: script, data: data))
  }

  func gaveUp(_ context: TaskContext) { state.withLock { $0.replay.gaveUp(context) } }

  private func finished(_ context: TaskContext, _ entry: JournalEntry) {
    state.withLock { state in
      if state.replay.finished(context, isVisitors: entry.isVisitors) { record(entry, &state) }
    }
  }

  // MARK: Clicks

  /// A callback is on the page; the widget is what its place in the code makes of it.
  func registered(_ callback: String, kind: String, label: String, session: Session) {
    perform(state.withLock { $0.replay.registered(callback, kind: kind, label: label) }, session)
  }

  /// The visitor clicked. The number names the task that comes of it.
  func clicked(_ callback: String, _ data: JSONValue) -> Int {
    state.withLock { state in
      let (widget, number) = state.replay.clicked(callback)
      if let widget { record(.click(widget, number: number, data: data), &state) }
      return number
    }
  }

  // MARK: Once

  /// The key of this call, and what an earlier run kept under it.
  func kept(_ key: String) -> (key: String, value: JSONValue?) { state.withLock { $0.replay.kept(key) } }

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
    state.replay.log.record(entry)
    let json = entry.json
    state.bytes += json.serialized.count
    if state.replay.log.count > Self.entryLimit || state.bytes > Self.byteLimit {
      state.isFull = true
      return channel.drop(id)
    }
    if state.replay.log.pending.isEmpty, !state.replay.isHolding { channel.append(id, of: app, json) } else { rewrite(state) }
  }

  private func rewrite(_ state: borrowing State) {
    let log = state.replay.log
    channel.replace(id, of: app, log.entries.map(\.json), position: log.taken.count)
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
      let (steps, activity) = self.state.withLock { state -> ([ReplayState.Step], Int) in
        let quiet = state.replay.activity == before ? quiet + 1 : 0
        let steps = MonotonicTime.now >= end ? [.settle] : state.replay.advance(quiet: quiet)
        return (steps, state.replay.activity)
      }
      self.perform(steps, session)
      self.watch(session, until: end, before: activity, quiet: activity == before ? quiet + 1 : 0)
    }
  }

  private func perform(_ steps: [ReplayState.Step], _ session: Session) {
    for step in steps {
      switch step {
      case .post(let context, let event):
        channel.reached(id, state.withLock { $0.replay.log.taken.count })
        _ = context.mailbox.post(event)
      case .click(let callback, let data, let number):
        channel.reached(id, state.withLock { $0.replay.log.taken.count })
        session.click(callback, data, number: number)
      case .settle: settle(session)
      }
    }
  }

  /// The tasks are where they were, or where they cannot go on: the page gets everything.
  func settle(_ session: Session) {
    let report = state.withLock { state -> ReplayReport? in
      guard state.replay.isHolding else { return nil }
      let stoppedAt = state.replay.settle()
      rewrite(state)
      let log = state.replay.log
      return ReplayReport(kept: log.kept, total: log.total, stoppedAt: stoppedAt, note: note, shell: shell)
    }
    guard let report else { return }
    channel.settled(id, kept: report.kept, total: report.total)
    session.send(report.command)
    EventLoop.run { session.flush() }
  }
}

import WebIOHTTP

/// Where a session's tasks are, and what the log has for them: decides what a replay does next. Pure; what it decides is
/// done by ``SessionJournal``.
struct ReplayState {
  struct Waiting {
    enum Subject { case form(Question), script(String) }
    let context: TaskContext
    let subject: Subject
    /// The log's answer was not good enough for the new code.
    var isRefused = false
  }

  enum Step {
    case post(TaskContext, Event)
    case click(String, JSONValue, number: Int)
    /// The tasks are where they were, or where they cannot go on.
    case settle
  }

  /// After so many quiet times what the log has is not asked for any more. A busy machine is quiet, too.
  static let longQuiet = 12

  var log: ReplayLog
  /// Whether the page is still kept waiting.
  private(set) var isHolding: Bool
  private(set) var activity = 0
  /// Tasks that wait for somebody, by the id of their context.
  private var waiting: [String: Waiting] = [:]
  /// Tasks that run, and how many of each path: `runAsync` may be called in a loop.
  private var running: [String: Int] = [:]
  private var children: [String: Int] = [:]
  private var isReplayed: Set<String> = []
  /// Forms whose answer came out of the log, and scripts.
  private var answeredByLog: Set<String> = []
  private var widgets: [JournalEntry.Widget: String] = [:]
  private var places: [String: Int] = [:]
  private var clicks = 0
  private var onceCounts: [String: Int] = [:]

  init(log: ReplayLog?) {
    self.log = log ?? ReplayLog()
    isHolding = log != nil
  }

  mutating func noteActivity() { activity += 1 }

  // MARK: Tasks

  /// The path of a task that starts: the same in each run of the same code.
  mutating func path(below parent: String?) -> String {
    guard let parent else { return "main" }
    children[parent, default: 0] += 1
    return "\(parent)/\(children[parent] ?? 0)"
  }

  mutating func taskStarted(_ context: TaskContext) {
    running[context.path, default: 0] += 1
    if isHolding { isReplayed.insert(context.root) }
  }

  mutating func taskEnded(_ context: TaskContext) -> [Step] {
    running[context.path, default: 1] -= 1
    isReplayed.remove(context.root)
    return advance()
  }

  /// Whether the code that runs in a task has run before.
  func isReplaying(_ context: TaskContext) -> Bool { isReplayed.contains(context.root) }

  // MARK: Questions

  mutating func wait(_ waiting: Waiting) -> [Step] {
    self.waiting[waiting.context.id] = waiting
    activity += 1
    return advance()
  }

  /// Whether an answer is out of the log, so that the page need not see its form.
  func isFromLog(_ context: TaskContext) -> Bool { answeredByLog.contains(context.id) }

  /// The new code does not take the recorded answer: the visitor has to.
  mutating func refused(_ context: TaskContext, _ question: Question) -> [Step] {
    guard answeredByLog.remove(context.id) != nil else { return [] }
    isReplayed.remove(context.root)
    waiting[context.id] = Waiting(context: context, subject: .form(question), isRefused: true)
    return advance()
  }

  /// Nobody waits any more, without an answer: the task was cancelled.
  mutating func gaveUp(_ context: TaskContext) {
    waiting[context.id] = nil
    answeredByLog.remove(context.id)
  }

  /// Whether what a task was told is news, and not out of the log.
  mutating func finished(_ context: TaskContext, isVisitors: Bool) -> Bool {
    waiting[context.id] = nil
    if answeredByLog.remove(context.id) != nil { return false }
    if isVisitors { isReplayed.remove(context.root) }
    return true
  }

  // MARK: Clicks

  mutating func registered(_ callback: String, kind: String, label: String) -> [Step] {
    let place = places[kind, default: 0]
    let nth = places["\(kind) \(label)", default: 0]
    places[kind] = place + 1
    if !label.isEmpty { places["\(kind) \(label)"] = nth + 1 }
    widgets[.init(kind: kind, label: label, nth: label.isEmpty ? place : nth, place: place)] = callback
    activity += 1
    return advance()
  }

  /// The visitor clicked, and took a way of their own. The number names the task that comes of it.
  mutating func clicked(_ callback: String) -> (widget: JournalEntry.Widget?, number: Int) {
    clicks += 1
    let widget = widgets.first { $0.value == callback }?.key
    if widget != nil { log.abandon() }
    return (widget, clicks)
  }

  // MARK: Once

  /// The key of this call, and what an earlier run kept under it.
  mutating func kept(_ key: String) -> (key: String, value: JSONValue?) {
    onceCounts[key, default: 0] += 1
    let key = "\(key)#\(onceCounts[key] ?? 0)"
    return (key, log.takeOnce(key))
  }

  // MARK: Deciding

  /// The page gets everything. Gives the label of the question at which the replay stopped.
  mutating func settle() -> String? {
    isHolding = false
    let waitsForMore = !log.pending.isEmpty
    var stoppedAt: String?
    for waiting in waiting.values {
      isReplayed.remove(waiting.context.root)
      if case .form(let question) = waiting.subject, waitsForMore || waiting.isRefused { stoppedAt = question.label }
    }
    if !waitsForMore { isReplayed = [] }
    return stoppedAt
  }

  /// What can be done now.
  mutating func advance(quiet: Int = 0) -> [Step] {
    guard isHolding || !log.pending.isEmpty else { return [] }
    var steps: [Step] = []
    while true {
      steps += answers()
      // A task that was just answered goes on first.
      let isIdle = running.values.reduce(0, +) <= waiting.count
      guard steps.isEmpty, isIdle || quiet > 0 else { return steps }
      let canDrop = isIdle || quiet >= Self.longQuiet
      guard let next = log.next else { return isHolding ? [.settle] : [] }
      switch next {
      case .click(let widget, let number, let data):
        guard let callback = find(widget) else {
          // It may come behind a question that only the visitor can answer.
          if isStuck { return isHolding ? [.settle] : [] }
          guard canDrop else { return [] }
          log.dropNext()
          continue
        }
        log.takeClick()
        clicks = max(clicks, number)
        activity += 1
        return [.click(callback, data, number: number)]
      case .answer(let task, _, _), .reply(let task, _, _):
        if let waiting = waiting.values.first(where: { $0.context.path == task }) {
          // It waits for something else: for an answer behind a click, so that this one is of a question that is gone, or for
          // that to a new question, which only the visitor has.
          guard hasAnswer(waiting) else { return isHolding ? [.settle] : [] }
          log.dropNext()
          continue
        }
        guard running[task, default: 0] == 0, canDrop else { return [] }
        log.dropNext()
      case .once: return []
      }
    }
  }

  /// Whether somebody waits, and nobody for what the log has.
  private var isStuck: Bool {
    !waiting.isEmpty
      && !waiting.values.contains { hasAnswer($0) }
  }

  private func hasAnswer(_ waiting: Waiting) -> Bool {
    guard case .form(let question) = waiting.subject, !waiting.isRefused else { return false }
    return log.hasAnswer(waiting.context.path, question)
  }

  private mutating func answers() -> [Step] {
    var steps: [Step] = []
    for (id, waiting) in waiting where !waiting.isRefused {
      guard let event = recorded(waiting) else { continue }
      self.waiting[id] = nil
      answeredByLog.insert(id)
      isReplayed.insert(waiting.context.root)
      activity += 1
      steps.append(.post(waiting.context, event))
    }
    return steps
  }

  private mutating func recorded(_ waiting: Waiting) -> Event? {
    let context = waiting.context
    switch waiting.subject {
    case .form(let question):
      return log.takeAnswer(context.path, question)?.event(task: context.id)
    case .script(let script):
      return log.takeReply(context.path, script).map { Event(.yield, task: context.id, data: $0) }
    }
  }

  /// The widget with the same words on it, else the one at the same place.
  private func find(_ widget: JournalEntry.Widget) -> String? {
    widgets.first { $0.key.kind == widget.kind && $0.key.label == widget.label && $0.key.nth == widget.nth }?.value
      ?? widgets.first { $0.key.kind == widget.kind && $0.key.place == widget.place }?.value
  }
}

import WebIOHTTP

/// The entries of a session: those that were taken, and those that newer code has not come to yet. Pure.
struct ReplayLog: Sendable {
  private(set) var taken: [JournalEntry] = []
  private(set) var pending: [JournalEntry]
  /// How many of them the visitor did.
  let total: Int
  private(set) var kept = 0
  /// Labels of recorded questions that the new code still has: such a question was not renamed.
  private let livingLabels: Set<String>

  /// Questions that may have been deleted before the one that matches.
  private static let lookahead = 3

  init(_ entries: [JournalEntry] = [], livingLabels: Set<String> = []) {
    pending = entries
    self.livingLabels = livingLabels
    total = entries.count { $0.isVisitors }
  }

  var entries: [JournalEntry] { taken + pending }
  var count: Int { taken.count + pending.count }

  /// The first entry that somebody has to take. What `once` kept is looked up by its key, whenever.
  var next: JournalEntry? { pending.first { if case .once = $0 { false } else { true } } }

  // MARK: Taking

  /// The recorded answer to a question of `task`; nil when there is none, or a click has to come before it.
  mutating func takeAnswer(_ task: String, _ question: Question) -> RecordedAnswer? {
    guard let index = match(task, question, passingClicks: false), case .answer(_, _, let answer) = pending[index] else {
      return nil
    }
    take(index, of: task)
    return answer
  }

  /// Whether only clicks stand before the answer.
  func hasAnswer(_ task: String, _ question: Question) -> Bool { match(task, question, passingClicks: true) != nil }

  private func match(_ task: String, _ question: Question, passingClicks: Bool) -> Int? {
    var candidates: [(index: Int, question: Question)] = []
    for (index, entry) in pending.enumerated() {
      if case .click = entry, !passingClicks { break }
      guard case .answer(task, let recorded, _) = entry else { continue }
      candidates.append((index, recorded))
      if candidates.count > Self.lookahead { break }
    }
    return match(question, candidates)
  }

  private func match(_ question: Question, _ candidates: [(index: Int, question: Question)]) -> Int? {
    let equal = candidates.filter { $0.question.fields == question.fields }
    if let same = equal.first(where: { $0.question.label == question.label }) { return same.index }
    // A question that is still asked somewhere, under its old label, is not this one: this one was inserted.
    if let renamed = equal.first, !livingLabels.contains(renamed.question.label) { return renamed.index }
    if let first = candidates.first, first.question.fields != question.fields, question.resembles(first.question) {
      return first.index
    }
    return nil
  }

  /// What the page once replied to a command of `task`.
  mutating func takeReply(_ task: String, _ command: String) -> JSONValue? {
    for (index, entry) in pending.enumerated() {
      if case .click = entry { return nil }
      guard case .reply(task, command, let data) = entry else { continue }
      take(index, of: task)
      return data
    }
    return nil
  }

  /// What `task` has passed by will not come again.
  private mutating func take(_ index: Int, of task: String) {
    let entry = pending[index]
    let before = pending[..<index].filter { $0.task != task }
    pending.replaceSubrange(...index, with: before)
    taken.append(entry)
    if entry.isVisitors { kept += 1 }
  }

  mutating func takeOnce(_ key: String) -> JSONValue? {
    for (index, entry) in pending.enumerated() {
      guard case .once(key, let value) = entry else { continue }
      taken.append(pending.remove(at: index))
      return value
    }
    return nil
  }

  /// The click that is next.
  mutating func takeClick() {
    guard let index = pending.firstIndex(where: { if case .once = $0 { false } else { true } }),
      case .click = pending[index]
    else { return }
    taken.append(pending.remove(at: index))
    kept += 1
  }

  /// What is next cannot be used any more.
  mutating func dropNext() {
    guard let next, let index = pending.firstIndex(of: next) else { return }
    pending.remove(at: index)
  }

  /// Something new happened, before what is pending.
  mutating func record(_ entry: JournalEntry) { taken.append(entry) }

  /// The visitor took another way: what is pending will not come.
  mutating func abandon() { pending = [] }
}

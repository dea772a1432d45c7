import WebIOHTTP
import WebIOPosix

/// The logs of all sessions of a project, and what its apps say about them.
@EventLoop
package final class SessionLogs {
  package enum Event: Sendable, Equatable {
    /// A session of newer code has come to where it was, or as far as it could.
    case replayed(kept: Int, total: Int)
    /// How a session's page can show edited literals.
    case preview(session: String, [JSONValue])
    /// What the page of a session would have been told that ran without one.
    case transcript(session: String, [JSONValue])
    /// A session has become too long to be kept.
    case tooLong
  }

  private var logs: [String: SessionLog] = [:]
  /// Least recently used first.
  private var order: [String] = []
  private var build = 0
  /// Why a session could not be replayed, said when its page comes.
  private var notes: [String: String] = [:]
  /// Whether a label still stands in the project's sources.
  private let isLiving: (String) -> Bool
  private let report: (Event) -> Void

  /// Sessions that nobody has used for longest are forgotten beyond it.
  private static let limit = 200

  init(isLiving: @escaping (String) -> Bool, report: @escaping (Event) -> Void) {
    self.isLiving = isLiving
    self.report = report
  }

  /// How many of them newer code can replay.
  var count: Int { logs.count { !$0.value.entries.isEmpty } }
  var latest: String? { order.last }

  subscript(id: String) -> SessionLog? { logs[id] }

  /// A message from an app; gives what to answer.
  func receive(_ message: JSONValue) -> JSONValue? {
    guard let id = message["session"]?.string, let operation = message["op"]?.string else { return nil }
    switch operation {
    case "want": return recorded(id)
    case "append": if let entry = message["entry"] { change(id, message["app"]) { $0.append(entry) } }
    case "replace":
      guard let entries = message["entries"]?.array else { return nil }
      change(id, message["app"]) { $0.replace(entries, position: message["position"]?.int ?? entries.count) }
    case "reached": logs[id]?.reached = message["position"]?.int ?? 0
    case "settled":
      logs[id]?.replayEnds(at: .now)
      report(.replayed(kept: message["kept"]?.int ?? 0, total: message["total"]?.int ?? 0))
    case "transcript": report(.transcript(session: id, message["commands"]?.array ?? []))
    case "preview": report(.preview(session: id, message["commands"]?.array ?? []))
    case "drop":
      remove(id)
      report(.tooLong)
    default: break
    }
    return nil
  }

  private func change(_ id: String, _ app: JSONValue? = nil, _ body: (inout SessionLog) -> Void) {
    body(&logs[id, default: SessionLog()])
    if let name = app?.string { logs[id]?.app = name }
    touch(id)
  }

  private func touch(_ id: String) {
    order.removeAll { $0 == id }
    order.append(id)
    if order.count > Self.limit { remove(order[0]) }
  }

  private func remove(_ id: String) {
    logs[id] = nil
    order.removeAll { $0 == id }
  }

  /// The answer to an app whose page came with that id.
  private func recorded(_ id: String) -> JSONValue {
    // A session that nothing has happened in is replayed too: its page waits for the report that it is there.
    var answer: JSONObject = ["op": "log", "session": .string(id), "entries": []]
    if let note = notes.removeValue(forKey: id) { answer["note"] = .string(note) }
    guard logs[id] != nil else { return .object(answer) }
    change(id) { $0.replayBegins(build: build) }
    guard let log = logs[id] else { return .object(answer) }
    answer["entries"] = .array(log.entries)
    answer["labels"] = living(in: log.entries)
    return .object(answer)
  }

  /// The labels of recorded questions that the sources still have.
  func living(in entries: [JSONValue]) -> JSONValue {
    var log = SessionLog()
    log.entries = entries
    return .array(log.labels.filter(isLiving).sorted().map { .string($0) })
  }

  /// Newer code may bear what the last one did not.
  func newBuild() { build += 1 }

  /// The app died. Sessions that it was replaying start anew: once more would kill it once more. Newer code gets them again.
  func appCrashed(at now: MonotonicTime = .now) {
    for (id, log) in logs where log.isToBlame(at: now) {
      notes[id] = "The replay crashed the app \(log.place). This page has started anew."
      logs[id]?.putAside(build: build)
    }
  }

  /// Takes back what the visitor of a session did last. False when there is nothing.
  func takeBack(_ id: String) -> Bool {
    guard var log = logs[id], log.takeBack() else { return false }
    logs[id] = log
    touch(id)
    return true
  }

  /// Every session starts anew.
  func clear() {
    logs = [:]
    order = []
    notes = [:]
  }
}

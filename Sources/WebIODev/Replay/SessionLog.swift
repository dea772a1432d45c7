import WebIOHTTP
import WebIOPosix

/// What one session of an app was told, kept while the app's processes come and go. The app makes sense of the entries;
/// here they are only kept, cut and saved.
struct SessionLog: Sendable, Equatable {
  /// The app's name among several.
  var app: String?
  var entries: [JSONValue] = []
  /// How many of them the session has come to; the others wait for newer code to ask again.
  var position = 0
  /// A replay has begun and has not ended. If the app dies now, this log is why.
  var isReplaying = false
  /// How far the replay is.
  var reached = 0
  /// When it ended, until the visitor goes on: a crash at once is still the replay's, for it takes its time to be seen.
  private(set) var settledAt: MonotonicTime?
  /// What crashed the app, and in which build: another may bear it.
  private(set) var aside: (entries: [JSONValue], build: Int)?

  static func == (left: Self, right: Self) -> Bool {
    left.app == right.app && left.entries == right.entries && left.position == right.position
  }

  mutating func append(_ entry: JSONValue) {
    entries.append(entry)
    position = entries.count
    settledAt = nil
  }

  mutating func replayBegins(build: Int) {
    if entries.isEmpty, let aside, aside.build < build {
      entries = aside.entries
      position = entries.count
    }
    if !entries.isEmpty { aside = nil }
    isReplaying = true
    reached = 0
    settledAt = nil
  }

  mutating func replayEnds(at now: MonotonicTime) {
    isReplaying = false
    settledAt = now
  }

  /// Whether a crash now is the replay's.
  func isToBlame(at now: MonotonicTime) -> Bool {
    guard !entries.isEmpty else { return false }
    return isReplaying || settledAt.map { now - $0 < Self.aftermath } ?? false
  }

  private static let aftermath = Duration.seconds(3)

  /// The same code is not to have it again.
  mutating func putAside(build: Int) {
    aside = (entries, build)
    entries = []
    position = 0
    isReplaying = false
    settledAt = nil
  }

  mutating func replace(_ entries: [JSONValue], position: Int) {
    self.entries = entries
    self.position = min(max(position, 0), entries.count)
  }

  /// Takes back what the visitor did last, and all that came after it. False when there is nothing.
  mutating func takeBack() -> Bool {
    guard let last = entries[..<position].lastIndex(where: \.isVisitors) else { return false }
    entries.removeSubrange(last...)
    position = entries.count
    return true
  }

  /// The labels of the questions.
  var labels: Set<String> { Set(entries.compactMap { $0["question"]?["label"]?.string }) }

  /// Of the entry that the replay was about to take, for a person.
  var place: String {
    let count = entries[..<min(reached, entries.count)].count(where: \.isVisitors)
    let next = entries.dropFirst(reached).first { $0["question"] != nil }
    return next?["question"]?["label"]?.string.map { "after answer \(count), near “\($0)”" } ?? "after answer \(count)"
  }

  /// Without what was typed into password fields.
  var withoutSecrets: [JSONValue] { entries.map(\.withoutSecrets) }
}

extension JSONValue {
  fileprivate var isVisitors: Bool { ["answer", "click"].contains(self["kind"]?.string) }

  fileprivate var withoutSecrets: JSONValue {
    guard var entry = object, var data = self["data"]?.object, let fields = self["question"]?["fields"]?.array else {
      return self
    }
    for field in fields where field["type"]?.string == "password" {
      // Something is there: an empty field would be refused.
      if let name = field["name"]?.string { data[name] = "********" }
    }
    entry["data"] = .object(data)
    return .object(entry)
  }
}

import WebIOHTTP

/// One thing that a session was told. Its entries in their order bring a session of newer code to the same place.
enum JournalEntry: Sendable, Equatable {
  case answer(task: String, Question, RecordedAnswer)
  /// What the page answered to a script or a question about pins.
  case reply(task: String, command: String, data: JSONValue)
  case click(Widget, number: Int, data: JSONValue)
  /// The result of ``once(_:_:)``.
  case once(key: String, value: JSONValue)

  /// A callback's place: its kind of widget and what is written on it.
  struct Widget: Sendable, Equatable, Hashable {
    var kind: String
    var label: String
    /// Which of those with the same kind and label, in the order in which they were shown.
    var nth: Int
    /// Which of those with the same kind.
    var place: Int
  }

  /// The task that has to take it; nil when it is no task's.
  var task: String? {
    switch self {
    case .answer(let task, _, _), .reply(let task, _, _): task
    case .click, .once: nil
    }
  }

  /// Whether the visitor did it.
  var isVisitors: Bool {
    switch self {
    case .answer, .click: true
    case .reply, .once: false
    }
  }
}

extension JournalEntry {
  init?(_ json: JSONValue) {
    let task = json["task"]?.string ?? ""
    switch json["kind"]?.string {
    case "answer":
      guard let question = Question(json["question"]) else { return nil }
      let isCancelled = json["cancelled"]?.bool == true
      let files = json["files"]?.object?.members.map { ($0.name, $0.value.array?.compactMap { RecordedAnswer.File($0) } ?? []) }
      self = .answer(
        task: task, question,
        RecordedAnswer(
          data: isCancelled ? JSONValue?.none : json["data"] ?? .null,
          files: Dictionary(files ?? []) { first, _ in first }))
    case "reply":
      guard let command = json["command"]?.string else { return nil }
      self = .reply(task: task, command: command, data: json["data"] ?? .null)
    case "click":
      guard let kind = json["widget"]?.string, let number = json["number"]?.int else { return nil }
      let widget = Widget(
        kind: kind, label: json["label"]?.string ?? "", nth: json["nth"]?.int ?? 0, place: json["place"]?.int ?? 0)
      self = .click(widget, number: number, data: json["data"] ?? .null)
    case "once":
      guard let key = json["key"]?.string else { return nil }
      self = .once(key: key, value: json["value"] ?? .null)
    default: return nil
    }
  }

  var json: JSONValue {
    switch self {
    case .answer(let task, let question, let answer):
      var object: JSONObject = ["kind": "answer", "task": .string(task), "question": question.json]
      if let data = answer.data { object["data"] = data } else { object["cancelled"] = true }
      if !answer.files.isEmpty {
        let files = answer.files.sorted { $0.key < $1.key }
        object["files"] = .object(JSONObject(files.map { ($0.key, .array($0.value.map(\.json))) }))
      }
      return .object(object)
    case .reply(let task, let command, let data):
      return ["kind": "reply", "task": .string(task), "command": .string(command), "data": data]
    case .click(let widget, let number, let data):
      return [
        "kind": "click", "widget": .string(widget.kind), "label": .string(widget.label), "nth": .int(Int64(widget.nth)),
        "place": .int(Int64(widget.place)), "number": .int(Int64(number)), "data": data,
      ]
    case .once(let key, let value): return ["kind": "once", "key": .string(key), "value": value]
    }
  }
}

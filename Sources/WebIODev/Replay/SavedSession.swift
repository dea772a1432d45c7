import WebIOHTTP
import WebIOPosix

/// A session in a file: what it was told, and what its page was told then. `webio replay` runs it again.
package struct SavedSession: Sendable, Equatable {
  package var app: String?
  package var entries: [JSONValue]
  package var transcript: Transcript

  package init(app: String?, entries: [JSONValue], transcript: Transcript) {
    self.app = app
    self.entries = entries
    self.transcript = transcript
  }

  /// Throws `DevError` for a file that is none.
  package init(path: String) throws {
    let advice = "Save one with “Save” in the sign that webio dev shows after a reload."
    guard Files.isFile(path) else { throw DevError(.pathMissing, "There is no file \(path).", advice: advice) }
    guard let json = try? JSONParser.parse(Files.read(path)), json["webio-session"]?.int == 1,
      let entries = json["entries"]?.array, let lines = json["transcript"]?.array
    else { throw DevError(.notASession, "\(path) is no saved session.", advice: advice) }
    app = json["app"]?.string
    self.entries = entries
    transcript = Transcript(lines: lines.compactMap(\.string))
  }

  /// Writes it into a new file of a project; gives its path there.
  func write(in project: String) throws -> String {
    let number = (1...).first { !Files.exists(Path.join(project, ".webio/sessions/\($0).json")) } ?? 0
    let name = ".webio/sessions/\(number).json"
    let path = Path.join(project, name)
    try Files.makeDirectories(Path.directory(of: path))
    try Files.create(path, Array(text.utf8))
    return name
  }

  /// For people to read, and for version control to compare: one entry and one line of the transcript a line.
  package var text: String {
    let rows: ([JSONValue]) -> String = { values in
      values.map { "    " + String(decoding: $0.serialized, as: UTF8.self) }.joined(separator: ",\n")
    }
    let name = app.map { String(decoding: JSONValue.string($0).serialized, as: UTF8.self) } ?? "null"
    return """
      {
        "webio-session": 1,
        "app": \(name),
        "entries": [
      \(rows(entries))
        ],
        "transcript": [
      \(rows(transcript.lines.map { .string($0) }))
        ]
      }

      """
  }
}

/// What a page was told, a line a command, without what is different in each run.
package struct Transcript: Sendable, Equatable {
  package var lines: [String]

  package init(lines: [String]) { self.lines = lines }

  package init(_ commands: [JSONValue]) {
    lines = commands.map { command in
      let spec = Self.plain(command["spec"] ?? .null)
      return "\(command["command"]?.string ?? "") \(String(decoding: spec.serialized, as: UTF8.self))"
    }
  }

  /// Ids are counted through a whole session: one more question would change all behind it.
  private static let ids: Set<String> = [
    "callback_id", "click_callback_id", "container_dom_id", "handle", "update", "delete", "instance_id",
  ]

  private static func plain(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let values): .array(values.map(plain))
    case .object(let object):
      .object(JSONObject(object.members.map { ($0.name, ids.contains($0.name) && $0.value != .null ? "…" : plain($0.value)) }))
    default: value
    }
  }

  package enum Difference: Sendable, Equatable {
    case gone(String)
    case new(String)
  }

  /// What has to be taken away and put in to get from the older one to this one: a longest common subsequence.
  package func differences(from old: Transcript) -> [Difference] {
    let start = zip(old.lines, lines).prefix { $0 == $1 }.count
    let end = zip(old.lines.dropFirst(start).reversed(), lines.dropFirst(start).reversed()).prefix { $0 == $1 }.count
    let before = Array(old.lines[start..<(old.lines.count - end)])
    let after = Array(lines[start..<(lines.count - end)])
    // A table of the middle's square; beyond it the two have nothing to do with each other.
    guard before.count * after.count <= 4_000_000 else { return before.map { .gone($0) } + after.map { .new($0) } }
    var length = [[Int]](repeating: [Int](repeating: 0, count: after.count + 1), count: before.count + 1)
    for i in before.indices.reversed() {
      for j in after.indices.reversed() {
        length[i][j] = before[i] == after[j] ? length[i + 1][j + 1] + 1 : max(length[i + 1][j], length[i][j + 1])
      }
    }
    var differences: [Difference] = []
    var (i, j) = (0, 0)
    while i < before.count || j < after.count {
      if i < before.count, j < after.count, before[i] == after[j] {
        i += 1
        j += 1
      } else if j == after.count || (i < before.count && length[i + 1][j] >= length[i][j + 1]) {
        differences.append(.gone(before[i]))
        i += 1
      } else {
        differences.append(.new(after[j]))
        j += 1
      }
    }
    return differences
  }
}

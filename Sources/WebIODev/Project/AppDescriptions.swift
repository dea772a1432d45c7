import WebIOHTTP
import WebIOPosix

/// What the documentation comments of a project's sources say of its apps: of a function by its name, and as `index` of the
/// one that `startServer` is given.
///
/// The first paragraph counts. A name in `startServer(["name": function])` or `Application("name", function)` is followed to
/// its function where both stand in one line. What it cannot read it leaves out: descriptions are for people and crawlers.
package struct AppDescriptions: Sendable, Equatable {
  package private(set) var texts: [String: String] = [:]

  /// Larger projects are not read: it would be time before each start.
  private static let sizeLimit = 1 << 20
  private static let lengthLimit = 300
  private static let countLimit = 100

  package init(_ sources: [String]) {
    var names: [(name: String, function: String)] = []
    for source in sources { read(source, &names) }
    for (name, function) in names where texts[name] == nil || name == "index" {
      if let text = texts[function] { texts[name] = text }
    }
  }

  /// Of the project's own Swift files.
  package init(of project: Project) {
    let files = SourceSnapshot.read(project.roots, in: project.directory, limit: Self.sizeLimit) ?? [:]
    self.init(files.keys.sorted().map { String(decoding: files[$0] ?? [], as: UTF8.self) })
  }

  /// Of a single file.
  package init(file: String) {
    self.init((try? Files.read(file, limit: Self.sizeLimit)).map { [String(decoding: $0, as: UTF8.self)] } ?? [])
  }

  /// What the app finds in its environment.
  package var environment: [String: String?] { ["WEBIO_DESCRIPTIONS": json] }

  /// A JSON object, the same for the same sources; nil where there is nothing to tell.
  package var json: String? {
    let members = texts.sorted { $0.key < $1.key }.prefix(Self.countLimit).map {
      (name: $0.key, value: JSONValue.string($0.value))
    }
    let object = JSONValue.object(JSONObject(members))
    return members.isEmpty ? nil : String(decoding: object.serialized, as: UTF8.self)
  }

  private mutating func read(_ source: String, _ names: inout [(name: String, function: String)]) {
    var paragraph: [Substring] = []
    var isOver = false
    for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
      let text = line.drop { $0 == " " || $0 == "\t" }
      if text.hasPrefix("///") {
        let words = text.dropFirst(3).drop { $0 == " " }
        if words.isEmpty { isOver = !paragraph.isEmpty }
        if !isOver, !words.isEmpty { paragraph.append(words) }
        continue
      }
      // An attribute stands between a comment and its function.
      if text.hasPrefix("@"), !text.contains("func ") { continue }
      if !paragraph.isEmpty {
        let description = String(paragraph.joined(separator: " ").prefix(Self.lengthLimit))
        if let function = Self.identifier(after: "func ", in: text) {
          texts[function] = texts[function] ?? description
        } else if text.contains("startServer") {
          texts["index"] = description
        }
      }
      (paragraph, isOver) = ([], false)
      if text.hasPrefix("//") { continue }
      if let function = Self.identifier(after: "startServer(", in: text) { names.append(("index", function)) }
      names += Self.pairs(in: text)
    }
  }

  /// `"name": function` and `Application("name", function`.
  private static func pairs(in line: Substring) -> [(name: String, function: String)] {
    let pieces = line.split(separator: "\"", omittingEmptySubsequences: false)
    return pieces.indices.dropFirst().filter { $0 % 2 == 1 && $0 + 1 < pieces.count }.compactMap { index in
      let rest = pieces[index + 1]
      let isApplication = rest.first == "," && pieces[index - 1].hasSuffix("Application(")
      guard rest.first == ":" || isApplication else { return nil }
      return identifier(after: String(rest.prefix(1)), in: rest).map { (String(pieces[index]), $0) }
    }
  }

  private static func identifier(after marker: String, in line: Substring) -> String? {
    guard let start = line.firstRange(of: marker)?.upperBound else { return nil }
    let name = line[start...].drop { $0 == " " }.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    return name.isEmpty ? nil : String(name)
  }
}

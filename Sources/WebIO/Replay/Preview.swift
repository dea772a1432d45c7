import WebIOHTTP

/// What a session's page would show if only the texts of literals were other: commands that draw it anew, and those
/// that draw it back.
struct Preview {
  /// For the page: it draws these over what is there.
  private(set) var commands: [JSONValue] = []
  /// The numbers of the commands that are not shown as they were sent.
  private(set) var changed: Set<Int> = []

  private static let mark = "outline: 1px dashed #c98500; outline-offset: .25em"
  /// A history that is longer is not looked through at each save.
  private static let limit = 20_000

  /// `history` is what was sent, with its numbers; `before` are those that an earlier preview has changed.
  init(_ changes: [LiteralChange], history: [(number: Int, command: [UInt8])], before: Set<Int>) {
    guard history.count <= Self.limit else { return }
    var forms: [String: JSONValue] = [:]
    for (number, bytes) in history {
      guard let command = try? JSONParser.parse(bytes), let spec = command["spec"] else { continue }
      let task = command["task_id"]?.string ?? ""
      switch command["command"]?.string {
      case "output" where !spec.isContainer: output(number, spec, changes, wasChanged: before.contains(number))
      case "input_group": forms[task] = command
      case "destroy_form": forms[task] = nil
      default: break
      }
    }
    for form in forms.values { labels(of: form, changes, hadPreview: !before.isEmpty) }
  }

  private mutating func output(_ number: Int, _ spec: JSONValue, _ changes: [LiteralChange], wasChanged: Bool) {
    let preview = spec.preview(changes)
    guard preview != nil || wasChanged, var object = (preview ?? spec).object else { return }
    if preview != nil {
      changed.insert(number)
      object["style"] = .string([object["style"]?.string, Self.mark].compactMap { $0 }.joined(separator: "; "))
    }
    commands.append([
      "command": "output_ctl", "spec": ["update": .string("#\(number)"), "spec": .object(object)], "task_id": "",
    ])
  }

  /// A form is not drawn anew, for what was typed into it: its words are changed where they stand.
  private mutating func labels(of form: JSONValue, _ changes: [LiteralChange], hadPreview: Bool) {
    guard let spec = form["spec"], let items = spec["inputs"]?.array else { return }
    for item in items {
      var words: JSONObject = [:]
      for name in ["label", "help_text", "placeholder"] { words[name] = item[name] }
      if items.count == 1, item["label"]?.string?.isEmpty ?? true { words["label"] = spec["label"] }
      let plain = JSONValue.object(words)
      let preview = plain.preview(changes)
      guard let name = item["name"], preview != nil || hadPreview else { continue }
      commands.append([
        "command": "update_input", "spec": ["target_name": name, "attributes": preview ?? plain],
        "task_id": form["task_id"] ?? "",
      ])
    }
  }
}

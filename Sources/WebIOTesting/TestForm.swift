import WebIO

/// A form that an app shows and waits for.
public struct TestForm: Sendable {
  /// What the form, or its only question, asks.
  public let label: String
  public internal(set) var fields: [TestField]
  /// Whether it can be given up.
  public let isCancelable: Bool
  let task: String
  /// Tells forms apart that ask the same.
  let number: Int

  /// The field of that name, or else of that label.
  public subscript(name: String) -> TestField? { index(of: name).map { fields[$0] } }

  /// What is wrong with the last answer, by the fields' names.
  public var errors: [String: String] {
    Dictionary(fields.compactMap { field in field.error.map { (field.name, $0) } }) { first, _ in first }
  }

  func index(of name: String) -> Int? {
    fields.firstIndex { $0.name == name } ?? fields.firstIndex { $0.label == name }
  }

  init(_ command: JSON, number: Int) {
    let spec = command["spec"] ?? .null
    label = spec["label"]?.string ?? ""
    fields = (spec["inputs"]?.array ?? []).map(TestField.init)
    isCancelable = spec["cancelable"]?.bool ?? false
    task = command["task_id"]?.string ?? ""
    self.number = number
  }
}

/// One question of a form, or an input that stays in the page.
public struct TestField: Sendable {
  public let name: String
  public private(set) var label: String
  /// `text`, `number`, `select`, `file` …, as in PyWebIO.
  public let type: String
  /// What is in it before the visitor does anything.
  public internal(set) var value: JSON
  /// The labels to choose from.
  public var options: [String] { choices.map(\.label) }
  public private(set) var help: String?
  /// What is wrong with the last answer.
  public private(set) var error: String?
  private let isMultiple: Bool
  private var choices: [(label: String, value: JSON)]
  /// The button beside it.
  let action: (label: String, callback: String)?
  let reportsChanges: Bool

  init(_ spec: JSON) {
    name = spec["name"]?.string ?? ""
    label = spec["label"]?.string ?? ""
    type = spec["type"]?.string ?? "text"
    help = spec["help_text"]?.string
    isMultiple = type == "checkbox" || spec["multiple"]?.bool ?? false
    choices = Self.choices(spec["options"] ?? spec["buttons"])
    action = spec["action"].flatMap { action in
      action["callback_id"]?.string.map { (action["label"]?.string ?? "", $0) }
    }
    reportsChanges = spec["onchange"]?.bool ?? false
    value = .null
    value = spec["value"] ?? selected(spec["options"]?.array ?? [])
  }

  private static func choices(_ spec: JSON?) -> [(label: String, value: JSON)] {
    (spec?.array ?? []).map { ($0["label"]?.string ?? "", $0["value"] ?? .null) }
  }

  /// What a browser would send of an untouched field.
  private func selected(_ options: [JSON]) -> JSON {
    let marked = options.filter { $0["selected"]?.bool ?? false }.map { $0["value"] ?? .null }
    switch type {
    case "select" where !isMultiple: return marked.first ?? choices.first?.value ?? .null
    case "select", "checkbox": return .array(marked)
    case "radio": return marked.first ?? .null
    case "file": return isMultiple ? [] : .null
    case "number", "float", "actions": return .null
    case "slider": return 0
    default: return ""
    }
  }

  /// An option may be named by its label.
  func wire(_ value: JSON) -> JSON {
    if isMultiple, let values = value.array { return .array(values.map(choice)) }
    return choice(value)
  }

  private func choice(_ value: JSON) -> JSON {
    choices.first { $0.value == value }?.value ?? choices.first { .string($0.label) == value }?.value ?? value
  }

  /// What stands for a file in the event: the file itself travels beside it.
  var noFile: JSON { isMultiple ? [] : .null }
  mutating func forgetError() { error = nil }

  var isFile: Bool { type == "file" }
  var takesManyFiles: Bool { isFile && isMultiple }

  /// `update_input` and `pin_update`.
  mutating func update(_ attributes: JSON) {
    for (name, value) in attributes.object?.members ?? [] {
      switch name {
      case "valid_status": if value != .bool(false) { error = nil }
      case "invalid_feedback": error = value.string
      case "label": label = value.string ?? ""
      case "help_text": help = value.string
      case "options", "buttons": choices = Self.choices(value)
      case "value": self.value = value
      default: break
      }
    }
  }
}

/// A file that a test hands to an app, or the app to the visitor.
public struct TestFile: Sendable, Equatable {
  public let name: String
  public let content: [UInt8]
  public let mimeType: String

  public init(_ name: String, _ content: [UInt8], mimeType: String = "application/octet-stream") {
    self.name = name
    self.content = content
    self.mimeType = mimeType
  }

  public init(_ name: String, text: String) {
    self.init(name, Array(text.utf8), mimeType: "text/plain")
  }
}

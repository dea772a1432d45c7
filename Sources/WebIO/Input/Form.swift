import WebIOHTTP

/// Which field of a group is wrong, and why: what a group's validator returns.
public struct InvalidField: Sendable {
  let name: String
  let text: String
  /// `name` is the field's `name:`.
  public init(_ name: String, _ text: String) {
    self.name = name
    self.text = text
  }
}

/// A form that waits for its answers: a state machine over the page's events, without I/O.
struct Form: Sendable {
  enum Step {
    case wait
    /// Fields to mark as wrong, or as right again where the text is nil.
    case mark([(name: String, text: String?)])
    case answered([any Sendable])
    case cancelled
  }

  private let label: String
  private let fields: [Field]
  private let isCancelable: Bool
  private let isSingle: Bool
  private let validate: (@Sendable ([any Sendable]) throws -> InvalidField?)?

  /// A form for one question; it is named `data`, as PyWebIO names it.
  init(single field: Field) {
    var field = field
    label = field.label
    field.label = ""
    field.name = "data"
    fields = [field]
    isCancelable = false
    isSingle = true
    validate = nil
  }

  /// Throws for a name that is not valid or comes twice. Fields without a name are numbered.
  init(
    label: String, fields: [Field], cancelable: Bool,
    validate: (@Sendable ([any Sendable]) throws -> InvalidField?)?
  ) throws {
    self.label = label
    isCancelable = cancelable
    isSingle = false
    self.validate = validate
    var names: Set<String> = []
    self.fields = try fields.enumerated().map { index, field in
      var field = field
      let name = field.name ?? "field\(index + 1)"
      try validateName(name)
      guard names.insert(name).inserted else { throw WebIOError.duplicateName(name) }
      field.name = name
      return field
    }
  }

  /// What `input_group` sends.
  var spec: Spec {
    var spec = Spec()
    spec.set("label", label)
    let focused = fields.firstIndex { $0.spec.isTextLike } ?? 0
    spec["inputs"] = .array(
      fields.enumerated().map { index, field in
        var item = Spec()
        item.set("label", field.label)
        for (name, value) in field.spec.fields { item[name] = value }
        item.set("name", field.name)
        if index == focused { item.set("auto_focus", true) }
        return .spec(item)
      })
    if !isSingle { spec.set("cancelable", isCancelable) }
    return spec
  }

  func receive(_ event: Event) -> Step {
    switch event.kind {
    case .submit: submitted(event)
    case .cancel: .cancelled
    case .input(let name, "blur"): blurred(name, event.data)
    default: .wait
    }
  }

  private func blurred(_ name: String, _ data: JSONValue) -> Step {
    guard let field = fields.first(where: { $0.name == name }) else { return .wait }
    switch field.checked(data) {
    case .valid: return .mark([(name, nil)])
    case .invalid(let text): return .mark([(name, text)])
    }
  }

  private func submitted(_ event: Event) -> Step {
    var values: [any Sendable] = []
    var wrong: [(name: String, text: String?)] = []
    for field in fields {
      let name = field.name ?? ""
      switch field.checked(event.data[name] ?? .null, event.files[name] ?? []) {
      case .valid(let value): values.append(value)
      case .invalid(let text): wrong.append((name, text))
      }
    }
    if !wrong.isEmpty { return .mark(wrong) }
    do {
      if let invalid = try validate?(values) { return .mark([(invalid.name, invalid.text)]) }
    } catch {
      Log.error("the validator of \"\(label)\" threw: \(error)")
      return .mark([(fields.first?.name ?? "", "Your input is not valid")])
    }
    return .answered(values)
  }
}

extension Spec {
  fileprivate var isTextLike: Bool {
    guard case .json(let type)? = self["type"] else { return false }
    return ["text", "number", "float", "password", "url", "textarea"].contains(type.string ?? "")
  }
}

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
    /// A field has a new value, which its `onChange` wants to know.
    case changed(Field, any Sendable)
    case answered([any Sendable])
    case cancelled
  }

  private let label: String
  private let fields: [Field]
  private let scope: String?
  private let isCancelable: Bool
  private let isSingle: Bool
  /// Its answer is no one's to remember: it is asked in each replay.
  let isBarrier: Bool
  private let validate: (@Sendable ([any Sendable]) throws -> InvalidField?)?

  /// A form for one question; it is named `data`, as PyWebIO names it.
  init(single field: Field, scope: String? = nil, isBarrier: Bool = false) {
    self.isBarrier = isBarrier
    self.scope = scope
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
    label: String, fields: [Field], cancelable: Bool, scope: String? = nil,
    validate: (@Sendable ([any Sendable]) throws -> InvalidField?)?
  ) throws {
    self.label = label
    self.scope = scope
    isCancelable = cancelable
    isSingle = false
    isBarrier = false
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

  /// Throws for what the developer did wrong, before the visitor sees anything.
  func requireSoundness() throws {
    if let scope { try validateName(scope) }
    for field in fields {
      if let fault = field.fault { throw fault }
      guard field.spec.text("type") == "select" else { continue }
      if case .array(let options)? = field.spec["options"], options.isEmpty, field.spec["multiple"] == nil {
        throw WebIOError.invalidArgument(
          "The select \"\(field.label.isEmpty ? label : field.label)\" has no options: a visitor could never answer it.")
      }
    }
  }

  func field(_ name: String) -> Field? { fields.first { $0.name == name } }

  var takesFiles: Bool { fields.contains { $0.limits != nil } }

  /// What `input_group` sends. `action` registers a field's action and gives the id.
  func spec(uploadLimit: Int? = nil, action: (Field) -> String? = { _ in nil }) -> Spec {
    var spec = Spec()
    spec.set("label", label)
    let focused =
      fields.firstIndex { $0.spec["auto_focus"] != nil } ?? fields.firstIndex { $0.spec.isTextLike } ?? 0
    spec["inputs"] = .array(
      fields.enumerated().map { index, field in
        var item = Spec()
        item.set("label", field.label)
        for (name, value) in field.spec.fields { item[name] = value }
        if let id = action(field), let label = field.action?.label {
          var button = Spec()
          button.set("label", label)
          button.set("callback_id", id)
          item["action"] = .spec(button)
        }
        if let uploadLimit, let own = field.limits {
          let limits = FileLimits(one: own.one, all: own.all, default: uploadLimit)
          item.set("max_size", limits.one)
          item.set("max_total_size", limits.all)
          var upload = Spec()
          upload.set("chunk", Upload.chunkSize)
          upload.set("window", Upload.window)
          item["upload"] = .spec(upload)
        }
        item.set("name", field.name)
        item.set("auto_focus", index == focused ? true : nil)
        return .spec(item)
      })
    if !isSingle { spec.set("cancelable", isCancelable) }
    spec.set("scope", scope.map { "#pywebio-scope-\($0)" })
    return spec
  }

  func receive(_ event: Event, _ memory: FormMemory = FormMemory()) -> Step {
    switch event.kind {
    case .submit: submitted(event, memory)
    case .cancel: .cancelled
    case .input(let name, "blur"): blurred(name, event, memory)
    case .input(let name, "change"): changed(name, event, memory)
    default: .wait
    }
  }

  private func answer(_ field: Field, _ data: JSONValue, _ event: Event, _ memory: FormMemory) -> Answer {
    let name = field.name ?? ""
    var answer = Answer(data: data, files: event.files[name] ?? [], uploads: event.uploads)
    if let kept = memory.kept[name], data == .string(kept.label) { answer.kept = kept.value }
    answer.options = memory.options[name]
    return answer
  }

  private func blurred(_ name: String, _ event: Event, _ memory: FormMemory) -> Step {
    guard let field = field(name) else { return .wait }
    switch field.checked(answer(field, event.data, event, memory), form: label) {
    case .valid: return .mark([(name, nil)])
    case .invalid(let text): return .mark([(name, text)])
    }
  }

  private func changed(_ name: String, _ event: Event, _ memory: FormMemory) -> Step {
    guard let field = field(name), field.change != nil else { return .wait }
    var answer = answer(field, event.data, event, memory)
    answer.isDraft = true
    guard case .valid(let value)? = try? field.decode(answer) else { return .wait }
    return .changed(field, value)
  }

  private func submitted(_ event: Event, _ memory: FormMemory) -> Step {
    var values: [any Sendable] = []
    var wrong: [(name: String, text: String?)] = []
    for field in fields {
      let name = field.name ?? ""
      switch field.checked(answer(field, event.data[name] ?? .null, event, memory), form: label) {
      case .valid(let value): values.append(value)
      case .invalid(let text): wrong.append((name, text))
      }
    }
    if !wrong.isEmpty { return .mark(wrong) }
    let first = fields.first?.name ?? ""
    do {
      guard let invalid = try validate?(values) else { return .answered(values) }
      if field(invalid.name) != nil { return .mark([(invalid.name, invalid.text)]) }
      Log.error("the validator of \"\(label)\" marks \"\(invalid.name)\", and no field has this name")
      return .mark([(first, invalid.text)])
    } catch {
      Log.error("the validator of \"\(label)\" threw: \(error)")
      return .mark([(first, "Your input is not valid")])
    }
  }
}

extension Spec {
  fileprivate func text(_ name: String) -> String? {
    guard case .json(let json)? = self[name] else { return nil }
    return json.string
  }

  fileprivate var isTextLike: Bool {
    [
      "text", "number", "float", "password", "url", "email", "search", "tel", "date", "time", "month", "week",
      "datetime-local", "textarea",
    ].contains(text("type") ?? "")
  }
}

import WebIOHTTP

/// A form on the page and the commands that it took: the same steps for a suspended and for a blocked caller.
private struct Asking {
  private let context: TaskContext
  private let form: Form
  /// A refreshed page need not see an answered form come and go.
  private var numbers: [Int] = []

  init(_ form: Form, _ context: TaskContext) {
    self.form = form
    self.context = context
    numbers.append(context.send("input_group", form.spec))
  }

  /// How it ended; the values are nil when the visitor gave it up.
  enum End { case open, closed([any Sendable]?) }

  mutating func receive(_ event: Event) -> End {
    switch form.receive(event) {
    case .wait: break
    case .mark(let marks): for (name, text) in marks { mark(name, text) }
    case .answered(let values):
      close()
      return .closed(values)
    case .cancelled:
      close()
      return .closed(nil)
    }
    return .open
  }

  func close() { context.send("destroy_form", nil, .passing(retiring: numbers)) }

  private mutating func mark(_ name: String, _ text: String?) {
    var attributes = Spec()
    if let text {
      attributes.set("valid_status", false)
      attributes.set("invalid_feedback", text)
    } else {
      attributes.set("valid_status", 0)
    }
    var spec = Spec()
    spec.set("target_name", name)
    spec["attributes"] = .spec(attributes)
    numbers.append(context.send("update_input", spec))
  }
}

extension TaskContext {
  /// Nil when the visitor gave it up.
  static func ask(_ form: Form) async throws -> [any Sendable]? {
    let parent = try required()
    let context = parent.forAsking()
    defer { parent.endAsking(context) }
    var asking = Asking(form, context)
    do {
      while true {
        if case .closed(let values) = asking.receive(try await context.mailbox.next()) { return values }
      }
    } catch {
      // Cancelled by the app: the form must not stay behind.
      asking.close()
      throw error
    }
  }

  static func askBlocking(_ form: Form) throws -> [any Sendable]? {
    let parent = try required()
    let context = parent.forAsking()
    defer { parent.endAsking(context) }
    var asking = Asking(form, context)
    while true {
      if case .closed(let values) = asking.receive(try context.mailbox.nextBlocking()) { return values }
    }
  }
}

func answer<Value: Sendable>(_ item: InputItem<Value>) async throws -> Value {
  // A form of one question has a cancel button only as an action, and then its value is optional.
  while true {
    if let values = try await TaskContext.ask(Form(single: item.field)) { return typed(values[0]) }
    if let none = noValue(Value.self) { return none }
  }
}

func answerBlocking<Value: Sendable>(_ item: InputItem<Value>) throws -> Value {
  while true {
    if let values = try TaskContext.askBlocking(Form(single: item.field)) { return typed(values[0]) }
    if let none = noValue(Value.self) { return none }
  }
}

/// The field's own check made the value, so that its type is known to be right.
func typed<Value>(_ value: any Sendable, as type: Value.Type = Value.self) -> Value {
  guard let value = value as? Value else { preconditionFailure("a field returned another type than its own") }
  return value
}

/// Nil as a value of an optional type.
private func noValue<Value>(_ type: Value.Type) -> Value? {
  (type as? any ExpressibleByNilLiteral.Type)?.init(nilLiteral: ()) as? Value
}

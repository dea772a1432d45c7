import WebIOHTTP

/// Shows a form and follows its events to the end: the same steps for a suspended and for a blocked caller.
extension TaskContext {
  /// Nil when the visitor gave it up.
  static func ask(_ form: Form) async throws -> [any Sendable]? {
    let parent = try required()
    let context = parent.forAsking()
    defer { parent.endAsking(context) }
    context.send("input_group", form.spec)
    do {
      while true {
        let step = form.receive(try await context.mailbox.next())
        if let answer = context.follow(step) { return answer.values }
      }
    } catch {
      // Cancelled by the app: the form must not stay behind.
      context.send("destroy_form", nil)
      throw error
    }
  }

  static func askBlocking(_ form: Form) throws -> [any Sendable]? {
    let parent = try required()
    let context = parent.forAsking()
    defer { parent.endAsking(context) }
    context.send("input_group", form.spec)
    while true {
      let step = form.receive(try context.mailbox.nextBlocking())
      if let answer = context.follow(step) { return answer.values }
    }
  }

  private struct Answer { var values: [any Sendable]? }

  /// Sends what a step asks for. Nil while the form goes on.
  private func follow(_ step: Form.Step) -> Answer? {
    switch step {
    case .wait: return nil
    case .mark(let marks):
      for (name, text) in marks { mark(name, text) }
      return nil
    case .answered(let values):
      send("destroy_form", nil)
      return Answer(values: values)
    case .cancelled:
      send("destroy_form", nil)
      return Answer(values: nil)
    }
  }

  private func mark(_ name: String, _ text: String?) {
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
    send("update_input", spec)
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

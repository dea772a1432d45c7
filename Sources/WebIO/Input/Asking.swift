import WebIOHTTP
import WebIOPosix

/// One turn of the loop that waits for a form's answer: the same for a suspended and for a blocked caller.
private enum Turn {
  case again
  case change(Field, any Sendable)
  /// The values are nil when the visitor gave it up.
  case closed([any Sendable]?)
}

extension OpenForm {
  fileprivate func receive(_ event: Event) -> Turn {
    guard isMeant(by: event) else { return .again }
    switch form.receive(event, memory) {
    case .wait: return .again
    case .mark(let marks):
      if event.kind == .submit { refuse(event.data) }
      for (name, text) in marks { mark(name, text) }
      return .again
    case .changed(let field, let value): return .change(field, value)
    case .answered(let values):
      end(event)
      return .closed(values)
    case .cancelled:
      end(nil)
      return .closed(nil)
    }
  }

  fileprivate func run(_ field: Field, _ value: any Sendable) async {
    await OpenForm.$current.withValue(self) {
      await FieldInChange.$name.withValue(field.name) {
        do { try await field.change?(value) } catch { context.session.report(error, in: context) }
      }
    }
  }
}

extension TaskContext {
  /// Nil when the visitor gave it up.
  static func ask(_ form: Form) async throws -> [any Sendable]? {
    let parent = try required()
    try form.requireSoundness()
    let context = parent.forAsking()
    defer { parent.endAsking(context) }
    let open = OpenForm(form, context)
    do {
      while true {
        switch open.receive(try await context.mailbox.next()) {
        case .again: break
        case .change(let field, let value): await open.run(field, value)
        case .closed(let values): return values
        }
      }
    } catch {
      // Cancelled by the app: the form must not stay behind.
      open.abandon()
      throw error
    }
  }

  static func askBlocking(_ form: Form) throws -> [any Sendable]? {
    let parent = try required()
    try form.requireSoundness()
    let context = parent.forAsking()
    defer { parent.endAsking(context) }
    let open = OpenForm(form, context)
    do {
      while true {
        switch open.receive(try context.mailbox.nextBlocking()) {
        case .again: break
        case .change(let field, let value):
          let parker = Parker()
          // An `onChange` may suspend; this thread is the app's own and may wait for it.
          Task.detached {
            await TaskContext.$current.withValue(parent) { await open.run(field, value) }
            parker.unpark()
          }
          parker.park()
        case .closed(let values): return values
        }
      }
    } catch {
      open.abandon()
      throw error
    }
  }
}

func answer<Value: Sendable>(_ item: InputItem<Value>, _ scope: String?) async throws -> Value {
  // A form of one question has a cancel button only as an action, and then its value is optional.
  while true {
    if let values = try await TaskContext.ask(Form(single: item.field, scope: scope)) { return typed(values[0]) }
    if let none = noValue(Value.self) { return none }
  }
}

func answerBlocking<Value: Sendable>(_ item: InputItem<Value>, _ scope: String?) throws -> Value {
  while true {
    if let values = try TaskContext.askBlocking(Form(single: item.field, scope: scope)) { return typed(values[0]) }
    if let none = noValue(Value.self) { return none }
  }
}

/// The field's own check made the value, so that its type is known to be right.
func typed<Value>(_ value: any Sendable, as type: Value.Type = Value.self) -> Value {
  guard let value = value as? Value else { preconditionFailure("a field returned another type than its own") }
  return value
}

/// Nil as a value of an optional type. Not by a cast of the type: Swift 6.3's optimizer crashes on that.
private func noValue<Value>(_ type: Value.Type) -> Value? {
  (Optional<Never>.none as Any) as? Value
}

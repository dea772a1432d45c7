import WebIOHTTP

/// Asks several questions in one form; the answer is a tuple with the type of each. PyWebIO: `input_group`.
///
///     let (name, age) = try await inputGroup(
///       "You", .input("Name", name: "name", required: true), .input("Age", type: .number, name: "age"),
///       validate: { name, age in age < 18 ? InvalidField("age", "You must be 18") : nil })
///
/// With `scope` the form appears in that scope instead of the panel below the output; when the scope is not there, or goes
/// away, it appears in the panel. `validate` runs when all fields are good by themselves. Fields are named for it, and for the page, by `name:`.
/// Throws ``WebIOError/duplicateName(_:)``, ``WebIOError/invalidName(_:)`` and ``WebIOError/sessionClosed``.
public func inputGroup<each Value: Sendable>(
  _ label: String = "", _ items: repeat InputItem<each Value>, scope: String? = nil,
  validate: (@Sendable (repeat each Value) throws -> InvalidField?)? = nil
) async throws -> (repeat each Value) {
  let form = try groupForm(label, repeat each items, cancelable: false, scope, validate: validate)
  while true {
    // Without a cancel button only a hostile page cancels; it is asked again.
    if let values = try await TaskContext.ask(form) { return tuple(values, repeat each items) }
  }
}

/// Asks several questions in one form that can be given up: then the answer is nil. PyWebIO: `input_group`.
public func inputGroup<each Value: Sendable>(
  _ label: String = "", _ items: repeat InputItem<each Value>, cancelable: Bool, scope: String? = nil,
  validate: (@Sendable (repeat each Value) throws -> InvalidField?)? = nil
) async throws -> (repeat each Value)? {
  let form = try groupForm(label, repeat each items, cancelable: cancelable, scope, validate: validate)
  return try await TaskContext.ask(form).map { tuple($0, repeat each items) }
}

/// Asks several questions in one form and blocks the thread until the answers are there. PyWebIO: `input_group`.
public func inputGroup<each Value: Sendable>(
  _ label: String = "", _ items: repeat InputItem<each Value>, scope: String? = nil,
  validate: (@Sendable (repeat each Value) throws -> InvalidField?)? = nil
) throws -> (repeat each Value) {
  let form = try groupForm(label, repeat each items, cancelable: false, scope, validate: validate)
  while true {
    if let values = try TaskContext.askBlocking(form) { return tuple(values, repeat each items) }
  }
}

/// Asks several questions in one form that can be given up, and blocks the thread. PyWebIO: `input_group`.
public func inputGroup<each Value: Sendable>(
  _ label: String = "", _ items: repeat InputItem<each Value>, cancelable: Bool, scope: String? = nil,
  validate: (@Sendable (repeat each Value) throws -> InvalidField?)? = nil
) throws -> (repeat each Value)? {
  let form = try groupForm(label, repeat each items, cancelable: cancelable, scope, validate: validate)
  return try TaskContext.askBlocking(form).map { tuple($0, repeat each items) }
}

private func groupForm<each Value: Sendable>(
  _ label: String, _ items: repeat InputItem<each Value>, cancelable: Bool, _ scope: String?,
  validate: (@Sendable (repeat each Value) throws -> InvalidField?)?
) throws -> Form {
  var fields: [Field] = []
  for item in repeat each items { fields.append(item.field) }
  guard let validate else {
    return try Form(label: label, fields: fields, cancelable: cancelable, scope: scope, validate: nil)
  }
  return try Form(label: label, fields: fields, cancelable: cancelable, scope: scope) { values in
    var index = 0
    return try validate(repeat next((each Value).self, values, &index))
  }
}

private func tuple<each Value: Sendable>(
  _ values: [any Sendable], _ items: repeat InputItem<each Value>
) -> (repeat each Value) {
  var index = 0
  return (repeat next((each Value).self, values, &index))
}

private func next<Value>(_ type: Value.Type, _ values: [any Sendable], _ index: inout Int) -> Value {
  defer { index += 1 }
  return typed(values[index])
}

import WebIOHTTP

// The functions that ask. Each comes twice: suspending, for an `async` task function, and blocking, for one with a
// thread of its own. All throw `WebIOError.sessionClosed` when the visitor leaves before the answer.

/// Asks for one value and waits for it. PyWebIO: `input`.
///
///     let age = try await input("Age", type: .number, validate: { $0 < 150 ? nil : "Really?" })
///
/// `.text`, `.password` and `.url` give a `String`, `.number` an `Int`, `.float` a `Double`; numbers must be entered
/// unless their type is `.optional`. `validate` runs when the field loses focus and again when the form is sent; it
/// returns nil for a good value, else what is wrong with it.
public func input<Value: Sendable>(
  _ label: String = "", type: InputType<Value>, value: Value? = nil, placeholder: String? = nil,
  required: Bool = false, readonly: Bool = false, datalist: [String]? = nil, help: String? = nil, scope: String? = nil,
  validate: Validator<Value>? = nil
) async throws -> Value {
  try await answer(
    .input(
      label, type: type, value: value, placeholder: placeholder, required: required, readonly: readonly,
      datalist: datalist, help: help, validate: validate), scope)
}

/// Asks for a line of text and waits for it. PyWebIO: `input`.
///
///     let name = try await input("Your name?", required: true)
public func input(
  _ label: String = "", value: String? = nil, placeholder: String? = nil, required: Bool = false,
  readonly: Bool = false, datalist: [String]? = nil, help: String? = nil, scope: String? = nil,
  validate: Validator<String>? = nil
) async throws -> String {
  try await answer(
    .input(
      label, type: .text, value: value, placeholder: placeholder, required: required, readonly: readonly,
      datalist: datalist, help: help, validate: validate), scope)
}

/// Asks for several lines of text and waits for them. PyWebIO: `textarea`.
///
/// `maxLength` and `minLength` count as JavaScript does, in UTF-16 units.
///
/// With `code`, the name of a language such as `swift` or `python`, it is a code editor: line numbers, colours, indentation,
/// matching brackets, and F11 for the full screen.
public func textarea(
  _ label: String = "", value: String? = nil, rows: Int = 6, code: String? = nil, placeholder: String? = nil,
  required: Bool = false,
  readonly: Bool = false, maxLength: Int? = nil, minLength: Int? = nil, help: String? = nil, scope: String? = nil,
  validate: Validator<String>? = nil
) async throws -> String {
  try await answer(
    .textarea(
      label, value: value, rows: rows, code: code, placeholder: placeholder, required: required, readonly: readonly,
      maxLength: maxLength, minLength: minLength, help: help, validate: validate), scope)
}

/// Asks for one of the options. PyWebIO: `select`.
///
/// From 13 options on one types to find one; with `search` that is so for any number, or for none. PyWebIO has no `search`.
///
///     let size = try await select("Size", ["S", "M", "L"])
public func select(
  _ label: String = "", _ options: [String], search: Bool? = nil, help: String? = nil, scope: String? = nil
) async throws -> String {
  try await select(label, options: options.map { Option($0, $0) }, search: search, help: help, scope: scope)
}

/// Asks for one of the options, whose labels and values differ. PyWebIO: `select`.
public func select<Value: Sendable>(
  _ label: String = "", options: [Option<Value>], search: Bool? = nil, help: String? = nil, scope: String? = nil,
  validate: Validator<Value>? = nil
) async throws -> Value {
  try requireOptions(options.count, "select")
  return try await answer(.select(label, options: options, search: search, help: help, validate: validate), scope)
}

/// Asks for any number of the options, from a list. PyWebIO: `select(multiple=True)`.
///
/// `search` is as in `select`.
public func selectMultiple<Value: Sendable>(
  _ label: String = "", options: [Option<Value>], search: Bool? = nil, required: Bool = false, help: String? = nil,
  scope: String? = nil,
  validate: Validator<[Value]>? = nil
) async throws -> [Value] {
  try await answer(
    .selectMultiple(label, options: options, search: search, required: required, help: help, validate: validate), scope)
}

/// Asks for any number of the options. PyWebIO: `checkbox`.
public func checkbox(
  _ label: String = "", _ options: [String], inline: Bool = false, help: String? = nil, scope: String? = nil
) async throws -> [String] {
  try await checkbox(label, options: options.map { Option($0, $0) }, inline: inline, help: help, scope: scope)
}

/// Asks for any number of the options, whose labels and values differ. PyWebIO: `checkbox`.
public func checkbox<Value: Sendable>(
  _ label: String = "", options: [Option<Value>], inline: Bool = false, help: String? = nil, scope: String? = nil,
  validate: Validator<[Value]>? = nil
) async throws -> [Value] {
  try await answer(.checkbox(label, options: options, inline: inline, help: help, validate: validate), scope)
}

/// Asks for one of the options, all of which are in view; nil when none was chosen. PyWebIO: `radio`.
public func radio(
  _ label: String = "", _ options: [String], inline: Bool = false, required: Bool = false, help: String? = nil,
  scope: String? = nil
) async throws -> String? {
  try await radio(
    label, options: options.map { Option($0, $0) }, inline: inline, required: required, help: help, scope: scope)
}

/// Asks for one of the options, whose labels and values differ; nil when none was chosen. PyWebIO: `radio`.
public func radio<Value: Sendable>(
  _ label: String = "", options: [Option<Value>], inline: Bool = false, required: Bool = false,
  help: String? = nil, scope: String? = nil, validate: Validator<Value>? = nil
) async throws -> Value? {
  try await answer(
    .radio(label, options: options, inline: inline, required: required, help: help, validate: validate), scope)
}

/// Asks by buttons, and gives the label of the one that was clicked. PyWebIO: `actions`.
///
///     if try await actions("Delete it?", ["Delete", "Keep"]) == "Delete" { … }
public func actions(_ label: String = "", _ labels: [String], help: String? = nil, scope: String? = nil) async throws -> String
{
  try requireOptions(labels.count, "actions")
  let buttons = labels.map { ActionButton.submit($0, $0) }
  while true {
    if let label = try await actions(label, buttons: buttons, help: help, scope: scope) { return label }
  }
}

/// Asks by buttons with values; nil when a cancel button was clicked. PyWebIO: `actions`.
public func actions<Value: Sendable>(
  _ label: String = "", buttons: [ActionButton<Value>], help: String? = nil, scope: String? = nil
) async throws -> Value? {
  try requireOptions(buttons.count, "actions")
  return try await answer(.actions(label, buttons: buttons, help: help), scope)
}

func requireOptions(_ count: Int, _ function: String) throws {
  if count == 0 {
    throw WebIOError.invalidArgument("\(function) needs at least one option: a visitor could never answer it.")
  }
}

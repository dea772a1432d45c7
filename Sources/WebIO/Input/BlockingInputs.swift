import WebIOHTTP

// The same questions for a task function with a thread of its own: they block it until the answer is there.

/// Asks for one value and waits for it. PyWebIO: `input`.
public func input<Value: Sendable>(
  _ label: String = "", type: InputType<Value>, value: Value? = nil, placeholder: String? = nil,
  required: Bool = false, readonly: Bool = false, datalist: [String]? = nil, help: String? = nil, scope: String? = nil,
  validate: Validator<Value>? = nil
) throws -> Value {
  try answerBlocking(
    .input(
      label, type: type, value: value, placeholder: placeholder, required: required, readonly: readonly,
      datalist: datalist, help: help, validate: validate), scope)
}

/// Asks for a line of text and waits for it. PyWebIO: `input`.
public func input(
  _ label: String = "", value: String? = nil, placeholder: String? = nil, required: Bool = false,
  readonly: Bool = false, datalist: [String]? = nil, help: String? = nil, scope: String? = nil,
  validate: Validator<String>? = nil
) throws -> String {
  try answerBlocking(
    .input(
      label, type: .text, value: value, placeholder: placeholder, required: required, readonly: readonly,
      datalist: datalist, help: help, validate: validate), scope)
}

/// Asks for several lines of text and waits for them. PyWebIO: `textarea`.
///
/// With `code`, the name of a language such as `swift` or `python`, it is a code editor: line numbers, colours, indentation,
/// matching brackets, and F11 for the full screen.
public func textarea(
  _ label: String = "", value: String? = nil, rows: Int = 6, code: String? = nil, placeholder: String? = nil,
  required: Bool = false,
  readonly: Bool = false, maxLength: Int? = nil, minLength: Int? = nil, help: String? = nil, scope: String? = nil,
  validate: Validator<String>? = nil
) throws -> String {
  try answerBlocking(
    .textarea(
      label, value: value, rows: rows, code: code, placeholder: placeholder, required: required, readonly: readonly,
      maxLength: maxLength, minLength: minLength, help: help, validate: validate), scope)
}

/// Asks for one of the options. PyWebIO: `select`.
///
/// From 13 options on one types to find one; with `search` that is so for any number, or for none. PyWebIO has no `search`.
public func select(
  _ label: String = "", _ options: [String], search: Bool? = nil, help: String? = nil, scope: String? = nil
) throws -> String {
  try select(label, options: options.map { Option($0, $0) }, search: search, help: help, scope: scope)
}

/// Asks for one of the options, whose labels and values differ. PyWebIO: `select`.
public func select<Value: Sendable>(
  _ label: String = "", options: [Option<Value>], search: Bool? = nil, help: String? = nil, scope: String? = nil,
  validate: Validator<Value>? = nil
) throws -> Value {
  try requireOptions(options.count, "select")
  return try answerBlocking(.select(label, options: options, search: search, help: help, validate: validate), scope)
}

/// Asks for any number of the options, from a list. PyWebIO: `select(multiple=True)`.
///
/// `search` is as in `select`.
public func selectMultiple<Value: Sendable>(
  _ label: String = "", options: [Option<Value>], search: Bool? = nil, required: Bool = false, help: String? = nil,
  scope: String? = nil,
  validate: Validator<[Value]>? = nil
) throws -> [Value] {
  try answerBlocking(
    .selectMultiple(label, options: options, search: search, required: required, help: help, validate: validate), scope)
}

/// Asks for any number of the options. PyWebIO: `checkbox`.
public func checkbox(
  _ label: String = "", _ options: [String], inline: Bool = false, help: String? = nil, scope: String? = nil
) throws -> [String] {
  try checkbox(label, options: options.map { Option($0, $0) }, inline: inline, help: help, scope: scope)
}

/// Asks for any number of the options, whose labels and values differ. PyWebIO: `checkbox`.
public func checkbox<Value: Sendable>(
  _ label: String = "", options: [Option<Value>], inline: Bool = false, help: String? = nil, scope: String? = nil,
  validate: Validator<[Value]>? = nil
) throws -> [Value] {
  try answerBlocking(.checkbox(label, options: options, inline: inline, help: help, validate: validate), scope)
}

/// Asks for one of the options, all of which are in view; nil when none was chosen. PyWebIO: `radio`.
public func radio(
  _ label: String = "", _ options: [String], inline: Bool = false, required: Bool = false, help: String? = nil,
  scope: String? = nil
) throws -> String? {
  try radio(
    label, options: options.map { Option($0, $0) }, inline: inline, required: required, help: help, scope: scope)
}

/// Asks for one of the options, whose labels and values differ; nil when none was chosen. PyWebIO: `radio`.
public func radio<Value: Sendable>(
  _ label: String = "", options: [Option<Value>], inline: Bool = false, required: Bool = false,
  help: String? = nil, scope: String? = nil, validate: Validator<Value>? = nil
) throws -> Value? {
  try answerBlocking(
    .radio(label, options: options, inline: inline, required: required, help: help, validate: validate), scope)
}

/// Asks by buttons, and gives the label of the one that was clicked. PyWebIO: `actions`.
public func actions(_ label: String = "", _ labels: [String], help: String? = nil, scope: String? = nil) throws -> String {
  try requireOptions(labels.count, "actions")
  let buttons = labels.map { ActionButton.submit($0, $0) }
  while true {
    if let label = try actions(label, buttons: buttons, help: help, scope: scope) { return label }
  }
}

/// Asks by buttons with values; nil when a cancel button was clicked. PyWebIO: `actions`.
public func actions<Value: Sendable>(
  _ label: String = "", buttons: [ActionButton<Value>], help: String? = nil, scope: String? = nil
) throws -> Value? {
  try requireOptions(buttons.count, "actions")
  return try answerBlocking(.actions(label, buttons: buttons, help: help), scope)
}

import WebIOHTTP

extension Content {
  /// An input that stays in the page; its value is read through ``pin``.
  static func pinned<Value>(_ name: String, _ item: InputItem<Value>) -> Content {
    var input = item.field.spec
    input.set("label", item.field.label)
    input.set("name", name)
    var spec = Spec(type: "pin")
    spec["input"] = .spec(input)
    return Content(spec)
  }
}

private func putPin<Value>(
  _ name: String, _ item: InputItem<Value>, _ scope: String?, _ position: OutputPosition
) throws -> Output {
  try validateName(name)
  return put(.pinned(name, item), scope: scope, position: position)
}

/// Shows a line input that stays in the page. Throws ``WebIOError/invalidName(_:)``. PyWebIO: `pin.put_input`.
@discardableResult
public func putInput(
  _ name: String, label: String = "", value: String? = nil, placeholder: String? = nil, readonly: Bool = false,
  datalist: [String]? = nil, help: String? = nil, scope: String? = nil, position: OutputPosition = .bottom
) throws -> Output {
  return try putInput(
    name, type: .text, label: label, value: value, placeholder: placeholder, readonly: readonly, datalist: datalist,
    help: help, scope: scope, position: position)
}

/// Shows a line input of a type. PyWebIO: `pin.put_input`.
@discardableResult
public func putInput<Value: Sendable>(
  _ name: String, type: InputType<Value>, label: String = "", value: Value? = nil, placeholder: String? = nil,
  readonly: Bool = false, datalist: [String]? = nil, help: String? = nil, scope: String? = nil,
  position: OutputPosition = .bottom
) throws -> Output {
  let item = InputItem<Value>.input(
    label, type: type, value: value, placeholder: placeholder, readonly: readonly, datalist: datalist, help: help)
  return try putPin(name, item, scope, position)
}

/// Shows a field for several lines of text, with `code` a code editor for that language. PyWebIO: `pin.put_textarea`.
@discardableResult
public func putTextarea(
  _ name: String, label: String = "", value: String? = nil, rows: Int = 6, code: String? = nil,
  placeholder: String? = nil, readonly: Bool = false, help: String? = nil, scope: String? = nil,
  position: OutputPosition = .bottom
) throws -> Output {
  let item = InputItem<String>.textarea(
    label, value: value, rows: rows, code: code, placeholder: placeholder, readonly: readonly, help: help)
  return try putPin(name, item, scope, position)
}

/// Shows a list to choose from; `search` is as in `select`. PyWebIO: `pin.put_select`.
@discardableResult
public func putSelect(
  _ name: String, options: [String], label: String = "", value: String? = nil, search: Bool? = nil, help: String? = nil,
  scope: String? = nil, position: OutputPosition = .bottom
) throws -> Output {
  let item = InputItem<String>.select(label, options: selecting(options, value.map { [$0] } ?? []), search: search, help: help)
  return try putPin(name, item, scope, position)
}

/// Shows boxes to tick. PyWebIO: `pin.put_checkbox`.
@discardableResult
public func putCheckbox(
  _ name: String, options: [String], label: String = "", inline: Bool = false, value: [String] = [],
  help: String? = nil, scope: String? = nil, position: OutputPosition = .bottom
) throws -> Output {
  let item = InputItem<[String]>.checkbox(label, options: selecting(options, value), inline: inline, help: help)
  return try putPin(name, item, scope, position)
}

/// Shows options of which one can be on. PyWebIO: `pin.put_radio`.
@discardableResult
public func putRadio(
  _ name: String, options: [String], label: String = "", inline: Bool = false, value: String? = nil,
  help: String? = nil, scope: String? = nil, position: OutputPosition = .bottom
) throws -> Output {
  let item = InputItem<String?>.radio(
    label, options: selecting(options, value.map { [$0] } ?? []), inline: inline, help: help)
  return try putPin(name, item, scope, position)
}

/// Shows a list in which any number of entries may be chosen; `search` is as in `select`. PyWebIO: `pin.put_select(multiple=True)`.
@discardableResult
public func putSelectMultiple(
  _ name: String, options: [String], label: String = "", value: [String] = [], search: Bool? = nil, help: String? = nil,
  scope: String? = nil, position: OutputPosition = .bottom
) throws -> Output {
  let item = InputItem<[String]>.selectMultiple(label, options: selecting(options, value), search: search, help: help)
  return try putPin(name, item, scope, position)
}

/// Shows a slider for whole numbers. PyWebIO: `pin.put_slider`.
@discardableResult
public func putSlider(
  _ name: String, label: String = "", value: Int = 0, in range: ClosedRange<Int> = 0...100, step: Int = 1,
  help: String? = nil, scope: String? = nil, position: OutputPosition = .bottom
) throws -> Output {
  let item = InputItem<Int>.slider(label, value: value, min: range.lowerBound, max: range.upperBound, step: step, help: help)
  return try putPin(name, item, scope, position)
}

/// Shows a place for files; ``Pin/files(_:)-(String)`` fetches what is chosen there. Sizes are in bytes, of each file and of all
/// together. PyWebIO: `pin.put_file_upload`.
///
///     try putFileUpload("photo", label: "A photo", accept: ["image/*"], maxSize: 5 << 20)
///     pin.onChange("photo") { _ in putText(try await pin.files("photo").first?.filename ?? "none") }
@discardableResult
public func putFileUpload(
  _ name: String, label: String = "", accept: [String] = [], placeholder: String? = nil, multiple: Bool = false,
  maxSize: Int? = nil, maxTotalSize: Int? = nil, help: String? = nil, scope: String? = nil,
  position: OutputPosition = .bottom
) throws -> Output {
  var item = InputItem<[FileUpload]>.files(
    label, accept: accept, placeholder: placeholder ?? (multiple ? "Choose files" : "Choose file"), maxSize: maxSize,
    maxTotalSize: maxTotalSize, help: help)
  item.field.spec.set("multiple", multiple)
  return try putPin(name, item, scope, position)
}

/// Shows buttons; the pin's value is the label of the last one clicked. PyWebIO: `pin.put_actions`.
@discardableResult
public func putActions(
  _ name: String, buttons: [String], label: String = "", help: String? = nil, scope: String? = nil,
  position: OutputPosition = .bottom
) throws -> Output {
  let item = InputItem<String?>.actions(label, buttons: buttons.map { .submit($0, $0) }, help: help)
  return try putPin(name, item, scope, position)
}

private func selecting(_ options: [String], _ selected: [String]) -> [Option<String>] {
  options.map { Option($0, $0, selected: selected.contains($0)) }
}

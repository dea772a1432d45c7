import WebIOHTTP

/// Inputs that stay in the page and can be read at any time. PyWebIO: `pin`.
///
///     try putInput("name", label: "Your name")
///     let name = try await pin.name?.string
///     pin.set("name", "Ada")
///
/// A name that is in no input is nil.
public let pin = Pin()

/// See ``pin``.
@dynamicMemberLookup
public struct Pin: Sendable {
  /// The present value, fetched from the page. Setting one is ``set(_:_:)``.
  public subscript(dynamicMember name: String) -> JSON? {
    get async throws { try await self[name] }
  }

  public subscript(_ name: String) -> JSON? {
    get async throws { try await values(name)[name] }
  }

  /// The present value as a Swift type: `String`, `Int`, `Double`, `Bool`, or an array of one of them; nil when it is
  /// of another type.
  public func callAsFunction<Value: Sendable>(_ name: String, as type: Value.Type) async throws -> Value? {
    try await self[name].flatMap { $0.value(as: type) }
  }

  /// Many values in one round trip. PyWebIO: `get_pin_values`.
  public func values(_ names: String...) async throws -> [String: JSON] { try await values(names) }

  /// Many values in one round trip.
  public func values(_ names: [String]) async throws -> [String: JSON] {
    var spec = Spec()
    spec["names"] = .array(names.map { .json(.string($0)) })
    let answer = try await ask("pin_values", spec)
    return Dictionary(answer.object?.members.map { ($0.name, $0.value) } ?? []) { _, last in last }
  }

  /// ``values(_:)-([String])`` for a task function with a thread of its own.
  public func values(_ names: [String]) throws -> [String: JSON] {
    var spec = Spec()
    spec["names"] = .array(names.map { .json(.string($0)) })
    let answer = try TaskContext.required().questionBlocking("pin_values", spec)
    return Dictionary(answer.object?.members.map { ($0.name, $0.value) } ?? []) { _, last in last }
  }

  /// The present value for a task function with a thread of its own; nil when no input has the name.
  public func value(_ name: String) throws -> JSON? { try values([name])[name] }

  /// The files that are chosen in a ``putFileUpload(_:label:accept:placeholder:multiple:maxSize:maxTotalSize:help:scope:position:)``,
  /// fetched from the page in one message, into memory. Together with the rest of the message they must fit into the
  /// server's `maxPayloadSize`. None when no such pin is there. PyWebIO: `pin.name` of a `put_file_upload`.
  public func files(_ name: String) async throws -> [FileUpload] {
    var spec = Spec()
    spec["names"] = .array([.json(.string(name))])
    return try await TaskContext.required().asked("pin_values", spec).files[name] ?? []
  }

  /// ``files(_:)-(String)`` for a task function with a thread of its own.
  public func files(_ name: String) throws -> [FileUpload] {
    var spec = Spec()
    spec["names"] = .array([.json(.string(name))])
    return try TaskContext.required().askedBlocking("pin_values", spec).files[name] ?? []
  }

  /// Sets an input's text, number or state.
  public func set(_ name: String, _ value: String) { set(name, .string(value)) }
  public func set(_ name: String, _ value: Int) { set(name, .int(Int64(value))) }
  public func set(_ name: String, _ value: Double) { set(name, .double(value)) }
  public func set(_ name: String, _ value: Bool) { set(name, .bool(value)) }
  public func set(_ name: String, _ value: [String]) { set(name, .array(value.map { .string($0) })) }

  /// Sets an input's value. It is not reported as a change.
  public func set(_ name: String, _ value: JSON) {
    update(name) { $0["value"] = .json(value) }
  }

  /// Waits until the visitor changes one of the inputs; nil when `timeout` seconds pass first. PyWebIO:
  /// `pin_wait_change`.
  public func waitChange(_ names: String..., timeout: Double? = nil) async throws -> (name: String, value: JSON)? {
    change(try await ask("pin_wait", waiting(names, timeout)))
  }

  /// ``waitChange(_:timeout:)`` for a task function with a thread of its own.
  public func waitChange(_ names: String..., timeout: Double? = nil) throws -> (name: String, value: JSON)? {
    change(try TaskContext.required().questionBlocking("pin_wait", waiting(names, timeout)))
  }

  private func waiting(_ names: [String], _ timeout: Double?) -> Spec {
    var spec = Spec()
    spec["names"] = .array(names.map { .json(.string($0)) })
    spec["timeout"] = .json(timeout.map { .double($0) } ?? .null)
    return spec
  }

  private func change(_ answer: JSON) -> (name: String, value: JSON)? {
    answer["name"]?.string.map { ($0, answer["value"] ?? .null) }
  }

  /// Changes parts of an input; nil leaves one as it is. PyWebIO: `pin_update`.
  public func update(
    _ name: String, label: String? = nil, help: String? = nil, placeholder: String? = nil, readonly: Bool? = nil,
    options: [String]? = nil, value: JSON? = nil
  ) {
    update(name) { attributes in
      attributes.set("label", label)
      attributes.set("help_text", help)
      attributes.set("placeholder", placeholder)
      attributes.set("readonly", readonly)
      attributes["options"] = options.map { OptionList($0.map { Option($0, $0) }).spec }
      attributes["value"] = value.map { .json($0) }
    }
  }

  /// Calls `action` at each change of an input. PyWebIO: `pin_on_change`.
  ///
  /// Several actions run in their order; `clear` drops the earlier ones, `runNow` calls this one with the present value
  /// as well. Without an action, `pin.onChange("name", clear: true)` only drops.
  public func onChange(
    _ name: String, clear: Bool = false, runNow: Bool = false, action: @escaping @Sendable (JSON) async throws -> Void
  ) {
    var spec = Spec()
    spec.set("name", name)
    spec["callback_id"] = .callback { data in try await action(data["value"] ?? .null) }
    spec.set("clear", clear)
    perform { $0.send("pin_onchange", spec) }
    if runNow {
      perform { context in
        context.session.run(
          TaskFunction { if let value = try await pin[name] { try await action(value) } }, name: "pin")
      }
    }
  }

  /// Drops the actions of an input. PyWebIO: `pin_on_change(name, clear=True)`.
  public func onChange(_ name: String, clear: Bool) {
    var spec = Spec()
    spec.set("name", name)
    spec["callback_id"] = .json(.null)
    spec.set("clear", clear)
    perform { $0.send("pin_onchange", spec) }
  }

  private func update(_ name: String, _ change: (inout Spec) -> Void) {
    var attributes = Spec()
    change(&attributes)
    var spec = Spec()
    spec.set("name", name)
    spec["attributes"] = .spec(attributes)
    perform { $0.send("pin_update", spec) }
  }

  private func ask(_ command: String, _ spec: Spec) async throws -> JSON {
    try await TaskContext.required().question(command, spec)
  }
}

extension JSONValue {
  /// As one of the types that a page can send.
  func value<Value>(as type: Value.Type) -> Value? {
    let plain: Any? =
      switch self {
      case .null: nil
      case .bool(let bool): bool
      case .int, .double: type == Double.self ? double : int ?? double
      case .string(let text): text
      case .array(let values):
        if let texts = values.map(\.string) as? [String] { texts } else { values.map(\.double) as? [Double] }
      case .object: nil
      }
    return plain as? Value
  }
}

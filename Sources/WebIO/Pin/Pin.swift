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

  /// Sets an input's value. It is not reported as a change.
  public func set(_ name: String, _ value: JSON) {
    update(name) { $0["value"] = .json(value) }
  }

  /// Waits until the visitor changes one of the inputs; nil when `timeout` seconds pass first. PyWebIO:
  /// `pin_wait_change`.
  public func waitChange(_ names: String..., timeout: Double? = nil) async throws -> (name: String, value: JSON)? {
    var spec = Spec()
    spec["names"] = .array(names.map { .json(.string($0)) })
    spec["timeout"] = .json(timeout.map { .double($0) } ?? .null)
    let answer = try await ask("pin_wait", spec)
    guard let name = answer["name"]?.string else { return nil }
    return (name, answer["value"] ?? .null)
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
  /// Several actions run in their order; `clear` drops the earlier ones.
  public func onChange(
    _ name: String, clear: Bool = false, action: @escaping @Sendable (JSON) async throws -> Void
  ) {
    var spec = Spec()
    spec.set("name", name)
    spec["callback_id"] = .callback { data in try await action(data["value"] ?? .null) }
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

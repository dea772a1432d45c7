import WebIOHTTP

/// The `spec` of a command before it is written: fields in order, in which contents and callbacks may stand.
struct Spec: Sendable {
  enum Value: Sendable {
    case json(JSONValue)
    case spec(Spec)
    case array([Value])
    /// Not in line: a content is large, and every field would be.
    indirect case content(Content)
    /// Becomes the id under which the session calls it.
    case callback(Callback)
  }

  /// The scopes in it.
  private(set) var scopes: [ScopeTree.Entry] = []
  private(set) var fields: [(name: String, value: Value)] = []

  init() {}

  init(type: String) {
    fields.reserveCapacity(6)
    self["type"] = .json(.string(type))
  }

  /// Sets a field; nil leaves it out, as PyWebIO leaves out what is None.
  subscript(name: String) -> Value? {
    get { fields.first { $0.name == name }?.value }
    set {
      switch newValue {
      case nil, .json: break
      case let value?: scopes += Self.scopes(in: value)
      }
      let index = fields.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): fields[index].value = value
      case (let index?, nil): fields.remove(at: index)
      case (nil, let value?): fields.append((name, value))
      case (nil, nil): break
      }
    }
  }

  private static func scopes(in value: Value) -> [ScopeTree.Entry] {
    switch value {
    case .json, .callback: []
    case .spec(let spec): spec.scopes
    case .content(let content): content.scopes
    case .array(let values): values.flatMap { scopes(in: $0) }
    }
  }

  /// It is a scope itself, and those in it lie in this one.
  mutating func becomeScope(_ name: String) {
    scopes = scopes.map { ScopeTree.Entry(name: $0.name, parent: $0.parent ?? name) }
    scopes.append(ScopeTree.Entry(name: name))
  }

  mutating func set(_ name: String, _ text: String?) { self[name] = text.map { .json(.string($0)) } }
  mutating func set(_ name: String, _ flag: Bool?) { self[name] = flag.map { .json(.bool($0)) } }
  mutating func set(_ name: String, _ number: Int?) { self[name] = number.map { .json(.int(Int64($0))) } }
  mutating func set(_ name: String, _ number: Double?) { self[name] = number.map { .json(.double($0)) } }
  mutating func set(_ name: String, _ contents: [Content]) { self[name] = .array(contents.map { .content($0) }) }

  func write(to writer: inout JSONWriter, _ session: Session) {
    writer.beginObject()
    (session.isPyWebIOPage ? PyWebIOClient.translated(self) : self).writeFields(to: &writer, session)
    writer.endObject()
  }

  func writeFields(to writer: inout JSONWriter, _ session: Session) {
    for (name, value) in fields {
      writer.key(name)
      if case .json(let json) = value { writer.value(json) } else { write(value, to: &writer, session, named: name) }
    }
  }

  /// One more field of what is being written.
  func writeCallback(_ callback: @escaping Callback, named name: String, to writer: inout JSONWriter, _ session: Session) {
    writer.key(name)
    write(.callback(callback), to: &writer, session, named: name)
  }

  private func write(_ value: Value, to writer: inout JSONWriter, _ session: Session, named name: String) {
    switch value {
    case .json(let json): writer.value(json)
    case .spec(let spec): spec.write(to: &writer, session)
    case .array(let values):
      writer.beginArray()
      for value in values { write(value, to: &writer, session, named: name) }
      writer.endArray()
    case .content(let content): content.write(to: &writer, session)
    case .callback(let callback):
      let id = session.register(callback)
      session.journal?.registered(id, kind: "\(self["type"]?.text ?? "")/\(name)", label: words, session: session)
      writer.string(id)
    }
  }
}

extension Spec {
  /// What is written on a widget.
  fileprivate var words: String {
    if case .array(let buttons)? = self["buttons"] {
      return buttons.map { if case .spec(let button) = $0 { button["label"]?.text ?? "" } else { "" } }.joined(separator: "|")
    }
    for name in ["name", "label", "title", "text", "content"] {
      if let text = self[name]?.text { return text }
    }
    return ""
  }
}

/// What runs when a visitor clicks: it gets the value that the page sends.
typealias Callback = nonisolated(nonsending) @Sendable (JSONValue) async throws -> Void

import WebIOHTTP

// What a question may have beside its type: PyWebIO's `action`, `onchange` and further attributes, in any order.

extension InputItem {
  /// A button beside the field, whose action may fill it. PyWebIO: `action=(label, callback)`.
  ///
  ///     .input("Day", type: .date).action("Next Friday") { set in set(nextFriday()) }
  ///     .input("Customer", type: .number).action("Search") { set in
  ///       let found = try await pickCustomer()
  ///       set(found.id, label: found.name)
  ///     }
  ///
  /// With a label the field shows the label and takes no typing; the value stays on the server and becomes the answer.
  /// It runs as a task of its own, which may ask and tell. Fields of one line and text areas can have one; on others
  /// asking throws ``WebIOError/invalidArgument(_:)``.
  public func action(
    _ label: String, _ run: sending @escaping (FieldSetter<Value>) async throws -> Void
  ) -> InputItem {
    var item = self
    let action = OwnedAction(run)
    item.field.action = FieldAction(label: label) { set in try await action.run(FieldSetter(set: set)) }
    if field.encode == nil {
      item.field.fault = .invalidArgument(
        "\"\(field.label)\" cannot have an action: only fields of one line and text areas can.")
    }
    return item
  }

  /// Calls `body` with each new value that is of the field's type, before it is validated. PyWebIO: `onchange`.
  ///
  ///     .select("Country", options: countries, name: "country").onChange { country in
  ///       try inputUpdate("city", options: cities(of: country))
  ///     }
  ///
  /// One call at a time, in the order of the changes; of changes that come faster than that, the latest counts. What it
  /// throws is reported as an error of the app, and the form stays.
  public func onChange(_ body: sending @escaping (Value) async throws -> Void) -> InputItem {
    var item = self
    let action = OwnedAction(body)
    item.field.spec.set("onchange", true)
    item.field.change = { try await action.run(typed($0)) }
    return item
  }

  /// Further HTML attributes of the control. PyWebIO: `**other_html_attrs`.
  ///
  ///     .input("Year", type: .number).attributes(["min": "1900", "max": "2100"])
  ///
  /// The browser checks them, the server does not. Names that begin with `on`, and those that WebIO sets itself, make
  /// asking throw ``WebIOError/invalidArgument(_:)``.
  public func attributes(_ attributes: [String: String]) -> InputItem {
    var item = self
    for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
      if Attribute.isFree(name) {
        item.field.spec.set(name, value)
      } else {
        item.field.fault = Attribute.fault(name)
      }
    }
    return item
  }

  /// What stands below the field when it is marked as right or wrong without a sentence of its own: by the browser's
  /// checks, or by ``inputUpdate(_:value:options:label:help:placeholder:readonly:disabled:datalist:valid:validFeedback:invalidFeedback:attributes:)``.
  public func feedback(valid: String? = nil, invalid: String? = nil) -> InputItem {
    var item = self
    if let valid { item.field.spec.set("valid_feedback", valid) }
    if let invalid { item.field.spec.set("invalid_feedback", invalid) }
    return item
  }

  /// The field that has the focus when the form appears; by default the first that is typed into. PyWebIO: `auto_focus`.
  public func focused() -> InputItem {
    var item = self
    item.field.spec.set("auto_focus", true)
    return item
  }
}

/// Fills the field of an action. See ``InputItem/action(_:_:)``.
public struct FieldSetter<Value: Sendable>: Sendable {
  let set: @Sendable (any Sendable, String?) -> Void

  /// Does nothing when the form has been answered meanwhile.
  public func callAsFunction(_ value: Value, label: String? = nil) { set(value, label) }
}

struct FieldAction: Sendable {
  let label: String
  let run: @Sendable (@escaping @Sendable (any Sendable, String?) -> Void) async throws -> Void
}

/// A closure handed over to its field. `@unchecked Sendable`: as `OwnedValidator`.
private struct OwnedAction<Value: Sendable>: @unchecked Sendable {
  private let body: (Value) async throws -> Void

  init(_ body: sending @escaping (Value) async throws -> Void) { self.body = body }

  func run(_ value: Value) async throws { try await body(value) }
}

/// Which HTML attributes an app may set.
enum Attribute {
  private static let own: Set<String> = [
    "type", "name", "id", "label", "value", "options", "buttons", "multiple", "inline", "code", "action", "validate",
    "accept", "max_size", "max_total_size", "upload",
  ]

  static func isFree(_ name: String) -> Bool {
    (try? validateName(name)) != nil && !own.contains(name) && !Array(name.utf8).starts(with: Array("on".utf8))
  }

  static func fault(_ name: String) -> WebIOError {
    .invalidArgument(
      "\"\(name)\" cannot be set as an attribute: it is none, it is a script, or it has a parameter of its own.")
  }
}

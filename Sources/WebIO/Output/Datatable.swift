import WebIOHTTP

/// What a visitor does to rows of a data table: a button's label, and what it does with the ids of the selected rows.
public struct DatatableAction: Sendable {
  let label: String
  let action: @Sendable ([JSON]) async throws -> Void

  public init(_ label: String, action: @escaping @Sendable ([JSON]) async throws -> Void) {
    self.label = label
    self.action = action
  }
}

extension Content {
  /// A table that sorts, filters and selects, also with a hundred thousand rows: only those in view are drawn.
  ///
  /// Records may be nested; `columns` chooses and orders them by name. `id` is the field that identifies a row; without
  /// it, rows have their index. `name` is what ``datatableInsert(_:_:before:)`` and its kin find it by.
  public static func datatable(
    _ records: [JSONObject], name: String = "", id: String? = nil, columns: [String] = [], height: Int = 600,
    multipleSelect: Bool = false, actions: [DatatableAction] = [],
    onSelect: (@Sendable ([JSON]) async throws -> Void)? = nil
  ) -> Content {
    var spec = Spec(type: "datatable")
    spec["records"] = .json(.array(records.map { .object($0) }))
    spec.set("instance_id", name)
    spec["id_field"] = id.map { .array([.json(.string($0))]) }
    spec["column_order"] = .array(columns.map { .json(.string($0)) })
    spec.set("height", height)
    spec.set("multiple_select", multipleSelect)
    spec["actions"] = .array(actions.map { .json(.string($0.label)) })
    spec.set("on_select", onSelect != nil)
    spec["callback_id"] = .callback { data in
      let rows = data["rows"]?.array ?? []
      guard let button = data["btn"]?.int else { return try await onSelect?(rows) ?? () }
      guard actions.indices.contains(button) else { return }
      try await actions[button].action(rows)
    }
    return Content(spec)
  }
}

/// Shows a data table. PyWebIO: `put_datatable`.
///
///     try putDatatable(
///       [["id": 1, "name": "Ada"], ["id": 2, "name": "Bob"]], name: "people", id: "id",
///       actions: [DatatableAction("Delete") { ids in datatableRemove("people", ids) }])
///
/// Throws ``WebIOError/invalidName(_:)``.
@discardableResult
public func putDatatable(
  _ records: [JSONObject], name: String = "", id: String? = nil, columns: [String] = [], height: Int = 600,
  multipleSelect: Bool = false, actions: [DatatableAction] = [],
  onSelect: (@Sendable ([JSON]) async throws -> Void)? = nil, scope: String? = nil,
  position: OutputPosition = .bottom
) throws -> Output {
  if !name.isEmpty { try validateName(name) }
  return put(
    .datatable(
      records, name: name, id: id, columns: columns, height: height, multipleSelect: multipleSelect,
      actions: actions, onSelect: onSelect), scope: scope, position: position)
}

/// Changes one value of a data table. PyWebIO: `datatable_update`.
public func datatableUpdate(_ name: String, row: JSON, field: String, value: JSON) {
  change(name) { spec in
    var cell = Spec()
    cell["row"] = .json(row)
    cell["path"] = .array([.json(.string(field))])
    cell["value"] = .json(value)
    spec["set"] = .array([.spec(cell)])
  }
}

/// Puts all records of a data table anew. PyWebIO: `datatable_update`.
public func datatableReplace(_ name: String, _ records: [JSONObject]) {
  change(name) { $0["records"] = .json(.array(records.map { .object($0) })) }
}

/// Adds records to a data table, before a row or at the end. PyWebIO: `datatable_insert`.
public func datatableInsert(_ name: String, _ records: [JSONObject], before row: JSON? = nil) {
  change(name) { spec in
    spec["insert"] = .json(.array(records.map { .object($0) }))
    spec["before"] = .json(row ?? .null)
  }
}

/// Removes rows of a data table by their ids. PyWebIO: `datatable_remove`.
public func datatableRemove(_ name: String, _ rows: [JSON]) {
  change(name) { $0["remove"] = .json(.array(rows)) }
}

private func change(_ name: String, _ body: (inout Spec) -> Void) {
  var spec = Spec()
  spec.set("instance_id", name)
  body(&spec)
  perform { $0.send("datatable", spec) }
}

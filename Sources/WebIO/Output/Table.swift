import WebIOHTTP

extension Content {
  /// A table. The first row is the header unless `header` is given. A cell that spans takes the place of those it covers:
  /// leave them out.
  public static func table(_ rows: [[Content]], header: [Content]? = nil) -> Content {
    var spec = Spec(type: "table")
    let all = header.map { [$0] + rows } ?? rows
    spec["data"] = .array(all.map { .array($0.map { .content($0) }) })
    var spans = Spec()
    for (row, cells) in all.enumerated() {
      for (column, cell) in cells.enumerated() {
        guard let span = cell.span else { continue }
        var size = Spec()
        size.set("col", span.columns)
        size.set("row", span.rows)
        spans["\(row),\(column)"] = .spec(size)
      }
    }
    spec["span"] = .spec(spans)
    return Content(spec)
  }
}

/// Shows a table whose cells are text or any other content. PyWebIO: `put_table`.
///
///     putTable([["Name", "Do"], ["Ada", .button("Greet") { toast("Hello") }]])
///
/// The first row is the header unless `header` is given.
@discardableResult
public func putTable(
  _ rows: [[Content]], header: [Content]? = nil, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.table(rows, header: header), scope: scope, position: position)
}

/// Shows a table of text. PyWebIO: `put_table`.
@discardableResult
public func putTable(
  _ rows: [[String]], header: [String]? = nil, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(
    .table(rows.map { $0.map { .text($0) } }, header: header?.map { .text($0) }), scope: scope, position: position)
}

/// Shows records as a table. PyWebIO: `put_table` with dictionaries.
///
///     putTable([["name": "Ada", "born": 1815]], columns: ["Name": "name", "Year": "born"])
///
/// `columns` chooses, orders and titles the fields; without it they are the first record's, titled by their names. A
/// field that a record lacks is an empty cell.
@discardableResult
public func putTable(
  records: [JSONObject], columns: KeyValuePairs<String, String>? = nil, scope: String? = nil,
  position: OutputPosition = .bottom
) -> Output {
  let columns = columns?.map { ($0.key, $0.value) } ?? (records.first?.names ?? []).map { ($0, $0) }
  let rows = records.map { record in columns.map { Content.cell(record[$0.1] ?? .null) } }
  return put(.table(rows, header: columns.map { .text($0.0) }), scope: scope, position: position)
}

extension Content {
  fileprivate static func cell(_ value: JSONValue) -> Content {
    switch value {
    case .null: .text("")
    case .string(let text): .text(text)
    default: .text(String(decoding: value.serialized, as: UTF8.self))
    }
  }
}

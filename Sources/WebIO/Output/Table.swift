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

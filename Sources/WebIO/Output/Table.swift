extension Content {
  /// A table. The first row is the header unless `header` is given.
  public static func table(_ rows: [[Content]], header: [Content]? = nil) -> Content {
    var spec = Spec(type: "table")
    let all = header.map { [$0] + rows } ?? rows
    spec["data"] = .array(all.map { .array($0.map { .content($0) }) })
    spec["span"] = .spec(Spec())
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

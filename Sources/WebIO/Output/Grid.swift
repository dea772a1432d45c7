extension Content {
  /// Contents side by side; nil is a gap of 10 pixels. `sizes` is a CSS grid template such as `"1fr 10px 2fr"`.
  public static func row(_ contents: [Content?], sizes: String? = nil) -> Content {
    line("column", "columns", contents, sizes)
  }

  /// Contents one below the other; nil is a gap of 10 pixels. `sizes` is a CSS grid template.
  public static func column(_ contents: [Content?], sizes: String? = nil) -> Content {
    line("row", "rows", contents, sizes)
  }

  private static func line(_ flow: String, _ axis: String, _ contents: [Content?], _ sizes: String?) -> Content {
    var spec = Spec(type: "grid")
    spec.set("flow", flow)
    spec.set(axis, sizes ?? contents.map { $0 == nil ? "10px" : flow == "row" ? "auto" : "1fr" }.joined(separator: " "))
    spec["contents"] = .array(contents.map { $0.map { .content($0) } ?? .json(.null) })
    return Content(spec)
  }

  /// A grid of cells; nil leaves one empty. Sizes are CSS: one for all, or a template for each axis.
  public static func grid(
    _ cells: [[Content?]], cellWidth: String = "auto", cellHeight: String = "auto", columns: String? = nil,
    rows: String? = nil
  ) -> Content {
    let widths = columnCounts(cells)
    let width = widths.max() ?? 0
    var spec = Spec(type: "grid")
    spec.set("flow", "row")
    spec.set("columns", columns ?? "repeat(\(max(width, 1)),\(cellWidth))")
    spec.set("rows", rows ?? "repeat(\(max(cells.count, 1)),\(cellHeight))")
    spec["cells"] = .array(
      zip(cells, widths).map { row, filled in
        let padded = row + Array(repeating: nil, count: width - filled)
        return .array(padded.map { $0.map { $0.gridCell } ?? .json(.null) })
      })
    return Content(spec)
  }

  /// How many columns each row fills, with the cells that reach into it from above.
  private static func columnCounts(_ cells: [[Content?]]) -> [Int] {
    var counts = Array(repeating: 0, count: cells.count)
    for (row, line) in cells.enumerated() {
      for cell in line {
        let (height, width) = cell?.span ?? (1, 1)
        for covered in row..<min(row + height, cells.count) { counts[covered] += width }
      }
    }
    return counts
  }

  /// With its span, which a grid keeps in the cell.
  private var gridCell: Spec.Value {
    guard let span else { return .content(self) }
    var size = Spec()
    size.set("row", span.rows)
    size.set("col", span.columns)
    return .content(with("span", .spec(size)))
  }
}

/// Shows contents side by side. PyWebIO: `put_row`.
@discardableResult
public func putRow(
  _ contents: [Content?], sizes: String? = nil, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.row(contents, sizes: sizes), scope: scope, position: position)
}

/// Shows contents one below the other. PyWebIO: `put_column`.
@discardableResult
public func putColumn(
  _ contents: [Content?], sizes: String? = nil, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.column(contents, sizes: sizes), scope: scope, position: position)
}

/// Shows a grid of cells. PyWebIO: `put_grid`.
@discardableResult
public func putGrid(
  _ cells: [[Content?]], cellWidth: String = "auto", cellHeight: String = "auto", columns: String? = nil,
  rows: String? = nil, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(
    .grid(cells, cellWidth: cellWidth, cellHeight: cellHeight, columns: columns, rows: rows), scope: scope,
    position: position)
}

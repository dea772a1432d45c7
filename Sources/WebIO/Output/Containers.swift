import WebIOPosix

extension Content {
  /// A box in the colour of its meaning: `.info`, `.success`, `.warning` or `.error`.
  public static func alert(_ kind: AlertKind, _ contents: [Content], closable: Bool = false) -> Content {
    var spec = Spec(type: "alert")
    spec.set("color", kind.rawValue)
    spec.set("contents", contents)
    spec.set("closable", closable)
    return Content(spec)
  }

  /// Contents that a click on the title shows and hides.
  public static func collapse(_ title: String, _ contents: [Content], open: Bool = false) -> Content {
    var spec = Spec(type: "collapse")
    spec.set("title", title)
    spec.set("contents", contents)
    spec.set("open", open)
    return Content(spec)
  }

  /// A part of the page with its own scroll bar. Heights are in pixels; nil is no limit. `keepBottom` follows new
  /// output unless the visitor is reading.
  public static func scrollable(
    _ contents: [Content], height: Int? = 400, minHeight: Int? = nil, keepBottom: Bool = false, border: Bool = true
  ) -> Content {
    var spec = Spec(type: "scrollable")
    spec.set("contents", contents)
    spec.set("min_height", minHeight)
    spec.set("max_height", height)
    spec.set("keep_bottom", keepBottom)
    spec.set("border", border)
    return Content(spec)
  }

  /// Pages one over the other, chosen by their titles.
  public static func tabs(_ tabs: KeyValuePairs<String, [Content]>) -> Content {
    var spec = Spec(type: "tabs")
    spec["tabs"] = .array(
      tabs.map { title, contents in
        var tab = Spec()
        tab.set("title", title)
        tab.set("content", contents)
        return .spec(tab)
      })
    return Content(spec)
  }

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

  /// A named place for later output. The name has letters, digits, `-` and `_`.
  public static func scope(_ name: String, _ contents: [Content] = []) -> Content {
    var spec = Spec(type: "scope")
    spec.set("dom_id", "pywebio-scope-\(name)")
    spec.set("contents", contents)
    spec.becomeScope(name)
    return Content(spec)
  }

  /// A sign that something is going on.
  public static func loading(shape: LoadingShape = .border, color: ButtonColor = .dark) -> Content {
    var spec = Spec(type: "loading")
    spec.set("shape", shape.rawValue)
    spec.set("color", color.rawValue)
    spec.set("contents", [Content]())
    return Content(spec)
  }

  /// A link that saves a file. Its bytes are sent when it is clicked.
  public static func file(_ name: String, _ bytes: [UInt8], label: String? = nil) -> Content {
    .button(label ?? name, style: .link) { download(name, bytes) }
  }

  /// With its span, which a grid keeps in the cell.
  private var gridCell: Spec.Value {
    guard let span else { return .content(self) }
    var size = Spec()
    size.set("row", span.rows)
    size.set("col", span.columns)
    return .content(with("span", .spec(size)))
  }

  /// The element that later output goes to gets this scope's id.
  fileprivate func containing(_ scope: String, selector: String? = nil) -> Content {
    var content = self
    content.setContainer(scope, selector: selector)
    return content
  }
}

/// What an alert is about, by its colour.
public enum AlertKind: String, Sendable {
  case info, success, warning
  case error = "danger"
}

/// How a loading sign moves.
public enum LoadingShape: String, Sendable {
  case border, grow
}

/// Shows contents in a blue box. PyWebIO: `put_info`.
@discardableResult
public func putInfo(
  _ contents: Content..., closable: Bool = false, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.alert(.info, contents, closable: closable), scope: scope, position: position)
}

/// Shows contents in a green box. PyWebIO: `put_success`.
@discardableResult
public func putSuccess(
  _ contents: Content..., closable: Bool = false, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.alert(.success, contents, closable: closable), scope: scope, position: position)
}

/// Shows contents in a yellow box. PyWebIO: `put_warning`.
@discardableResult
public func putWarning(
  _ contents: Content..., closable: Bool = false, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.alert(.warning, contents, closable: closable), scope: scope, position: position)
}

/// Shows contents in a red box. PyWebIO: `put_error`.
@discardableResult
public func putError(
  _ contents: Content..., closable: Bool = false, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.alert(.error, contents, closable: closable), scope: scope, position: position)
}

/// Shows contents that a click on the title shows and hides. PyWebIO: `put_collapse`.
@discardableResult
public func putCollapse(
  _ title: String, _ contents: [Content], open: Bool = false, scope: String? = nil,
  position: OutputPosition = .bottom
) -> Output {
  put(.collapse(title, contents, open: open), scope: scope, position: position)
}

/// Shows a collapse and runs `body` with its output going into it. PyWebIO: `with put_collapse(...)`.
public func putCollapse(
  _ title: String, open: Bool = false, scope: String? = nil, position: OutputPosition = .bottom,
  _ body: () throws -> Void
) throws {
  try putContainer({ .collapse(title, [], open: open).containing($0) }, scope, position, body)
}

/// Shows a collapse and runs an asynchronous `body` with its output going into it. PyWebIO: `with put_collapse(...)`.
public func putCollapse(
  _ title: String, open: Bool = false, scope: String? = nil, position: OutputPosition = .bottom,
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
) async throws {
  try await putContainer({ .collapse(title, [], open: open).containing($0) }, scope, position, body)
}

/// Shows a part of the page with its own scroll bar. PyWebIO: `put_scrollable`.
@discardableResult
public func putScrollable(
  _ contents: [Content], height: Int? = 400, minHeight: Int? = nil, keepBottom: Bool = false, border: Bool = true,
  scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(
    .scrollable(contents, height: height, minHeight: minHeight, keepBottom: keepBottom, border: border),
    scope: scope, position: position)
}

/// Shows a scrollable part and runs `body` with its output going into it. PyWebIO: `with put_scrollable(...)`.
public func putScrollable(
  height: Int? = 400, minHeight: Int? = nil, keepBottom: Bool = false, border: Bool = true, scope: String? = nil,
  position: OutputPosition = .bottom, _ body: () throws -> Void
) throws {
  try putContainer(
    { name in
      .scrollable([], height: height, minHeight: minHeight, keepBottom: keepBottom, border: border)
        .containing(name, selector: "> div")
    }, scope, position, body)
}

/// Shows a scrollable part and runs an asynchronous `body` with its output going into it. PyWebIO:
/// `with put_scrollable(...)`.
public func putScrollable(
  height: Int? = 400, minHeight: Int? = nil, keepBottom: Bool = false, border: Bool = true, scope: String? = nil,
  position: OutputPosition = .bottom, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
) async throws {
  try await putContainer(
    { name in
      .scrollable([], height: height, minHeight: minHeight, keepBottom: keepBottom, border: border)
        .containing(name, selector: "> div")
    }, scope, position, body)
}

/// Shows a box in the colour of its meaning and runs `body` with its output going into it. PyWebIO: `with put_info()`.
///
///     try putAlert(.warning) { putText("Mind the gap") }
public func putAlert(
  _ kind: AlertKind, closable: Bool = false, scope: String? = nil, position: OutputPosition = .bottom,
  _ body: () throws -> Void
) throws {
  try putContainer({ .alert(kind, [], closable: closable).containing($0) }, scope, position, body)
}

/// Shows pages one over the other. PyWebIO: `put_tabs`.
///
///     putTabs(["Text": ["one"], "More": [.markdown("**two**")]])
@discardableResult
public func putTabs(
  _ tabs: KeyValuePairs<String, [Content]>, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.tabs(tabs), scope: scope, position: position)
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

/// Shows a named place for later output. Throws ``WebIOError/invalidName(_:)``. PyWebIO: `put_scope`.
@discardableResult
public func putScope(
  _ name: String, _ contents: [Content] = [], scope: String? = nil, position: OutputPosition = .bottom
) throws -> Output {
  try validateName(name)
  return put(.scope(name, contents), scope: scope, position: position)
}

/// Shows a sign that something is going on. PyWebIO: `put_loading`.
@discardableResult
public func putLoading(
  shape: LoadingShape = .border, color: ButtonColor = .dark, scope: String? = nil,
  position: OutputPosition = .bottom
) -> Output {
  put(.loading(shape: shape, color: color), scope: scope, position: position)
}

/// Shows a sign while `body` runs; it goes away afterwards, with what `body` has put into it. PyWebIO: `with put_loading()`.
@discardableResult
public func putLoading<Result: Sendable>(
  shape: LoadingShape = .border, color: ButtonColor = .dark, scope: String? = nil,
  position: OutputPosition = .bottom, isolation: isolated (any Actor)? = #isolation,
  _ body: () async throws -> Result
) async throws -> Result {
  let context = try TaskContext.required()
  let name = randomToken(10)
  context.put(Content.loading(shape: shape, color: color).containing(name), scope, position)
  context.enter(name)
  defer {
    context.leave()
    try? remove(name)
  }
  return try await body()
}

/// Shows a sign while a blocking `body` runs; it goes away afterwards, with what `body` has put into it. PyWebIO:
/// `with put_loading()`.
@discardableResult
public func putLoading<Result>(
  shape: LoadingShape = .border, color: ButtonColor = .dark, scope: String? = nil,
  position: OutputPosition = .bottom, _ body: () throws -> Result
) throws -> Result {
  let context = try TaskContext.required()
  let name = randomToken(10)
  context.put(Content.loading(shape: shape, color: color).containing(name), scope, position)
  context.enter(name)
  defer {
    context.leave()
    try? remove(name)
  }
  return try body()
}

/// Shows a link that saves a file. PyWebIO: `put_file`.
@discardableResult
public func putFile(
  _ name: String, _ bytes: [UInt8], label: String? = nil, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.file(name, bytes, label: label), scope: scope, position: position)
}

private func putContainer(
  _ content: (String) -> Content, _ scope: String?, _ position: OutputPosition, _ body: () throws -> Void
) throws {
  let context = try TaskContext.required()
  let name = randomToken(10)
  context.put(content(name), scope, position)
  context.enter(name)
  defer { context.leave() }
  try body()
}

private func putContainer(
  _ content: (String) -> Content, _ scope: String?, _ position: OutputPosition,
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
) async throws {
  let context = try TaskContext.required()
  let name = randomToken(10)
  context.put(content(name), scope, position)
  context.enter(name)
  defer { context.leave() }
  try await body()
}

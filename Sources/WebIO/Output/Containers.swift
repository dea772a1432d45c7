import WebIOPosix

extension Content {
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

  /// The element that later output goes to gets this scope's id.
  func containing(_ scope: String, selector: String? = nil) -> Content {
    var content = self
    content.setContainer(scope, selector: selector)
    return content
  }
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

/// Shows pages one over the other. PyWebIO: `put_tabs`.
///
///     putTabs(["Text": ["one"], "More": [.markdown("**two**")]])
@discardableResult
public func putTabs(
  _ tabs: KeyValuePairs<String, [Content]>, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.tabs(tabs), scope: scope, position: position)
}

func putContainer(
  _ content: (String) -> Content, _ scope: String?, _ position: OutputPosition, _ body: () throws -> Void
) throws {
  let context = try TaskContext.required()
  let name = randomToken(10)
  context.put(content(name), scope, position)
  context.enter(name)
  defer { context.leave() }
  try body()
}

func putContainer(
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

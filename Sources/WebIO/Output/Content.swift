import WebIOHTTP

/// Something to show, which can stand by itself or in a table, a popup, a row, a collapse. A string literal is text.
///
///     put(.collapse("More", [.text("inside"), .markdown("**bold**"), "plain"]))
///
/// Every `putX` is `put(.x)`.
public struct Content: Sendable, ExpressibleByStringInterpolation {
  private var base: Spec
  private var css = ""
  private var click: Callback?
  /// In a table or a grid: how many rows and columns it covers.
  private(set) var span: (rows: Int, columns: Int)?

  init(_ base: Spec) { self.base = base }

  public init(stringLiteral text: String) { self = .text(text) }

  /// Adds CSS declarations, such as `"color: red"`. PyWebIO: `Output.style`.
  public func style(_ css: String) -> Content {
    var content = self
    content.css += ";\(css)"
    return content
  }

  /// Calls `body` when the visitor clicks. The last one given counts. PyWebIO: `Output.onclick`.
  public func onClick(_ body: @escaping @Sendable () async throws -> Void) -> Content {
    var content = self
    content.click = { _ in try await body() }
    return content
  }

  /// A cell of a table or grid that covers several rows or columns. PyWebIO: `span`.
  public func spanning(rows: Int = 1, columns: Int = 1) -> Content {
    var content = self
    content.span = (max(1, rows), max(1, columns))
    return content
  }

  func with(_ name: String, _ value: Spec.Value) -> Content {
    var content = self
    content.base[name] = value
    return content
  }

  /// The scopes in it.
  var scopes: [ScopeTree.Entry] { base.scopes }

  /// Later output goes into this element, or into the part of it that `selector` finds.
  mutating func setContainer(_ scope: String, selector: String?) {
    base.becomeScope(scope)
    base["container_selector"] = .json(selector.map { .string($0) } ?? .null)
    base.set("container_dom_id", "pywebio-scope-\(scope)")
  }

  /// As it goes over the wire, with the placement of the outermost one.
  func write(
    to writer: inout JSONWriter, _ session: Session, scope: String = rootScope, position: OutputPosition = .bottom
  ) {
    if session.isPyWebIOPage, PyWebIOClient.translates(base) {
      return spec(scope: scope, position: position.value).write(to: &writer, session)
    }
    writer.beginObject()
    base.writeFields(to: &writer, session)
    writer.key(verbatim: #""scope":"#)
    writer.string(scopeSelector(scope))
    writer.key(verbatim: #""position":"#)
    writer.int(position.value)
    if !css.isEmpty {
      writer.key("style")
      writer.string(css)
    }
    if let click { base.writeCallback(click, named: "click_callback_id", to: &writer, session) }
    writer.endObject()
  }

  func spec(scope: String = rootScope, position: Int = -1) -> Spec {
    var spec = base
    spec.set("scope", scopeSelector(scope))
    spec.set("position", position)
    if !css.isEmpty { spec.set("style", css) }
    if let click { spec["click_callback_id"] = .callback(click) }
    return spec
  }
}

/// The selector of a scope's element.
func scopeSelector(_ name: String) -> String { "#pywebio-scope-" + name }

/// Where in its scope an output goes: at the bottom, at the top, or before the child with an index. Negative numbers
/// count from the end. PyWebIO: `OutputPosition`.
public struct OutputPosition: Sendable, ExpressibleByIntegerLiteral {
  let value: Int
  public init(integerLiteral value: Int) { self.value = value }
  public static let top: OutputPosition = 0
  public static let bottom: OutputPosition = -1
}

/// Shows contents, in the current scope unless another one is named. PyWebIO: `Output.show`.
///
/// Into a scope that is not there, or was removed, nothing is shown: the log says so, and to the developer the page does.
/// Outside a session nothing is shown either, and the log says so.
@discardableResult
public func put(_ contents: Content..., scope: String? = nil, position: OutputPosition = .bottom) -> Output {
  guard let context = TaskContext.calling else { return Output.nowhere }
  return Output(session: context.session, numbers: contents.map { context.put($0, scope, position) })
}

/// One of them, which is what nearly every `put` function shows.
@discardableResult
func put(_ content: Content, scope: String?, position: OutputPosition) -> Output {
  guard let context = TaskContext.calling else { return Output.nowhere }
  return Output(session: context.session, number: context.put(content, scope, position))
}

extension TaskContext {
  /// The command's number.
  @discardableResult
  func put(_ content: Content, _ scope: String?, _ position: OutputPosition) -> Int {
    let scope = scope ?? self.scope
    let number = send("output") { content.write(to: &$0, session, scope: scope, position: position) }
    session.added(content.scopes, to: scope, output: number, by: self)
    return number
  }
}

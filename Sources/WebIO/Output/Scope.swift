import WebIOPosix

/// What happens to a scope's old contents when it is set again. PyWebIO: `if_exist`.
public enum ScopeReuse: String, Sendable {
  /// Removed with its element; the new one is put where it is asked for.
  case remove
  /// Emptied where it is.
  case clear
  /// Emptied, but its height is kept until the scope is left: no flicker.
  case blank
}

extension Content {
  /// A named place for later output. The name has letters, digits, `-` and `_`.
  public static func scope(_ name: String, _ contents: [Content] = []) -> Content {
    var spec = Spec(type: "scope")
    spec.set("dom_id", "pywebio-scope-\(name)")
    spec.set("contents", contents)
    spec.becomeScope(name)
    return Content(spec)
  }
}

/// Shows a named place for later output. Throws ``WebIOError/invalidName(_:)``. PyWebIO: `put_scope`.
@discardableResult
public func putScope(
  _ name: String, _ contents: [Content] = [], scope: String? = nil, position: OutputPosition = .bottom
) throws -> Output {
  try validateName(name)
  return put(.scope(name, contents), scope: scope, position: position)
}

/// Creates a scope, a named place for output. PyWebIO: `set_scope`.
///
/// An existing one is kept as it is, unless `ifExists` says otherwise. Throws ``WebIOError/invalidName(_:)``.
public func setScope(
  _ name: String, container: String? = nil, position: OutputPosition = .bottom, ifExists: ScopeReuse? = nil
) throws {
  try validateName(name)
  perform { $0.setScope(name, container, position, ifExists) }
}

/// Runs `body` with its output going into a scope, which is created when it is not there. PyWebIO: `use_scope`.
///
///     try useScope("log") { putText("inside") }
///
/// Without a name the scope is a new one. `clear` empties it first, without flicker. With `create` false the scope must be
/// there: a task that outlives a part of the page learns by ``WebIOError/noScope(_:)`` that it was removed, instead of
/// bringing it back somewhere else. Throws ``WebIOError/invalidName(_:)`` too, and what `body` throws.
public func useScope(
  _ name: String? = nil, clear: Bool = false, create: Bool = true, container: String? = nil, position: OutputPosition = .bottom,
  _ body: () throws -> Void
) throws {
  let context = try enterScope(name, clear, create, container, position)
  defer { context.leaveScope() }
  try body()
}

/// Runs an asynchronous `body` with its output going into a scope. PyWebIO: `use_scope`.
public func useScope(
  _ name: String? = nil, clear: Bool = false, create: Bool = true, container: String? = nil,
  position: OutputPosition = .bottom, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
) async throws {
  let context = try enterScope(name, clear, create, container, position)
  defer { context.leaveScope() }
  try await body()
}

private func enterScope(
  _ name: String?, _ clear: Bool, _ create: Bool, _ container: String?, _ position: OutputPosition
) throws -> TaskContext {
  let context = try TaskContext.required()
  let name = name ?? randomToken(10)
  try validateName(name)
  if !create, !context.session.editScopes({ $0.contains(name) }) { throw WebIOError.noScope(name) }
  context.setScope(name, container, position, clear ? .blank : nil)
  context.enter(name)
  return context
}

extension TaskContext {
  fileprivate func setScope(
    _ name: String, _ container: String?, _ position: OutputPosition, _ ifExists: ScopeReuse?
  ) {
    var spec = Spec()
    spec.set("set_scope", "pywebio-scope-\(name)")
    spec.set("container", scopeSelector(container ?? scope))
    spec.set("position", position.value)
    spec["if_exist"] = .json(ifExists.map { .string($0.rawValue) } ?? .null)
    send("output_ctl", spec)
    let container = container ?? scope
    let isNew = session.editScopes { scopes in
      let isNew = !scopes.contains(name)
      if ifExists != nil { scopes.clear(name) }
      if isNew || ifExists == .remove { scopes.add([ScopeTree.Entry(name: name)], to: container) }
      return isNew
    }
    if isNew { session.check(container, by: self) }
  }

  fileprivate func leaveScope() {
    var spec = Spec()
    spec.set("loose", scopeSelector(scope))
    send("output_ctl", spec)
    leave()
  }
}

/// The name of the current scope, `ROOT` at the start; `depth` goes outwards from 0. PyWebIO: `get_scope`.
public func currentScope(depth: Int = 0) -> String? {
  guard let stack = TaskContext.current?.scopeStack, depth >= 0, depth < stack.count else { return nil }
  return stack[stack.count - 1 - depth]
}

/// Empties a scope, the current one when none is named. PyWebIO: `clear`.
public func clear(_ scope: String? = nil) {
  perform { context in
    control(context, "clear", scope)
    context.session.editScopes { $0.clear(scope ?? context.scope) }
  }
}

/// Removes a scope with its contents. Throws when it is the root, which must stay. PyWebIO: `remove`.
public func remove(_ scope: String? = nil) throws {
  let context = try TaskContext.required()
  guard (scope ?? context.scope) != rootScope else {
    throw WebIOError.invalidArgument("The root scope cannot be removed. Call clear() to empty it.")
  }
  control(context, "remove", scope)
  context.session.editScopes { $0.remove(scope ?? context.scope) }
}

/// Where a scope stands in the window after scrolling. PyWebIO: `Position`.
public enum ScrollPosition: String, Sendable {
  case top, middle, bottom
}

/// Scrolls the page to a scope. PyWebIO: `scroll_to`.
public func scrollTo(_ scope: String? = nil, position: ScrollPosition = .top) {
  perform { context in
    var spec = Spec()
    spec.set("scroll_to", scopeSelector(scope ?? context.scope))
    spec.set("position", position.rawValue)
    context.send("output_ctl", spec)
  }
}

private func control(_ context: TaskContext, _ action: String, _ scope: String?) {
  var spec = Spec()
  spec.set(action, scopeSelector(scope ?? context.scope))
  context.send("output_ctl", spec)
}

/// The session's own storage: every visitor has a separate one. PyWebIO: `session.local`.
///
///     local.count = (local.count ?? 0) + 1
///
/// A value that was never set, or that has another type, is nil.
public let local = Local()

/// See ``local``.
@dynamicMemberLookup
public struct Local: Sendable {
  public subscript<Value: Sendable>(dynamicMember name: String) -> Value? {
    get { self[name] }
    nonmutating set { self[name] = newValue }
  }

  public subscript<Value: Sendable>(_ name: String) -> Value? {
    get { TaskContext.calling?.session[local: name] as? Value }
    nonmutating set { perform { $0.session[local: name] = newValue } }
  }

  /// The names of all values that were set.
  public var names: [String] { TaskContext.calling?.session.localNames ?? [] }

  /// Forgets a value. PyWebIO: `del local.name`.
  public func remove(_ name: String) { perform { $0.session[local: name] = nil } }
}

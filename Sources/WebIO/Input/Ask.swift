/// Asks one question that has modifiers, and waits for its answer.
///
///     let day = try await ask(.input("Day", type: .date).action("Today") { set in set(today) })
///
/// `scope` is the scope in which the form appears; nil is the panel below the output. A form whose scope is not there, or
/// goes away, appears in the panel. Throws as ``inputGroup(_:_:scope:validate:)`` does.
public func ask<Value: Sendable>(_ item: InputItem<Value>, scope: String? = nil) async throws -> Value {
  try await answer(item, scope)
}

/// Asks one question that has modifiers, and blocks the thread until the answer is there.
public func ask<Value: Sendable>(_ item: InputItem<Value>, scope: String? = nil) throws -> Value {
  try answerBlocking(item, scope)
}

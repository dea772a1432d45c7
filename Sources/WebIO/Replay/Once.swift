import WebIOHTTP

/// Runs `body` once in a session, also when `webio dev` replays the session into newer code: then its first result is
/// given again, and `body` does not run.
///
///     let receipt = try await once("charge") { try await charge(card) }
///
/// Put into it what must not happen twice because you saved a file: payments, mails, inserts. `key` names the effect; used
/// several times in a session, each time is kept by itself. A result is kept as JSON, by `webio dev`, in memory. If `body`
/// throws, nothing is kept. Outside `webio dev` it just runs `body`.
///
/// Throws what `body` throws, and an `EncodingError` or `DecodingError` for a value that does not fit into JSON.
@discardableResult
public func once<Value: Codable & Sendable>(
  _ key: String, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
) async throws -> Value {
  guard let journal = TaskContext.current?.session.journal else { return try await body() }
  let (key, kept) = journal.kept(key)
  if let kept { return try JSONValueDecoder.decode(kept) }
  let value = try await body()
  journal.keep(key, try JSONValueEncoder.encode(value))
  return value
}

/// ``once(_:isolation:_:)-(_,_,()->Value)`` for an effect without a result.
public func once(
  _ key: String, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
) async throws {
  guard let journal = TaskContext.current?.session.journal else { return try await body() }
  let (key, kept) = journal.kept(key)
  if kept != nil { return }
  try await body()
  journal.keep(key, .null)
}

/// ``once(_:isolation:_:)-(_,_,()->Value)`` for a task function with a thread of its own.
@_disfavoredOverload @discardableResult
public func once<Value: Codable & Sendable>(_ key: String, _ body: () throws -> Value) throws -> Value {
  guard let journal = TaskContext.current?.session.journal else { return try body() }
  let (key, kept) = journal.kept(key)
  if let kept { return try JSONValueDecoder.decode(kept) }
  let value = try body()
  journal.keep(key, try JSONValueEncoder.encode(value))
  return value
}

/// ``once(_:_:)-(_,()->Value)`` for an effect without a result.
@_disfavoredOverload
public func once(_ key: String, _ body: () throws -> Void) throws {
  guard let journal = TaskContext.current?.session.journal else { return try body() }
  let (key, kept) = journal.kept(key)
  if kept != nil { return }
  try body()
  journal.keep(key, .null)
}

/// Whether the code that runs now has run before: `webio dev` replays the session into newer code.
///
///     if !isReplaying { logger.record("visited") }
///
/// It is true until the session has come to where it was. Outside `webio dev` it is always false.
public var isReplaying: Bool {
  guard let context = TaskContext.current, let journal = context.session.journal else { return false }
  return journal.isReplaying(context)
}

/// Replays nothing behind this line without a click.
///
///     try await replayBarrier()
///     sendInvoice()
///
/// When `webio dev` replays a session, the page stops here and asks before it goes on. Otherwise it does nothing.
/// Throws ``WebIOError/sessionClosed`` when the visitor leaves first.
public func replayBarrier() async throws {
  guard isReplaying else { return }
  _ = try await TaskContext.ask(Form.barrier)
}

/// ``replayBarrier()-()`` for a task function with a thread of its own.
public func replayBarrier() throws {
  guard isReplaying else { return }
  _ = try TaskContext.askBlocking(Form.barrier)
}

extension Form {
  fileprivate static var barrier: Form {
    let item = InputItem<String?>.actions(
      "The replay stops here: what follows may have effects.", buttons: [.submit("Go on from here", "go")])
    return Form(single: item.field, isBarrier: true)
  }
}

/// A task started by ``runAsync(_:)``. PyWebIO: `TaskHandler`.
public struct SessionTask: Sendable {
  let context: TaskContext

  /// Ends the task: what it waits for, and whatever it asks next, throws `CancellationError`, and its form goes away.
  public func close() { context.session.cancel(context) }

  /// Whether it has ended.
  public var isClosed: Bool { !context.session.isRunning(context) }
}

/// Runs `body` beside the caller, in the same session, with scopes of its own. PyWebIO: `run_async`.
///
///     let clock = try runAsync { while true { … } }
///     clock.close()
///
/// The session lives until all of its tasks have ended. Throws ``WebIOError/noSession(function:)``.
@discardableResult
public func runAsync(_ body: @escaping @Sendable () async throws -> Void) throws -> SessionTask {
  let parent = try TaskContext.required()
  return SessionTask(context: parent.session.run(TaskFunction(body), name: "task"))
}

/// Runs a blocking `body` on a thread that belongs to the session. PyWebIO: `register_thread`.
@discardableResult
public func runThread(_ body: @escaping @Sendable () throws -> Void) throws -> SessionTask {
  let parent = try TaskContext.required()
  return SessionTask(context: parent.session.run(TaskFunction(blocking: body), name: "thread"))
}

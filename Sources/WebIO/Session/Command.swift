import WebIOHTTP

/// Writes commands: `{"command","spec","task_id"}`, in PyWebIO's order of keys.
enum Command {
  static func write(
    _ name: String, task: String?, to writer: inout JSONWriter, spec: (inout JSONWriter) -> Void
  ) {
    writer.beginObject()
    writer.key(verbatim: #""command":"#)
    writer.string(name)
    writer.key(verbatim: #""spec":"#)
    spec(&writer)
    if let task {
      writer.key(verbatim: #""task_id":"#)
      writer.string(task)
    }
    writer.endObject()
  }

  /// A command without a spec.
  static func encode(_ name: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("command")
    writer.string(name)
    writer.endObject()
    return writer.bytes
  }
}

extension TaskContext {
  @discardableResult
  func send(_ command: String, _ spec: Spec?, _ life: Outbox.Life = .lasting) -> Int {
    var (command, spec) = (command, spec)
    if session.isPyWebIOPage, let own = spec {
      guard let (name, known) = PyWebIOClient.translated(command, own) else { return 0 }
      (command, spec) = (name, known)
    }
    return send(command, life) { writer in
      if let spec { spec.write(to: &writer, session) } else { writer.null() }
    }
  }

  func send(_ command: String, _ life: Outbox.Life = .lasting, spec: (inout JSONWriter) -> Void) -> Int {
    // About what a line of text takes.
    var writer = JSONWriter(capacity: 160)
    Command.write(command, task: id, to: &writer, spec: spec)
    return session.send(writer.bytes, life)
  }

  /// Sends a question that the page's script answers, and waits for the answer.
  func question(_ command: String, _ spec: Spec) async throws -> JSONValue { try await asked(command, spec).data }

  /// The answer with the files that came beside it.
  func asked(_ command: String, _ spec: Spec) async throws -> Event {
    let context = forAsking()
    defer { endAsking(context) }
    let number = context.send(command, spec)
    let script = session.journal.map { _ in command + spec.fingerprint } ?? ""
    session.journal?.asks(context, script: script)
    defer { session.journal?.gaveUp(context) }
    while true {
      let event = try await context.mailbox.next()
      if event.kind == .yield {
        answered(number, context, script, event)
        return event
      }
    }
  }

  func questionBlocking(_ command: String, _ spec: Spec) throws -> JSONValue { try askedBlocking(command, spec).data }

  func askedBlocking(_ command: String, _ spec: Spec) throws -> Event {
    let context = forAsking()
    defer { endAsking(context) }
    let number = context.send(command, spec)
    let script = session.journal.map { _ in command + spec.fingerprint } ?? ""
    session.journal?.asks(context, script: script)
    defer { session.journal?.gaveUp(context) }
    while true {
      let event = try context.mailbox.nextBlocking()
      if event.kind == .yield {
        answered(number, context, script, event)
        return event
      }
    }
  }

  /// The page need not see the question again, or at all.
  private func answered(_ number: Int, _ context: TaskContext, _ script: String, _ event: Event) {
    session.spend(number)
    // A page that is loaded again has no file in its fields, and so has no replay.
    if event.files.isEmpty { session.journal?.replied(context, script, event.data) }
  }
}

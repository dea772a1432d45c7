import WebIOHTTP

/// What the developer's page says after a replay: "kept 4 of 5 answers".
struct ReplayReport {
  let kept: Int
  let total: Int
  /// The question that the visitor has to answer now.
  let stoppedAt: String?
  let note: String?
  /// What the page is made of that belongs to this session: ``Page/shell``.
  let shell: String

  var command: [UInt8] {
    var writer = JSONWriter()
    Command.write("replayed", task: nil, to: &writer) { writer in
      var object: JSONObject = ["kept": .int(Int64(kept)), "total": .int(Int64(total))]
      object["stopped_at"] = stoppedAt.map { .string($0) }
      object["note"] = note.map { .string($0) }
      if !shell.isEmpty { object["shell"] = .string(shell) }
      writer.value(.object(object))
    }
    return writer.bytes
  }
}

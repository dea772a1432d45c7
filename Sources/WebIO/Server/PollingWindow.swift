import WebIOHTTP

/// What is on its way in both directions of an HTTP session: messages in numbered batches until they are acknowledged, and
/// the number of the last event. See Sources/Frontend/PROTOCOL.md, section 7.
struct PollingWindow {
  /// Batches that may wait for their acknowledgement; as PyWebIO has it.
  static let limit = 4

  private var waiting: [[UInt8]] = []
  /// Each is a JSON list of messages. `batches[0]` has the number `first`.
  private var batches: [[UInt8]] = []
  private var first = 0
  /// Events are numbered from 0.
  private(set) var lastEvent = -1
  private(set) var bytes = 0

  var isEmpty: Bool { waiting.isEmpty && batches.isEmpty }

  mutating func append(_ message: [UInt8]) {
    waiting.append(message)
    bytes += message.count
  }

  /// The page has run everything up to that batch.
  mutating func acknowledge(_ batch: Int) {
    while batch >= first, !batches.isEmpty {
      bytes -= batches.removeFirst().count
      first += 1
    }
    if batches.isEmpty { bytes = waiting.reduce(0) { $0 + $1.count } }
  }

  /// How many of `count` events, the first of which has the number `number`, are known already.
  mutating func receive(from number: Int, count: Int) -> Int {
    let known = min(count, max(0, lastEvent + 1 - number))
    lastEvent = max(lastEvent, number + count - 1)
    return known
  }

  /// The answer to a request. What was not acknowledged is in it again.
  mutating func answer(withCommands: Bool = true, close: UInt16? = nil) -> [UInt8] {
    if withCommands, !waiting.isEmpty, batches.count < Self.limit {
      var list = JSONWriter(capacity: waiting.reduce(2) { $0 + $1.count + 1 })
      list.beginArray()
      for message in waiting { list.raw(message) }
      list.endArray()
      bytes += list.bytes.count - waiting.reduce(0) { $0 + $1.count }
      batches.append(list.bytes)
      waiting = []
    }
    var writer = JSONWriter(capacity: bytes + 64)
    writer.beginObject()
    if withCommands {
      writer.key("commands")
      writer.beginArray()
      for batch in batches { writer.raw(batch) }
      writer.endArray()
      writer.key("seq")
      writer.int(first)
    }
    writer.key("ack")
    writer.int(lastEvent)
    if let close {
      writer.key("close")
      writer.int(Int(close))
    }
    writer.endObject()
    return writer.bytes
  }
}

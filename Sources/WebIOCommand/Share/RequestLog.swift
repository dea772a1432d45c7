import WebIODev
import WebIOHTTP
import WebIOPosix

/// A line for each request that came from outside.
///
/// The lines of 20 ms go out in one write, and never before the answers that they are about: behind a busy tunnel a write
/// for each costs more than the requests.
@EventLoop
enum RequestLog {
  private static var waiting: [(entry: Gateway.LogEntry, time: Double)] = []
  private static var console = Console()
  private nonisolated static let delay = Duration.milliseconds(20)

  static func show(_ entry: Gateway.LogEntry, _ console: Console) {
    guard entry.side == .public else { return }
    self.console = console
    waiting.append((entry, console.isJSON ? Console.time : 0))
    if waiting.count == 1 { Reactor.shared.schedule(after: delay) { flush() } }
  }

  /// Before the last words of the command.
  static func flush() {
    guard !waiting.isEmpty else { return }
    if console.isJSON {
      var writer = JSONWriter(capacity: waiting.count * 160)
      for (entry, time) in waiting { write(entry, time, to: &writer) }
      console.events(lines: writer.bytes)
    } else {
      console.note(waiting.map { text($0.entry) }.joined(separator: "\n"), isOptional: true)
    }
    waiting.removeAll(keepingCapacity: true)
  }

  private static func write(_ entry: Gateway.LogEntry, _ time: Double, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("event")
    writer.string("request")
    writer.key("time")
    writer.double(time)
    writer.key("method")
    writer.string(entry.method)
    writer.key("path")
    writer.string(entry.path)
    writer.key("status")
    writer.int(entry.status)
    writer.key("ms")
    writer.int(entry.milliseconds)
    writer.key("from")
    writer.string(entry.from)
    writer.endObject()
    writer.endLine()
  }

  private static func text(_ entry: Gateway.LogEntry) -> String {
    let color: Console.Style = entry.status < 400 ? .green : entry.status < 500 ? .yellow : .red
    let status = console.styled("\(entry.status)", color)
    return "\(status) \(entry.method) \(entry.path)  \(entry.milliseconds) ms  \(entry.from)"
  }
}

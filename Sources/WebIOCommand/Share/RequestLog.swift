import WebIODev
import WebIOHTTP
import WebIOPosix

/// A line for each request that came from outside.
///
/// The lines of one turn of the loop go out in one write: behind a busy tunnel the writes cost more than the requests.
@EventLoop
enum RequestLog {
  private static var waiting: [Gateway.LogEntry] = []
  private static var console = Console()

  static func show(_ entry: Gateway.LogEntry, _ console: Console) {
    guard entry.side == .public else { return }
    self.console = console
    waiting.append(entry)
    if waiting.count == 1 { EventLoop.run { flush() } }
  }

  /// Before the last words of the command.
  static func flush() {
    guard !waiting.isEmpty else { return }
    let entries = waiting
    waiting.removeAll(keepingCapacity: true)
    if console.isJSON {
      console.events(entries.map { ("request", members($0)) })
    } else {
      console.note(entries.map(text).joined(separator: "\n"))
    }
  }

  private static func members(_ entry: Gateway.LogEntry) -> JSONObject {
    [
      "method": .string(entry.method), "path": .string(entry.path), "status": .int(Int64(entry.status)),
      "ms": .int(Int64(entry.milliseconds)), "from": .string(entry.from),
    ]
  }

  private static func text(_ entry: Gateway.LogEntry) -> String {
    let color: Console.Style = entry.status < 400 ? .green : entry.status < 500 ? .yellow : .red
    let status = console.styled("\(entry.status)", color)
    return "\(status) \(entry.method) \(entry.path)  \(entry.milliseconds) ms  \(entry.from)"
  }
}

import WebIODev
import WebIOHTTP
import WebIOPosix

/// What a dev session's events look like on the terminal and as JSON.
@EventLoop
final class DevOutput {
  private let console: Console
  private var startedBuild = false

  init(_ console: Console) { self.console = console }

  func show(_ event: DevEvent) {
    switch event {
    case .building:
      console.event("building")
      console.progress(console.styled("building …", .dim))
    case .progress(let progress):
      console.progress(
        console.styled("building … \(progress.step)/\(progress.total)  \(progress.action)", .dim))
    case .built(let milliseconds):
      console.event("built", ["ms": .int(Int64(milliseconds))])
      line("built in \(Self.time(milliseconds))")
    case .buildFailed(let diagnostics, let log): buildFailed(diagnostics, log)
    case .ready(let url):
      console.event("ready", ["url": .string(url)])
      line("\(console.styled("ready:", .green)) \(console.styled(url, .bold))  (Ctrl-C ends it)")
    case .reloaded(let milliseconds, let pages, let restored):
      console.event(
        "reloaded",
        ["ms": .int(Int64(milliseconds)), "sessions": .int(Int64(pages)), "restored": .int(Int64(restored))])
      line("\(console.styled("reloaded", .green)) in \(Self.time(milliseconds))")
    case .replayed(let kept, let total):
      console.event("replayed", ["kept": .int(Int64(kept)), "total": .int(Int64(total))])
      line("kept \(kept) of \(total) \(total == 1 ? "answer" : "answers")")
    case .crashed(let reason, let log, let waits): crashed(reason, log, waits)
    case .appOutput(let text): line("\(console.styled("│", .cyan)) \(text)")
    case .request(let entry): RequestLog.show(entry, console)
    case .assetChanged(let name): line("\(name) changed")
    case .warning(let text):
      console.endProgress()
      console.warning(text)
    }
  }

  private func buildFailed(_ diagnostics: [Diagnostic], _ log: [String]) {
    console.event("buildFailed", ["diagnostics": .array(diagnostics.map(Self.json))])
    line(console.styled("the build failed; the last good version keeps running", .red))
    for diagnostic in diagnostics {
      let color: Console.Style = diagnostic.severity == .error ? .red : diagnostic.severity == .warning ? .yellow : .dim
      let place = diagnostic.place.map { "\(console.styled($0, .bold)): " } ?? ""
      console.note("\n\(place)\(console.styled("\(diagnostic.severity.rawValue):", color)) \(diagnostic.message)")
      if let frame = diagnostic.frame { console.note(frame) }
    }
    if diagnostics.isEmpty { for text in log.suffix(20) { console.note(text) } }
    console.note("")
  }

  private func crashed(_ reason: String, _ log: [String], _ waits: Bool) {
    console.event(
      "crashed", ["signal": .string(reason), "log": .array(log.map { .string($0) })])
    line("\(console.styled("the app ended: \(reason)", .red)); \(waits ? "waiting for a save" : "starting it again")")
  }

  private func line(_ text: String) {
    console.endProgress()
    console.note(text)
  }

  private static func json(_ diagnostic: Diagnostic) -> JSONValue {
    [
      "file": diagnostic.file.map { .string($0) } ?? nil, "line": diagnostic.line.map { .int(Int64($0)) } ?? nil,
      "column": diagnostic.column.map { .int(Int64($0)) } ?? nil, "severity": .string(diagnostic.severity.rawValue),
      "message": .string(diagnostic.message),
    ]
  }

  static func time(_ milliseconds: Int) -> String {
    if milliseconds < 1_000 { return "\(milliseconds) ms" }
    let tenths = (milliseconds + 50) / 100
    return "\(tenths / 10).\(tenths % 10) s"
  }
}

import Glibc
import WebIODev
import WebIOHTTP
import WebIOPosix

/// What a dev session's events look like on the terminal and as JSON. On the terminal an event is a line, with its time.
@EventLoop
final class DevOutput {
  private let console: Console
  /// Otherwise the command ends with a build that fails, or an app that crashes.
  private let waitsForSaves: Bool
  private var buildingSince: MonotonicTime?
  private var progress: BuildProgress?
  private var ticker: TimerToken?
  private var hasServed = false
  private var hasSaidBuilding = false
  /// The last reload, to which the pages' replays belong.
  private var reload: (text: String, kept: Int, total: Int)?

  init(_ console: Console, waitsForSaves: Bool = true) {
    self.console = console
    self.waitsForSaves = waitsForSaves
  }

  func show(_ event: DevEvent) {
    switch event {
    case .building: building()
    case .progress(let progress):
      self.progress = progress
      showProgress()
    case .compiled: console.event("compiled")
    case .built(let milliseconds, let warnings): built(milliseconds, warnings)
    case .buildFailed(let diagnostics, let log): buildFailed(diagnostics, log)
    case .ready(let url):
      console.event("ready", ["url": .string(url)])
      hasServed = true
      line(console.styled("ready", .green), url)
    case .reloaded(let milliseconds, let pages, let restored): reloaded(milliseconds, pages, restored)
    case .replayed(let kept, let total): replayed(kept, total)
    case .crashed(let crash): crashed(crash)
    case .appOutput(let text): note("\(console.styled("│", .cyan)) \(text)", isOptional: true)
    case .request(let entry): RequestLog.show(entry, console)
    case .assetChanged(let name): line(console.styled("updated", .green), name, kind: "updated \(name)")
    case .warning(let text):
      console.endProgress()
      console.warning(text)
    }
  }

  /// The page is in front of the developer, or in a tab that was open.
  func opened(inOpenTab isReused: Bool) {
    console.event("opened", ["reused": .bool(isReused)])
    if isReused { line("open", "in the tab that was there; o + Enter opens another") }
  }

  /// Nothing is being built any more.
  func stop() { endBuild() }

  // MARK: A build

  private func building() {
    console.event("building")
    buildingSince = .now
    progress = nil
    // Who reads a pipe should know why nothing comes; a terminal has the progress line.
    if !hasSaidBuilding, !console.isInteractive { line("building", "the first build takes a while") }
    hasSaidBuilding = true
    showProgress()
    tick()
  }

  /// A build that is silent for long still shows that it is alive.
  private func tick() {
    ticker?.cancel()
    guard console.isInteractive else { return }
    ticker = Reactor.shared.schedule(after: .seconds(1)) { [weak self] in
      guard let self, buildingSince != nil else { return }
      showProgress()
      tick()
    }
  }

  private func showProgress() {
    guard let buildingSince else { return }
    let seconds = (MonotonicTime.now - buildingSince).wholeMilliseconds / 1_000
    let time = seconds >= 2 ? "  \(seconds) s" : ""
    let step = progress.map { "  \($0.step)/\($0.total)  \($0.action)" } ?? ""
    console.progress("  building …\(time)\(step)")
  }

  private func endBuild() {
    buildingSince = nil
    ticker?.cancel()
    console.endProgress()
  }

  private func built(_ milliseconds: Int, _ warnings: [Diagnostic]) {
    endBuild()
    var members: JSONObject = ["ms": .int(Int64(milliseconds))]
    if !warnings.isEmpty { members["warnings"] = .array(warnings.map(Self.json)) }
    console.event("built", members)
    if !hasServed { line(console.styled("built", .green), "in \(Self.time(milliseconds))") }
    if !warnings.isEmpty {
      line(
        console.styled("built", .yellow), "with \(warnings.count) \(warnings.count == 1 ? "warning" : "warnings")")
      DiagnosticText(console: console).showShortly(warnings)
    }
    console.progress("  starting …")
  }

  private func buildFailed(_ diagnostics: [Diagnostic], _ log: [String]) {
    endBuild()
    console.event("buildFailed", ["diagnostics": .array(diagnostics.map(Self.json))])
    for diagnostic in diagnostics { DiagnosticText(console: console).show(diagnostic) }
    if diagnostics.isEmpty { for text in log.suffix(20) { console.note(text) } }
    console.note("")
    // The most important line last, where the eye is.
    let errors = diagnostics.count { $0.severity == .error }
    line(
      console.styled("failed", .red),
      "\(errors) \(errors == 1 ? "error" : "errors")"
        + (!waitsForSaves ? "" : hasServed ? "; the last good version keeps running" : "; waiting for a save"))
  }

  // MARK: The app

  private func reloaded(_ milliseconds: Int, _ pages: Int, _ restored: Int) {
    console.event(
      "reloaded",
      ["ms": .int(Int64(milliseconds)), "sessions": .int(Int64(pages)), "restored": .int(Int64(restored))])
    let shown = pages > 1 ? ", \(pages) pages" : ""
    let text = event(console.styled("reloaded", .green), "in \(Self.time(milliseconds))\(shown)")
    reload = (text, 0, 0)
    console.endProgress()
    console.line(text, kind: "reloaded")
  }

  private func replayed(_ kept: Int, _ total: Int) {
    console.event("replayed", ["kept": .int(Int64(kept)), "total": .int(Int64(total))])
    let alone = "kept \(kept) of \(total) \(total == 1 ? "answer" : "answers")"
    guard var reload else { return line("replayed", alone) }
    reload.kept += kept
    reload.total += total
    self.reload = reload
    let text = "\(reload.text), kept \(reload.kept) of \(reload.total) \(reload.total == 1 ? "answer" : "answers")"
    console.amend(text, kind: "reloaded", alone: event("replayed", alone))
  }

  private func crashed(_ crash: DevCrash) {
    endBuild()
    var members: JSONObject = ["signal": .string(crash.reason), "log": .array(crash.log.map { .string($0) })]
    if !crash.diagnostics.isEmpty { members["diagnostics"] = .array(crash.diagnostics.map(Self.json)) }
    console.event("crashed", members)
    for diagnostic in crash.diagnostics { DiagnosticText(console: console).show(diagnostic) }
    if !crash.diagnostics.isEmpty { console.note("") }
    let next = !waitsForSaves ? "" : crash.waits ? "; waiting for a save" : "; starting it again"
    line(console.styled("crashed", .red), "\(crash.reason)\(next)")
  }

  // MARK: Lines

  private func note(_ text: String, isOptional: Bool) {
    console.endProgress()
    console.note(text, isOptional: isOptional)
    if buildingSince != nil { showProgress() }
  }

  /// `10:04:11  reloaded  in 230 ms`
  private func line(_ name: String, _ text: String, kind: String? = nil) {
    console.endProgress()
    console.line(event(name, text), kind: kind)
    if buildingSince != nil { showProgress() }
  }

  private func event(_ name: String, _ text: String) -> String {
    let blanks = String(repeating: " ", count: max(0, 8 - TerminalRow.width(of: name)))
    return "  \(console.styled(Self.timeOfDay, .dim))  \(name)\(blanks)  \(text)"
  }

  private static var timeOfDay: String {
    var now = Glibc.time(nil)
    var local = tm()
    localtime_r(&now, &local)
    return [local.tm_hour, local.tm_min, local.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
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

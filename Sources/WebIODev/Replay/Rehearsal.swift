import WebIOHTTP
import WebIOPosix

/// Builds an app and runs a saved session in it once more, without a browser. `webio replay`.
@EventLoop
package final class Rehearsal {
  package enum Event: Sendable {
    case building
    case buildFailed([Diagnostic], log: [String])
    case crashed(reason: String, log: [String])
    case appOutput(String)
    /// How far it came, and what its page was told.
    case ran(kept: Int, total: Int, Transcript)
    case failed(DevError)
  }

  private let project: Project
  private let saved: SavedSession
  private let report: @EventLoop (Event) -> Void
  private var builder: Builder!
  private var app: AppProcess?
  private var logs: SessionLogs!
  private var progress = (kept: 0, total: 0)
  private var isOver = false
  private var onStopped: (@EventLoop () -> Void)?

  /// No app needs longer to start, and no replay to end.
  private static let patience = Duration.seconds(30)
  private static let id = "rehearsal"

  package init(_ project: Project, _ saved: SavedSession, report: @escaping @EventLoop (Event) -> Void) {
    self.project = project
    self.saved = saved
    self.report = report
    builder = Builder(.swiftBuild(project), package: project.directory, renamed: project.renamed) { [weak self] in
      self?.receive($0)
    }
    let sources = SourceSnapshot(project.roots, in: project.directory)
    logs = SessionLogs(isLiving: sources.contains(literal:)) { [weak self] in self?.receive($0) }
  }

  package func start() { builder.build() }

  package func stop(_ completion: @escaping @EventLoop () -> Void) {
    isOver = true
    onStopped = completion
    builder.stop { [self] in checkStopped() }
    app?.stop()
  }

  private func checkStopped() {
    guard !builder.isBuilding, app == nil, let onStopped else { return }
    self.onStopped = nil
    onStopped()
  }

  private func receive(_ event: Builder.Event) {
    guard !isOver else { return }
    switch event {
    case .started: report(.building)
    case .progress, .compiled, .waiting: break
    case .finished(.failed(let diagnostics, let log)): report(.buildFailed(diagnostics, log: log))
    case .finished(.built(let executable, _)): launch(executable)
    }
  }

  private func launch(_ executable: String) {
    do {
      app = try AppProcess(
        executable: executable, directory: project.workingDirectory,
        environment: Environment.with(AppDescriptions(of: project).environment), generation: 1,
        token: randomToken(32), logs: logs
      ) { [weak self] in self?.receive($0) }
    } catch {
      return report(.failed(DevError(.system, "The app could not be started: \(error)", advice: "")))
    }
    Reactor.shared.schedule(after: Self.patience) { [weak self] in
      guard let self, !isOver else { return }
      report(.failed(DevError(.system, "The app does not answer.", advice: "Does it call startServer?")))
    }
  }

  private func receive(_ event: AppProcess.Event) {
    switch event {
    case .ready: app?.run(session: Self.id, app: saved.app, saved.entries, labels: logs.living(in: saved.entries))
    case .output(let line): if !isOver { report(.appOutput(line)) }
    case .crashed(let crash):
      app = nil
      if !isOver { report(.crashed(reason: crash.reason, log: crash.log)) }
      checkStopped()
    case .stopped:
      app = nil
      checkStopped()
    }
  }

  private func receive(_ event: SessionLogs.Event) {
    guard !isOver else { return }
    switch event {
    case .replayed(let kept, let total): progress = (kept, total)
    case .transcript(_, let commands):
      report(.ran(kept: progress.kept, total: progress.total, Transcript(commands)))
    case .preview, .tooLong: break
    }
  }
}

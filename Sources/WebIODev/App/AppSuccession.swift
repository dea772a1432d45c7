import Glibc
import WebIOPosix

/// The processes of an app, one after the other: the one that serves, the one that starts, and those on their way out.
///
/// The one that serves goes on until the next says that it is ready.
@EventLoop
final class AppSuccession {
  /// What is the same for each of them.
  struct Setting {
    var arguments: [String]
    var directory: String
    var environment: [String]
    var token: String
    var logs: SessionLogs?
  }

  enum Event {
    /// `before` is to be left when its connections are done.
    case ready(AppProcess, before: AppProcess?)
    case output(String)
    /// By itself; `served` is how long, nil if it never did.
    case crashed(Crash, served: Duration?)
    /// It runs and does not serve yet.
    case isSlow
    case couldNotStart(any Error)
    /// One of those on their way out is gone.
    case left
  }

  private let report: @EventLoop (Event) -> Void
  private(set) var current: AppProcess?
  private(set) var next: AppProcess?
  private var leaving: [AppProcess] = []
  private(set) var servesSince = MonotonicTime.now
  private var generation = 0
  /// Of the next one that is started.
  var nextGeneration: Int { generation + 1 }
  /// Of the last good build.
  private(set) var executable: String?
  private var slowStart: TimerToken?

  init(report: @escaping @EventLoop (Event) -> Void) { self.report = report }

  /// None is on its way out any more.
  var hasLeft: Bool { leaving.isEmpty }

  /// Starts the next one, from the executable that was just built.
  func launch(_ built: String, _ setting: Setting) {
    if let next { leave(next) }
    next = nil
    generation += 1
    let generation = generation
    do {
      let executable = try keep(built)
      self.executable = built
      next = try AppProcess(
        executable: executable, arguments: setting.arguments, directory: setting.directory,
        environment: setting.environment, generation: generation, token: setting.token, logs: setting.logs
      ) { [weak self] in self?.receive($0, of: generation) }
      watchSlowStart(generation)
    } catch {
      report(.couldNotStart(error))
    }
  }

  /// A second name for the executable: the next link replaces the file, and a restart must find this one.
  private func keep(_ built: String) throws -> String {
    let kept = "\(built).webio-\(generation)"
    unlink(kept)
    guard link(built, kept) == 0 else { return built }
    return kept
  }

  /// The second names that an earlier run may have left beside `built`.
  func removeOldExecutables(besides built: String) {
    let built = executable ?? built
    let directory = Path.directory(of: built)
    for name in (try? Files.list(directory)) ?? [] where name.hasPrefix("\(Path.name(of: built)).webio-") {
      unlink(Path.join(directory, name))
    }
  }

  private func watchSlowStart(_ generation: Int) {
    slowStart?.cancel()
    slowStart = Reactor.shared.schedule(after: .seconds(10)) { [weak self] in
      guard let self, next?.generation == generation else { return }
      report(.isSlow)
    }
  }

  private func receive(_ event: AppProcess.Event, of generation: Int) {
    switch event {
    case .ready: if let next, next.generation == generation { swap(to: next) }
    case .output(let line): report(.output(line))
    case .stopped: left(generation)
    case .crashed(let crash): crashed(crash, generation)
    }
  }

  private func swap(to app: AppProcess) {
    slowStart?.cancel()
    let before = current
    current = app
    next = nil
    servesSince = .now
    // Until its connections are done it is still ours to stop.
    if let before { leaving.append(before) }
    report(.ready(app, before: before))
  }

  func leave(_ app: AppProcess) {
    if !leaving.contains(where: { $0 === app }) { leaving.append(app) }
    app.stop()
  }

  func stop() {
    slowStart?.cancel()
    for app in leaving + [current, next].compactMap({ $0 }) { leave(app) }
    current = nil
    next = nil
  }

  private func left(_ generation: Int) {
    leaving.removeAll { $0.generation == generation }
    if let executable, generation != current?.generation { unlink("\(executable).webio-\(generation)") }
    report(.left)
  }

  private func crashed(_ crash: Crash, _ generation: Int) {
    if leaving.contains(where: { $0.generation == generation }) { return left(generation) }
    slowStart?.cancel()
    let isServing = generation == current?.generation
    if isServing { current = nil } else { next = nil }
    report(.crashed(crash, served: isServing ? .now - servesSince : nil))
  }
}

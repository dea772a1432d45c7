import Glibc
import WebIOPosix

/// What became of a build.
package enum BuildResult: Sendable, Equatable {
  case built(executable: String, milliseconds: Int)
  case failed([Diagnostic], log: [String])
}

/// Builds the app: one build at a time, and the newest request wins.
@EventLoop
package final class Builder {
  package enum Event: Sendable, Equatable {
    case started
    case progress(BuildProgress)
    case finished(BuildResult)
  }

  package var command: BuildCommand
  private let package: String
  private let renamed: [String: String]
  private let report: @EventLoop (Event) -> Void
  private var queue = BuildQueue()
  private var child: ChildProcess?
  private var splitter = LineSplitter()
  private var log: [String] = []
  private var startedAt = MonotonicTime.now
  private var onIdle: (@EventLoop () -> Void)?

  /// `package` is the directory whose files come first in diagnostics; `renamed` as in `DiagnosticsParser`.
  package init(
    _ command: BuildCommand, package: String, renamed: [String: String] = [:],
    report: @escaping @EventLoop (Event) -> Void
  ) {
    self.command = command
    self.package = package
    self.renamed = renamed
    self.report = report
  }

  package var isBuilding: Bool { queue.isBusy }

  /// Builds what is on disk now. A build under way is called off.
  package func build() { run(queue.request()) }

  /// Calls off what is under way; `completion` comes when nothing runs any more.
  package func stop(_ completion: @escaping @EventLoop () -> Void) {
    run(queue.stop())
    if queue.isBusy { onIdle = completion } else { completion() }
  }

  private func run(_ actions: [BuildQueue.Action]) {
    for action in actions {
      switch action {
      case .start(let build): start(build)
      case .cancel: cancel()
      case .report: report(.finished(result))
      }
    }
    if !queue.isBusy, let onIdle {
      self.onIdle = nil
      onIdle()
    }
  }

  private var status = ChildStatus.exited(0)

  private func start(_ build: Int) {
    log = []
    splitter = LineSplitter()
    startedAt = MonotonicTime.now
    report(.started)
    do {
      child = try ChildProcess(
        command.path, command.arguments, environment: command.environment, directory: command.directory,
        output: .pipe { [weak self] in self?.receive($0) }
      ) { [weak self] status in self?.ended(build, status) }
    } catch {
      log = ["error: \(error)"]
      status = .exited(1)
      run(queue.ended(build))
    }
  }

  /// SwiftPM ends its compilers on SIGINT and leaves its database whole; what takes longer than that is killed.
  private func cancel() {
    guard let child else { return }
    child.signal(SIGINT)
    Reactor.shared.schedule(after: .milliseconds(300)) { [weak self] in
      if self?.child === child { child.kill() }
    }
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) {
    for line in splitter.receive(bytes) { receive(line) }
  }

  private func receive(_ line: String) {
    if let progress = BuildProgress(line) { return report(.progress(progress)) }
    // A runaway plugin must not fill the memory; errors come first in compilers' output.
    if log.count < 20_000 { log.append(line) }
  }

  private func ended(_ build: Int, _ status: ChildStatus) {
    if let rest = splitter.finish() { receive(rest) }
    child = nil
    self.status = status
    run(queue.ended(build))
  }

  private var result: BuildResult {
    let milliseconds = (MonotonicTime.now - startedAt).wholeMilliseconds
    if status.isSuccess { return .built(executable: command.executable, milliseconds: milliseconds) }
    var diagnostics = DiagnosticsParser.parse(log, package: package, renamed: renamed)
    if !diagnostics.contains(where: { $0.severity == .error }) {
      diagnostics.insert(Diagnostic(severity: .error, message: "The build ended with \(status)."), at: 0)
    }
    return .failed(diagnostics, log: log)
  }
}

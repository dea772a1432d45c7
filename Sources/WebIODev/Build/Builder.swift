import Glibc
import WebIOPosix

/// Builds the app: one build at a time, and the newest request wins.
@EventLoop
package final class Builder {
  package enum Event: Sendable, Equatable {
    case started
    /// The objects are there and are linked next; only where SwiftPM is left out.
    case compiled
    case progress(BuildProgress)
    /// Another SwiftPM builds at the same place, and this one waits for it; with SwiftPM's words.
    case waiting(String)
    case finished(BuildResult)
  }

  package var command: BuildCommand
  private let report: @EventLoop (Event) -> Void
  private var queue = BuildQueue()
  /// SwiftPM.
  private var child: ChildProcess?
  /// What builds without it.
  private var direct: DirectBuild?
  private var log: BuildLog
  private var startedAt = MonotonicTime.now
  private var onIdle: (@EventLoop () -> Void)?

  private var isFull = true
  /// The build that was told of last.
  private var announced = 0
  /// Made after each good build by SwiftPM, for the saves that change nothing but the contents of the app's files.
  private var plan: DirectPlan?
  private var planNumber = 0
  /// A plan is being made, and will be there before SwiftPM could have built.
  private var isPlanning = false
  /// The build that waits for it.
  private var waitsForPlan: Int?
  /// Files that no build has been started for.
  private var saved: Set<String> = []
  private var record = BuildRecord()
  /// Whether a compiler is started ahead of the next save.
  package var startsAhead = false
  private var waiting: WaitingCompiler?
  /// When SwiftPM last began, in seconds since 1970.
  private var swiftPMSince = 0
  private var hasDroppedCache = false
  /// Told of each plan that was made here.
  var onPlan: (@EventLoop (DirectPlan) -> Void)?
  /// SwiftPM, building what a borrowed plan has from elsewhere.
  private var background: ChildProcess?
  private var ahead: TimerToken?
  /// Something has changed since the last good build by SwiftPM that only SwiftPM can build.
  private var needsFull = true

  /// `package` is the directory whose files come first in diagnostics; `renamed` as in `DiagnosticsParser`.
  package init(
    _ command: BuildCommand, package: String, renamed: [String: String] = [:],
    report: @escaping @EventLoop (Event) -> Void
  ) {
    self.command = command
    log = BuildLog(package: package, renamed: renamed)
    self.report = report
  }

  package var isBuilding: Bool { queue.isBusy }

  /// Whether the next save of contents alone is built without SwiftPM.
  var isDirect: Bool { !needsFull && plan?.isCurrent == true }

  /// Whether its compiler has been started.
  var isAhead: Bool { waiting?.isReady == true }

  /// Builds what is on disk now. A build under way is called off.
  package func build() {
    needsFull = true
    run(queue.request())
  }

  /// Builds after a save that changed only the contents of `files`.
  package func build(contentsOf files: [String]) {
    record.saved(files)
    saved.formUnion(files)
    if plan == nil, isPlanning, !needsFull { return run(queue.request()) }
    guard let plan, files.allSatisfy(plan.sources.contains) else { return build() }
    run(queue.request())
  }

  /// Copies resources of which only the contents have changed to where the app finds them, as SwiftPM would. False when
  /// that is not all, and a build is needed.
  package func copy(_ resources: [String]) -> Bool {
    guard !isBuilding, isDirect, let plan else { return false }
    let places = resources.compactMap(plan.copy)
    guard places.count == resources.count, places.allSatisfy(Files.isFile) else { return false }
    for (resource, place) in zip(resources, places) {
      guard let bytes = try? Files.read(resource), (try? Files.replace(place, bytes)) != nil else { return false }
    }
    return true
  }

  /// Builds by a plan that another project has lent, until SwiftPM has built this one, for which nobody waits.
  func borrow(_ lent: DirectPlan) {
    plan = lent
    needsFull = false
    build(contentsOf: lent.sources)
  }

  /// Calls off what is under way; `completion` comes when nothing runs any more.
  package func stop(_ completion: @escaping @EventLoop () -> Void) {
    stopWaiting()
    background?.kill()
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
    startedAt = MonotonicTime.now
    begin(build)
  }

  private func announce(_ build: Int) {
    guard announced != build else { return }
    announced = build
    report(.started)
  }

  private func begin(_ build: Int) {
    if !needsFull, plan == nil, isPlanning {
      waitsForPlan = build
      announce(build)
    } else if !needsFull, let plan, plan.isCurrent, saved.allSatisfy(plan.sources.contains) {
      saved = []
      startDirect(build, plan)
    } else {
      saved = []
      startFull(build)
    }
  }

  private func startDirect(_ build: Int, _ plan: DirectPlan) {
    if plan.isIncremental, let scratchPath = command.scratchPath { record.buildStarts(scratchPath) }
    ahead?.cancel()
    defer { waiting = nil }
    isFull = false
    log.clear()
    do {
      direct = try DirectBuild(
        plan, waiting, environment: command.environment, directory: command.directory,
        receive: { [weak self] in self?.receive($0) }, compiled: { [weak self] in self?.compiled(build) },
        ended: { [weak self] in self?.ended(build, $0) })
      // The compiler works while others hear of it.
      announce(build)
    } catch {
      announce(build)
      couldNotStart(build, error)
    }
  }

  private func couldNotStart(_ build: Int, _ error: any Error) {
    log.fail(error)
    status = .exited(1)
    run(queue.ended(build))
  }

  /// The next compiler, once the app that was just built has had the machine for itself.
  private func startAhead() {
    if plan?.isBorrowed == true { buildInBackground() }
    guard startsAhead else { return }
    ahead?.cancel()
    ahead = Reactor.shared.schedule(after: .milliseconds(400)) { [weak self] in
      guard let self, waiting == nil, !isBuilding, isDirect, let plan else { return }
      waiting = WaitingCompiler(plan, environment: command.environment, directory: command.directory)
    }
  }

  /// The project's own build, when the machine has nothing better to do: see nice(1).
  private func buildInBackground() {
    guard background == nil, let scratchPath = command.scratchPath else { return }
    record.buildStarts(scratchPath)
    swiftPMSince = time(nil)
    let nice = Environment.executable("nice").map { [$0, "-n", "19"] } ?? []
    let words = nice + [command.path] + command.arguments
    background = try? ChildProcess(
      words[0], Array(words.dropFirst()), environment: command.environment, directory: command.directory
    ) { [weak self] status in
      guard let self else { return }
      background = nil
      if status.isSuccess, !needsFull, plan?.isBorrowed == true { preparePlan() }
    }
  }

  private func stopWaiting() {
    ahead?.cancel()
    waiting?.stop()
    waiting = nil
  }

  private func startFull(_ build: Int) {
    if let scratchPath = command.scratchPath { record.buildStarts(scratchPath) }
    needsFull = true
    swiftPMSince = time(nil)
    plan = nil
    planNumber += 1
    isPlanning = false
    stopWaiting()
    background?.kill()
    isFull = true
    log.clear()
    announce(build)
    do {
      child = try ChildProcess(
        command.path, command.arguments, environment: command.environment, directory: command.directory,
        output: .pipe { [weak self] in self?.receive($0) }
      ) { [weak self] in self?.ended(build, $0) }
    } catch { couldNotStart(build, error) }
  }

  /// SwiftPM ends its compilers on SIGINT and leaves its database whole; what takes longer than that is killed.
  private func cancel() {
    if let build = waitsForPlan {
      waitsForPlan = nil
      return run(queue.ended(build))
    }
    direct?.cancel()
    guard let child else { return }
    child.signal(SIGINT)
    Reactor.shared.schedule(after: .milliseconds(300)) { [weak self] in
      if self?.child === child { child.kill() }
    }
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) { log.receive(bytes).forEach(report) }

  private func compiled(_ build: Int) {
    if queue.isRunning(build) { report(.compiled) }
  }

  private func ended(_ build: Int, _ status: ChildStatus) {
    log.finish().forEach(report)
    child = nil
    self.status = status
    if queue.isRunning(build) {
      if status.isSuccess { preparePlan() } else if dropMovedCache() { return startFull(build) }
    }
    run(queue.ended(build))
  }

  private func ended(_ build: Int, _ outcome: DirectBuild.Outcome) {
    log.finish().forEach(report)
    direct = nil
    switch outcome {
    case .built: status = .exited(0)
    case .compilerFailed(let reason):
      status = reason
      // What the compiler says of the app's files is what SwiftPM would hear from it.
      if queue.isRunning(build), !log.hasErrorInFile { return startFull(build) }
    case .linkerFailed(let reason):
      status = reason
      if queue.isRunning(build) { return startFull(build) }
    }
    run(queue.ended(build))
    if !queue.isBusy { startAhead() }
  }

  /// Once, a moved project's precompiled modules are thrown away.
  private func dropMovedCache() -> Bool {
    guard !hasDroppedCache, let scratchPath = command.scratchPath, log.isOfMovedProject else { return false }
    hasDroppedCache = true
    return (try? Files.remove(Path.join(scratchPath, "debug/ModuleCache"))) != nil
  }

  private func preparePlan() {
    needsFull = false
    guard let scratchPath = command.scratchPath else { return }
    let number = planNumber
    isPlanning = true
    Task { @EventLoop [weak self, command, since = swiftPMSince] in
      let plan = await DirectPlan.make(
        scratchPath: scratchPath, product: Path.name(of: command.executable), since: since,
        environment: command.environment, directory: command.directory)
      guard let self, number == planNumber else { return }
      isPlanning = false
      if plan != nil, self.plan?.isBorrowed == true { stopWaiting() }
      self.plan = plan ?? self.plan
      if let plan { onPlan?(plan) }
      if let build = waitsForPlan {
        waitsForPlan = nil
        return begin(build)
      }
      startAhead()
    }
  }

  /// Of the last build: what it says about the package's own files and does not stop it.
  package var warnings: [Diagnostic] { log.warnings }

  private var result: BuildResult {
    let milliseconds = (MonotonicTime.now - startedAt).wholeMilliseconds
    if status.isSuccess {
      let executable = isFull ? nil : plan?.executable
      return .built(executable: executable ?? command.executable, milliseconds: milliseconds)
    }
    return log.failure(status)
  }
}

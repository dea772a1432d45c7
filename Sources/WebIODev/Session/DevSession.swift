import Glibc
import WebIOHTTP
import WebIOPosix

/// `webio dev`: watches, builds, swaps. One callback tells what happens.
///
///     let session = try DevSession(project, options) { event in … }
///     let url = try session.start()
///     session.stop { exit(0) }
@EventLoop
package final class DevSession {
  package struct Options: Sendable {
    /// Nil: 8080, or the next free one.
    package var port: UInt16?
    /// `localhost` is both kinds of loopback; empty is everywhere.
    package var host = "localhost"
    /// HTTPS instead of HTTP for the developer's side.
    package var security: TransportSecurity?
    package var watch = FileWatcher.Mode.automatic
    package var gateway = Gateway.Options()
    /// Arguments and environment of the app.
    package var arguments: [String] = []
    package var environment = Environment.all
    /// Another command than `swift build`, for tests.
    package var build: BuildCommand?
    /// Whether visitors keep their place when the app is reloaded.
    package var keepsPlace = true

    package init() {}
  }

  package private(set) var project: Project
  package let gateway: Gateway
  private let options: Options
  private let report: @EventLoop (DevEvent) -> Void
  private var builder: Builder!
  private var watcher: FileWatcher!
  private var current: AppProcess?
  private var next: AppProcess?
  /// Apps that are on their way out.
  private var leaving: [AppProcess] = []
  private var throttle = CrashThrottle()
  /// Nil when nothing is kept.
  private var logs: SessionLogs?
  /// The sources of the app that serves, and of the one that is being built.
  private var sources = SourceSnapshot([:])
  private var nextSources = SourceSnapshot([:])
  private var hasPreview = false
  /// Sessions that run once more to be saved.
  private var saving: [String: @EventLoop ([JSONValue]) -> Void] = [:]
  private var generation = 0
  private var executable: String?
  private var savedAt: MonotonicTime?
  private var servesSince = MonotonicTime.now
  private var reloads = 0
  private var hasBeenReady = false
  private var isStopping = false
  private var restart: TimerToken?
  private var slowStart: TimerToken?
  private var onStopped: (@EventLoop () -> Void)?
  private var isGatewayStopped = false
  private var lock: ProjectLock?
  private var flood = FloodGuard()
  /// Changes that were put off until their flood is over.
  private var putOff: [String: FileChange] = [:]
  private var calm: TimerToken?
  package private(set) var url = ""
  package private(set) var port: UInt16 = 0

  package init(_ project: Project, _ options: Options = Options(), report: @escaping @EventLoop (DevEvent) -> Void) {
    self.project = project
    self.options = options
    self.report = report
    var settings = options.gateway
    settings.projectDirectory = settings.projectDirectory ?? project.directory
    settings.openableFiles.formUnion(project.renamed.values)
    gateway = Gateway(settings)
    gateway.onRequest = { report(.request($0)) }
    builder = Builder(
      options.build ?? .swiftBuild(project), package: project.directory, renamed: project.renamed
    ) { [weak self] in self?.receive($0) }
    if options.keepsPlace { logs = makeLogs() }
    gateway.onSave = { [weak self] session, completion in self?.save(session, completion) }
    gateway.onOutputWanted = { [weak self] in self?.current?.lastOutput ?? [] }
    gateway.onTakeBack = { [weak self] in self?.takeBack($0) ?? false }
    watcher = FileWatcher(mode: options.watch, onWarning: { report(.warning($0)) }) { [weak self] in
      self?.changed($0)
    }
  }

  /// Takes the port and starts the first build. Gives the address to open. Throws `DevError`.
  @discardableResult
  package func start() throws -> String {
    let lock = try ProjectLock(project)
    self.lock = lock
    let remembered = PortMemory(project)
    let binding = try PortPicker(host: options.host, remembered: remembered.port).bind(explicit: options.port)
    if let security = options.security { gateway.server.wrapStream = try security.prepare() }
    for descriptor in binding.descriptors { try gateway.server.listen(inherited: descriptor) }
    if let (port, holder) = binding.taken.first {
      report(.warning("port \(port) is taken\(holder.map { " by \($0)" } ?? ""), so this is port \(binding.port)"))
    }
    let isEverywhere = ["localhost", "", "0.0.0.0", "::"].contains(options.host)
    let name = options.host.utf8.contains(UInt8(ascii: ":")) ? "[\(options.host)]" : options.host
    port = binding.port
    url = "\(options.security == nil ? "http" : "https")://\(isEverywhere ? "localhost" : name):\(port)"
    if options.port == nil { remembered.keep(port) }
    lock.tell(url: url)
    watcher.add(project.roots)
    removeOldExecutables()
    builder.build()
    return url
  }

  /// Where other machines reach it: nowhere, unless `options.host` says so.
  package var networkAddresses: [NetworkAddress] {
    switch options.host {
    case "localhost": []
    case "", "0.0.0.0", "::": NetworkAddress.all.filter { options.host != "0.0.0.0" || !$0.host.hasPrefix("[") }
    default: NetworkAddress.all.filter { $0.host == options.host || $0.host == "[\(options.host)]" }
    }
  }

  /// Starts a build as a save does.
  package func rebuild() {
    guard !isStopping else { return }
    savedAt = .now
    builder.build()
  }

  private func makeLogs() -> SessionLogs {
    SessionLogs(
      isLiving: { [weak self] in self?.sources.contains(literal: $0) ?? false },
      report: { [weak self] event in
        switch event {
        case .replayed(let kept, let total): if total > 0 { self?.report(.replayed(kept: kept, total: total)) }
        case .preview(let session, let commands): self?.gateway.channel.preview(session: session, commands)
        case .transcript(let session, let commands): self?.saving.removeValue(forKey: session)?(commands)
        case .tooLong:
          self?.report(.warning("a session has become too long to be kept: it starts anew at the next reload"))
        }
      })
  }

  /// Takes back the last answer or click of a session, by default of the one that was used last. Its page has to load
  /// again. False when there is nothing to take back.
  @discardableResult
  package func takeBack(_ session: String? = nil) -> Bool {
    guard let logs, let id = session ?? logs.latest, logs.takeBack(id) else { return false }
    current?.forget(session: id)
    if session == nil { gateway.channel.reload(session: id) }
    return true
  }

  /// Writes a session into a file of the project that ``Rehearsal`` can run; `completion` gets its path, or why not.
  package func save(_ session: String, _ completion: @escaping @EventLoop (Result<String, DevError>) -> Void) {
    guard let logs, let log = logs[session], let current, !log.entries.isEmpty else {
      return completion(.failure(DevError(.notASession, "There is nothing to save yet.", advice: "Answer something first.")))
    }
    let entries = log.withoutSecrets
    let id = "saved-\(randomToken(8))"
    saving[id] = { [project] commands in
      let saved = SavedSession(app: log.app, entries: entries, transcript: Transcript(commands))
      do {
        completion(.success(try saved.write(in: project.directory)))
      } catch {
        completion(.failure(DevError(.system, "The session could not be written: \(error)", advice: "")))
      }
    }
    current.run(session: id, app: log.app, entries, labels: logs.living(in: entries))
  }

  /// Starts the last good build again, with nothing kept.
  package func restartApp() {
    logs?.clear()
    guard !isStopping, let executable else { return rebuild() }
    savedAt = .now
    throttle.built()
    launch(executable)
  }

  /// Ends everything: the build, the apps with all their descendants, the port. `completion` comes when all of it is gone.
  package func stop(_ completion: @escaping @EventLoop () -> Void) {
    guard !isStopping else { return }
    isStopping = true
    onStopped = completion
    watcher.stop()
    restart?.cancel()
    slowStart?.cancel()
    calm?.cancel()
    gateway.server.closeListeners()
    builder.stop { [self] in checkStopped() }
    for app in leaving + [current, next].compactMap({ $0 }) { leave(app) }
    current = nil
    next = nil
    gateway.stop(grace: .milliseconds(300)) { [self] in
      isGatewayStopped = true
      checkStopped()
    }
  }

  private func checkStopped() {
    guard isStopping, isGatewayStopped, leaving.isEmpty, !builder.isBuilding, let onStopped else { return }
    self.onStopped = nil
    removeOldExecutables()
    lock = nil
    onStopped()
  }

  // MARK: A save

  private func changed(_ changes: [FileChange]) {
    guard !isStopping else { return }
    let calm = changes.filter { !isFlood($0) }
    if !calm.isEmpty { follow(calm) }
  }

  /// Whether a change is one of many that nobody has typed: then it is put off. A source is never put off, for its newest
  /// contents are what is to run; if it changes each time just after the app has started, that is said.
  private func isFlood(_ change: FileChange) -> Bool {
    let now = MonotonicTime.now
    let isSource = change.kind != .asset
    if isSource, current == nil || now - servesSince > .milliseconds(1_500) { return false }
    let verdict = flood.receive(change.path, at: now)
    if verdict == .floodBegins {
      report(
        .warning(
          "\(relative(change.path)) changes again and again: does the app write it? Files that it writes belong outside of "
            + "the sources, resources and static files"))
    }
    guard !isSource, verdict != .change else { return false }
    putOff[change.path] = change
    calm?.cancel()
    calm = Reactor.shared.schedule(after: flood.window) { [weak self] in
      guard let self, !isStopping else { return }
      let changes = putOff.values.sorted { $0.path < $1.path }
      putOff = [:]
      follow(changes)
    }
    return true
  }

  private func follow(_ changes: [FileChange]) {
    let kinds = changes.map { project.kind(of: $0) }
    guard let strongest = kinds.max(), strongest != .asset else {
      for change in changes {
        let name = relative(change.path)
        gateway.channel.assetChanged(Path.name(of: name))
        report(.assetChanged(name))
      }
      return
    }
    savedAt = .now
    restart?.cancel()
    if strongest == .manifest {
      reloadProject()
    } else if changes.allSatisfy({ $0.action == .modified }) {
      preview(changes.map(\.path))
      builder.build(contentsOf: changes.map(\.path))
    } else {
      builder.build()
    }
  }

  /// Where only the texts of literals have changed, the pages show them before they are compiled.
  private func preview(_ paths: [String]) {
    let changes = sources.literalChanges(in: paths)
    if changes?.isEmpty ?? true, !hasPreview { return }
    hasPreview = !(changes ?? []).isEmpty
    current?.preview(changes ?? [])
  }

  /// The manifest may name other sources, another product, other packages.
  private func reloadProject() {
    reloads += 1
    let reload = reloads
    builder.stop {}
    Task { [weak self, request = project.request] in
      let result: Result<Project, any Error>
      do { result = .success(try await Project.load(request)) } catch { result = .failure(error) }
      guard let self, reload == reloads, !isStopping else { return }
      switch result {
      case .success(let project): use(project)
      case .failure(let error): reloadFailed(error)
      }
    }
  }

  private func use(_ changed: Project) {
    project = changed
    watcher.add(changed.roots)
    if options.build == nil { builder.command = .swiftBuild(changed) }
    builder.build()
  }

  private func reloadFailed(_ error: any Error) {
    var diagnostics: [Diagnostic] = []
    var log: [String] = []
    if let error = error as? BrokenManifest {
      diagnostics = error.diagnostics
      log = error.log
    }
    if diagnostics.isEmpty { diagnostics = [Diagnostic(severity: .error, message: "\(error)")] }
    gateway.channel.buildFailed(diagnostics, log: log)
    report(.buildFailed(diagnostics, log: log))
  }

  private func relative(_ path: String) -> String {
    path.hasPrefix(project.directory + "/") ? String(path.dropFirst(project.directory.count + 1)) : path
  }

  // MARK: The build

  private func receive(_ event: Builder.Event) {
    switch event {
    case .started:
      if logs != nil { nextSources = SourceSnapshot(project.roots, in: project.directory) }
      gateway.channel.buildStarted()
      report(.building)
    case .progress(let progress): report(.progress(progress))
    case .waiting(let words): report(.warning(words))
    case .finished(.failed(let diagnostics, let log)):
      preview([])
      gateway.channel.buildFailed(diagnostics, log: log)
      report(.buildFailed(diagnostics, log: log))
    case .finished(.built(let executable, let milliseconds)):
      report(.built(milliseconds: milliseconds, warnings: builder.warnings))
      throttle.built()
      logs?.newBuild()
      launch(executable)
    }
  }

  // MARK: The app

  /// Starts the next app; the one that serves goes on until the next says that it is ready.
  private func launch(_ built: String) {
    guard !isStopping else { return }
    restart?.cancel()
    if let next { leave(next) }
    generation += 1
    do {
      let executable = try keep(built)
      self.executable = built
      let generation = generation
      next = try AppProcess(
        executable: executable, arguments: options.arguments, directory: project.workingDirectory,
        environment: options.environment, generation: generation, token: gateway.options.token, logs: logs
      ) { [weak self] in self?.receive($0, of: generation) }
      watchSlowStart(generation)
    } catch {
      report(.warning("the app could not be started: \(error)"))
    }
  }

  /// A second name for the executable: the next link replaces the file, and a restart must find this one.
  private func keep(_ built: String) throws -> String {
    let kept = "\(built).webio-\(generation)"
    unlink(kept)
    guard link(built, kept) == 0 else { return built }
    return kept
  }

  private func removeOldExecutables() {
    let built = executable ?? builder.command.executable
    let directory = Path.directory(of: built)
    for name in (try? Files.list(directory)) ?? [] where name.hasPrefix("\(Path.name(of: built)).webio-") {
      unlink(Path.join(directory, name))
    }
  }

  private func watchSlowStart(_ generation: Int) {
    slowStart?.cancel()
    slowStart = Reactor.shared.schedule(after: .seconds(10)) { [weak self] in
      guard let self, let next, next.generation == generation else { return }
      report(.warning("the app has run for 10 s and does not serve yet: does it call startServer?"))
    }
  }

  private func receive(_ event: AppProcess.Event, of generation: Int) {
    switch event {
    case .ready: if let next, next.generation == generation { swap(to: next) }
    case .output(let line): report(.appOutput(line))
    case .stopped: left(generation)
    case .crashed(let crash): crashed(crash, generation)
    }
  }

  private func swap(to app: AppProcess) {
    slowStart?.cancel()
    let before = current
    current = app
    next = nil
    sources = nextSources
    hasPreview = false
    servesSince = .now
    gateway.use(.app(app.socket, generation: app.generation), drainLimit: .seconds(2)) { [weak self] in
      if let before { self?.leave(before) }
    }
    // Until then it is still ours to stop.
    if let before { leaving.append(before) }
    let milliseconds = savedAt.map { (MonotonicTime.now - $0).wholeMilliseconds }
    savedAt = nil
    gateway.channel.swapped(to: app.generation, milliseconds: milliseconds)
    if hasBeenReady {
      report(
        .reloaded(
          milliseconds: milliseconds ?? 0, pages: gateway.channel.pageCount,
          restored: min(logs?.count ?? 0, gateway.channel.pageCount)))
    } else {
      hasBeenReady = true
      report(.ready(url: url))
    }
  }

  private func leave(_ app: AppProcess) {
    if !leaving.contains(where: { $0 === app }) { leaving.append(app) }
    app.stop()
  }

  private func left(_ generation: Int) {
    leaving.removeAll { $0.generation == generation }
    if let executable, generation != current?.generation { unlink("\(executable).webio-\(generation)") }
    checkStopped()
  }

  private func crashed(_ crash: Crash, _ generation: Int) {
    if leaving.contains(where: { $0.generation == generation }) { return left(generation) }
    logs?.appCrashed()
    let served: Duration?
    if generation == current?.generation {
      current = nil
      gateway.use(.none)
      served = .now - servesSince
    } else {
      next = nil
      served = nil
    }
    slowStart?.cancel()
    let decision = throttle.crashed(afterServing: served)
    let told = CrashReport(crash.log, package: project.directory, renamed: project.renamed)
    let account = DevCrash(
      reason: crash.reason, diagnostics: told?.diagnostics ?? [], log: crash.log, waits: decision == .waitForSave)
    gateway.channel.appCrashed(account)
    report(.crashed(account))
    if case .restart(let delay) = decision, let executable, !builder.isBuilding {
      restart = Reactor.shared.schedule(after: delay) { [weak self] in self?.launch(executable) }
    }
  }
}

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
  package private(set) var project: Project
  package let gateway: Gateway
  private let options: Options
  private let report: @EventLoop (DevEvent) -> Void
  private var builder: Builder!
  private var watcher: FileWatcher!
  private var apps: AppSuccession!
  private var flood: FloodBarrier!
  private var reload: ProjectReload!
  private var throttle = CrashThrottle()
  /// Nil when nothing is kept.
  private var kept: KeptSessions?
  private var savedAt: MonotonicTime?
  /// What a preview is to be made of.
  private var saved: [String] = []
  private var hasBeenReady = false
  private var isStopping = false
  private var restart: TimerToken?
  private var onStopped: (@EventLoop () -> Void)?
  private var isGatewayStopped = false
  private var lock: ProjectLock?
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
    builder.startsAhead = true
    apps = AppSuccession { [weak self] in self?.receive($0) }
    reload = ProjectReload { [weak self] in self?.receive($0) }
    flood = FloodBarrier { [weak self] in self?.follow($0) }
    if options.keepsPlace { kept = KeptSessions(in: project.directory) { [weak self] in self?.receive($0) } }
    gateway.onSave = { [weak self] session, completion in self?.save(session, completion) }
    gateway.onOutputWanted = { [weak self] in self?.apps.current?.lastOutput ?? [] }
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
    port = binding.port
    url = address.url(port: port)
    if options.port == nil { remembered.keep(port) }
    lock.tell(url: url)
    watcher.add(project.roots)
    apps.removeOldExecutables(besides: builder.command.executable)
    builder.onPlan = { [weak self] plan in if let self { PlanMemory(project)?.keep(plan) } }
    if options.build == nil, !Files.exists(Path.join(project.scratchPath, "debug.yaml")),
      let plan = PlanMemory(project)?.recall()
    {
      builder.borrow(plan)
    } else {
      builder.build()
    }
    return url
  }

  private var address: DevAddress { DevAddress(host: options.host, isSecure: options.security != nil) }

  /// Where other machines reach it: nowhere, unless `options.host` says so.
  package var networkAddresses: [NetworkAddress] { address.network }

  /// Starts a build as a save does.
  package func rebuild() {
    guard !isStopping else { return }
    savedAt = .now
    builder.build()
  }

  private func receive(_ event: KeptSessions.Event) {
    switch event {
    case .replayed(let kept, let total): report(.replayed(kept: kept, total: total))
    case .preview(let session, let commands): gateway.channel.preview(session: session, commands)
    case .tooLong: report(.warning("a session has become too long to be kept: it starts anew at the next reload"))
    }
  }

  /// Takes back the last answer or click of a session, by default of the one that was used last. Its page has to load
  /// again. False when there is nothing to take back.
  @discardableResult
  package func takeBack(_ session: String? = nil) -> Bool {
    guard let logs = kept?.logs, let id = session ?? logs.latest, logs.takeBack(id) else { return false }
    apps.current?.forget(session: id)
    if session == nil { gateway.channel.reload(session: id) }
    return true
  }

  /// Writes a session into a file of the project that ``Rehearsal`` can run; `completion` gets its path, or why not.
  package func save(_ session: String, _ completion: @escaping @EventLoop (Result<String, DevError>) -> Void) {
    guard let kept else {
      return completion(.failure(DevError(.notASession, "Sessions are not kept with --state=restart.", advice: "")))
    }
    kept.save(session, by: apps.current, completion)
  }

  /// Starts the last good build again, with nothing kept.
  package func restartApp() {
    kept?.logs.clear()
    guard !isStopping, let executable = apps.executable else { return rebuild() }
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
    flood.stop()
    gateway.server.closeListeners()
    builder.stop { [self] in checkStopped() }
    apps.stop()
    gateway.stop(grace: .milliseconds(300)) { [self] in
      isGatewayStopped = true
      checkStopped()
    }
  }

  private func checkStopped() {
    guard isStopping, isGatewayStopped, apps.hasLeft, !builder.isBuilding, let onStopped else { return }
    self.onStopped = nil
    apps.removeOldExecutables(besides: builder.command.executable)
    lock = nil
    onStopped()
  }

  // MARK: A save

  private func changed(_ changes: [FileChange]) {
    guard !isStopping else { return }
    let calm = changes.filter { !isFlood($0) }
    if !calm.isEmpty { follow(calm) }
  }

  /// Whether a change is one of many that nobody has typed: then it is put off.
  private func isFlood(_ change: FileChange) -> Bool {
    let kind = project.kind(of: change)
    guard kind > .unused else { return false }
    let age = apps.current == nil ? nil : MonotonicTime.now - apps.servesSince
    let (passes, floodBegins) = flood.receive(change, isSource: kind >= .resource, appAge: age)
    if floodBegins { report(.warning(FloodBarrier.warning(of: relative(change.path)))) }
    return !passes
  }

  private func follow(_ changes: [FileChange]) {
    guard !isStopping else { return }
    let answer = SaveAnswer(to: changes.map { ($0, kind(of: $0)) })
    answer.shown.forEach { report(.assetChanged(relative($0.path))) }
    switch answer.step {
    case .nothing: break
    case .push: push(answer.shown)
    case .reread: reread()
    case .copy(let resources):
      guard builder.copy(resources) else { return build() }
      if answer.shown.allSatisfy({ $0.kind == .asset }) { push(answer.shown) } else { reread() }
    case .build(let files): build(contentsOf: files)
    case .reload:
      savedAt = .now
      restart?.cancel()
      builder.stop {}
      reload.start(project.request)
    }
  }

  /// A file that the app has flooded us with is not read again for: it would be written again.
  private func kind(of change: FileChange) -> ChangeKind {
    let kind = project.kind(of: change)
    return kind == .data && flood.written.contains(change.path) ? .asset : kind
  }

  private func build(contentsOf files: [String]? = nil) {
    savedAt = .now
    restart?.cancel()
    guard let files else { return builder.build() }
    saved = files
    builder.build(contentsOf: files)
    previewSaved()
  }

  private func push(_ changes: [FileChange]) {
    for change in changes { gateway.channel.assetChanged(Path.name(of: change.path)) }
  }

  /// What the app has read may be different now. Where a build is under way, its app will read it.
  private func reread() {
    guard let executable = apps.executable, !builder.isBuilding else { return }
    savedAt = .now
    throttle.built()
    launch(executable)
  }

  /// Where only the texts of literals have changed, the pages show them before they are compiled.
  private func previewSaved() {
    guard !saved.isEmpty else { return }
    if let changes = kept?.preview(saved: saved) { apps.current?.preview(changes) }
    saved = []
  }

  private func receive(_ result: Result<Project, any Error>) {
    guard !isStopping else { return }
    switch result {
    case .success(let changed):
      project = changed
      watcher.add(changed.roots)
      if options.build == nil { builder.command = .swiftBuild(changed) }
      builder.build()
    case .failure(let error):
      let broken = error as? BrokenManifest
      let log = broken?.log ?? []
      var diagnostics = broken?.diagnostics ?? []
      if diagnostics.isEmpty { diagnostics = [Diagnostic(severity: .error, message: "\(error)")] }
      gateway.channel.buildFailed(diagnostics, log: log)
      report(.buildFailed(diagnostics, log: log))
    }
  }

  private func relative(_ path: String) -> String {
    path.hasPrefix(project.directory + "/") ? String(path.dropFirst(project.directory.count + 1)) : path
  }

  // MARK: The build

  private func receive(_ event: Builder.Event) {
    switch event {
    case .started:
      // With the compiler at work already, this is what is seen first.
      previewSaved()
      kept?.buildStarts(project.roots)
      gateway.channel.buildStarted()
      report(.building)
    case .compiled:
      gateway.channel.compiled(generation: apps.nextGeneration)
      report(.compiled)
    case .progress(let progress): report(.progress(progress))
    case .waiting(let words): report(.warning(words))
    case .finished(.failed(let diagnostics, let log)):
      if kept?.dropPreview() == true { apps.current?.preview([]) }
      gateway.channel.buildFailed(diagnostics, log: log)
      report(.buildFailed(diagnostics, log: log))
    case .finished(.built(let executable, let milliseconds)):
      report(.built(milliseconds: milliseconds, warnings: builder.warnings))
      throttle.built()
      kept?.hasBuilt()
      launch(executable)
    }
  }

  // MARK: The app

  private func launch(_ built: String) {
    guard !isStopping else { return }
    restart?.cancel()
    gateway.channel.compiled(generation: apps.nextGeneration)
    let descriptions = AppDescriptions(of: project).environment.compactMap { name, value in value.map { "\(name)=\($0)" } }
    apps.launch(
      built,
      AppSuccession.Setting(
        arguments: options.arguments, directory: project.workingDirectory, environment: options.environment + descriptions,
        token: gateway.options.token, logs: kept?.logs))
  }

  private func receive(_ event: AppSuccession.Event) {
    switch event {
    case .ready(let app, let before): swap(to: app, from: before)
    case .output(let line): report(.appOutput(line))
    case .crashed(let crash, let served): crashed(crash, served: served)
    case .isSlow:
      report(
        .warning(
          "the app has run for 10 s and does not serve yet: does it call startServer? "
            + "An app in another server tells by isServing(at:) of its AppHandler"))
    case .couldNotStart(let error): report(.warning("the app could not be started: \(error)"))
    case .left: checkStopped()
    }
  }

  private func swap(to app: AppProcess, from before: AppProcess?) {
    kept?.hasSwapped()
    gateway.use(.app(app.socket, generation: app.generation), drainLimit: .seconds(2)) { [weak self] in
      if let before { self?.apps.leave(before) }
    }
    let milliseconds = savedAt.map { (MonotonicTime.now - $0).wholeMilliseconds }
    savedAt = nil
    gateway.channel.swapped(to: app.generation, milliseconds: milliseconds)
    if hasBeenReady {
      report(
        .reloaded(
          milliseconds: milliseconds ?? 0, pages: gateway.channel.pageCount,
          restored: min(kept?.logs.count ?? 0, gateway.channel.pageCount)))
    } else {
      hasBeenReady = true
      report(.ready(url: url))
    }
  }

  private func crashed(_ crash: Crash, served: Duration?) {
    kept?.logs.appCrashed()
    if served != nil { gateway.use(.none) }
    let decision = throttle.crashed(afterServing: served)
    let told = CrashReport(crash.log, package: project.directory, renamed: project.renamed)
    let account = DevCrash(
      reason: crash.reason, diagnostics: told?.diagnostics ?? [], log: crash.log, waits: decision == .waitForSave)
    gateway.channel.appCrashed(account)
    report(.crashed(account))
    if case .restart(let delay) = decision, let executable = apps.executable, !builder.isBuilding {
      restart = Reactor.shared.schedule(after: delay) { [weak self] in self?.launch(executable) }
    }
  }
}

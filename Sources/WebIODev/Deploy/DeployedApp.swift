import Glibc
import WebIOHTTP
import WebIOPosix

/// One file's app: built when it is first asked for and when its contents have changed, run as a process of its own, and
/// stopped when nobody has used it for a while.
@EventLoop
final class DeployedApp {
  enum State {
    case idle
    case building
    case starting
    case serving
    /// The diagnostics, or the last lines before the crash.
    case broken([String])
  }

  private let file: String
  private let directory: String?
  private let prefix: String
  private var waitingSince = MonotonicTime.now
  private let options: DeployServer.Options
  private let builds: DeployBuilds
  private let metrics: DeployMetrics
  private(set) var state = State.idle
  /// Nil while there is no process.
  private(set) var lease: UpstreamLease?
  private var process: AppProcess?
  private var built: Fingerprint?
  private var generation = 0
  private var waiting: [@EventLoop () -> Void] = []
  private var lastUse = MonotonicTime.now
  private var splices = 0

  /// With `indexOf` it tells what is in that directory.
  init(
    _ file: String, _ prefix: String, _ options: DeployServer.Options, _ builds: DeployBuilds, _ metrics: DeployMetrics,
    indexOf directory: String? = nil
  ) {
    self.file = file
    self.directory = directory
    self.prefix = prefix
    self.options = options
    self.builds = builds
    self.metrics = metrics
  }

  /// As visitors see it: `/tools/bmi`.
  var path: String { prefix.isEmpty ? "/" : prefix }

  /// Where its process listens; nil without one.
  var address: SocketAddress? { lease == nil ? nil : process?.socket.address }

  /// How many are in each state.
  static func count(_ apps: some Sequence<DeployedApp>) -> [(name: String, count: Int)] {
    let names = ["idle", "building", "starting", "serving", "broken"]
    var counts: [String: Int] = [:]
    for app in apps { counts[app.stateName, default: 0] += 1 }
    return names.map { ($0, counts[$0] ?? 0) }
  }

  private var stateName: String {
    switch state {
    case .idle: "idle"
    case .building: "building"
    case .starting: "starting"
    case .serving: "serving"
    case .broken: "broken"
    }
  }

  /// Somebody asks for it.
  func touch() {
    lastUse = .now
    let fingerprint = Fingerprint(file)
    switch state {
    case .building, .starting: return
    case .broken, .serving: if fingerprint == built { return }
    case .idle: break
    }
    built = fingerprint
    build()
  }

  /// Calls `body` at the next change of the state.
  func whenChanged(_ body: @escaping @EventLoop () -> Void) { waiting.append(body) }

  func spliced() { splices += 1 }
  func spliceEnded() {
    splices -= 1
    lastUse = .now
  }

  /// What a visitor who waits is told.
  var progress: String {
    let seconds = (MonotonicTime.now - waitingSince).wholeMilliseconds / 1_000
    let time = seconds > 2 ? ", for \(seconds) seconds now" : ""
    guard case .building = state else { return "Just a moment: the app is starting." }
    switch builds.position(of: file) ?? 0 {
    case 0: return "Just a moment: the app is being compiled\(time)."
    case 1: return "Just a moment: the app is compiled after another one."
    case let count: return "Just a moment: the app is compiled after \(count) others."
    }
  }

  private func enter(_ state: State) {
    self.state = state
    let bodies = waiting
    waiting = []
    for body in bodies { body() }
  }

  private func build() {
    // The one that serves goes on until its successor does.
    if lease == nil { state = .building }
    waitingSince = .now
    // An executable is there already.
    guard Path.suffix(of: file) == "swift" else { return start(file) }
    builds.build(file) { [weak self] result in
      guard let self else { return }
      switch result {
      case .success(let executable): start(executable)
      case .failure(let broken):
        retire()
        enter(.broken(broken.lines))
      }
    }
  }

  private func start(_ executable: String) {
    generation += 1
    let generation = generation
    if lease == nil { state = .starting }
    var changes: [String: String?] = [
      "WEBIO_PREFIX": path, "WEBIO_DIRECTORY": directory,
      "WEBIO_METRICS_TOKEN": options.metrics == nil ? nil : options.metricsToken,
    ]
    changes.merge(AppDescriptions(file: file).environment) { $1 }
    do {
      let next = try AppProcess(
        executable: executable, directory: directory ?? Path.directory(of: file), environment: Environment.with(changes),
        generation: generation, token: "", dataLimit: options.memoryLimit
      ) { [weak self] event in self?.receive(event, generation) }
      // One that was on its way is outdated.
      if lease == nil { process?.stop() }
      successor?.stop()
      if lease == nil { process = next } else { successor = next }
    } catch {
      enter(.broken(["The app could not be started: \(error)"]))
    }
  }

  private var successor: AppProcess?

  private func receive(_ event: AppProcess.Event, _ generation: Int) {
    switch event {
    case .ready:
      guard generation == self.generation, let app = successor ?? process else { return }
      retire()
      process = app
      successor = nil
      lease = UpstreamLease(.app(app.socket, generation: generation))
      enter(.serving)
    case .output(let line): options.log("\(prefix): \(line)")
    case .crashed(let crash):
      metrics.crashes += 1
      options.log("\(prefix): ended with \(crash.reason)")
      if generation == successor?.generation {
        successor = nil
      } else if generation == process?.generation {
        lease?.replaced()
        lease = nil
        process = nil
      }
      // One that never served is not tried again until it is changed.
      if crash.isBeforeReady { enter(.broken(["The app ended with \(crash.reason)."] + crash.log)) } else { enter(.idle) }
    case .stopped: break
    }
  }

  /// Its sessions go on until their pages are closed, for ten minutes at most.
  private func retire() {
    guard let lease, let process else { return }
    self.lease = nil
    self.process = nil
    lease.replaced()
    let limit: Duration = splices > 0 ? .seconds(600) : .seconds(5)
    lease.drain(limit: .seconds(5)) { Reactor.shared.schedule(after: limit) { process.stop() } }
  }

  /// Nobody has used it for the time that the server allows.
  func evict(now: MonotonicTime) {
    guard case .serving = state, splices == 0, lease?.running == 0, now - lastUse >= options.idleTime else { return }
    metrics.evictions += 1
    lease?.replaced()
    lease = nil
    process?.stop()
    process = nil
    enter(.idle)
  }

  func stop() {
    process?.stop()
    successor?.stop()
  }
}

import Glibc
import WebIOHTTP
import WebIOPosix

/// Serves every Swift file below a directory as an app at its own path, until the process is told to stop. PyWebIO:
/// `path_deploy`, `path_deploy_http`.
///
///     try await pathDeploy(base: "apps")
///     try await pathDeploy(base: "apps", index: .custom { directory in
///       putMarkdown("# What is in \(directory.path)")
///       for entry in directory.entries { put(.link(entry.name, url: entry.link)) }
///     })
///
/// Swift files are compiled, so the work is that of the command: this is `webio serve`, which is looked for beside this program, then
/// in `PATH`. What it does is told there: `webio help serve`. A custom index is this program, started once more for each directory
/// that is visited: what stands before `pathDeploy` then runs there too.
///
/// - Parameters:
///   - base: the directory.
///   - index: what a directory without an `index.swift` shows.
///   - idle: how long an app goes on without a visitor.
///   - memory: what one app may allocate.
///   - metrics: where Prometheus finds the metrics, those of each app with a label `app`.
///
/// It returns after SIGTERM or SIGINT, or when its task is cancelled. Throws ``WebIOError/invalidArgument(_:)`` for what is no directory,
/// where there is no `webio`, and when that ends by itself.
public func pathDeploy(
  base: String, host: String = "localhost", port: Int = 8080, index: DirectoryIndex = .list, idle: Duration = .seconds(900),
  memory: ByteCount = "1G", metrics: MetricsAddress? = nil
) async throws {
  Script.isNotNeeded()
  if let directory = DeployedDirectory.current, case .custom(let body) = index {
    return try await startServer({ try await body(directory) })
  }
  guard let real = Files.resolve(base), Files.isDirectory(real) else {
    throw WebIOError.invalidArgument("pathDeploy: there is no directory \(base).")
  }
  let own = Files.resolve("/proc/self/exe") ?? ""
  let beside = Path.join(Path.directory(of: own), "webio")
  guard let command = Files.isExecutable(beside) ? beside : Environment.executable("webio") else {
    throw WebIOError.invalidArgument(
      "pathDeploy needs the command webio, beside this program or in PATH: it compiles the files.")
  }
  var arguments = ["serve", real, "--host", host, "--port", "\(port)", "--idle", "\(max(1, idle.wholeMilliseconds / 1_000))"]
  arguments += ["--memory", memory.description]
  if let metrics { arguments += ["--metrics", metrics.text] }
  switch index {
  case .list: break
  case .none: arguments.append("--no-index")
  case .custom: arguments += ["--index", own]
  }
  let status = try await Deployment(command, arguments).run()
  guard status.isSuccess || status == .exited(143) || status == .exited(130) else {
    throw WebIOError.invalidArgument("pathDeploy: webio serve ended with \(status).")
  }
}

/// What ``pathDeploy(base:host:port:index:idle:memory:metrics:)`` shows for a directory without an `index.swift`.
public enum DirectoryIndex: Sendable {
  /// Links to what is in it.
  case list
  /// Nothing: 404.
  case none
  /// An app.
  case custom(@Sendable (DeployedDirectory) async throws -> Void)
}

/// A directory of apps, as its index sees it.
public struct DeployedDirectory: Sendable {
  public struct Entry: Sendable, Equatable {
    /// Without `.swift`.
    public let name: String
    public let isDirectory: Bool
    /// From the index: relative, and with a slash behind a directory.
    public let link: String
  }

  /// As visitors see it: `/tools/`.
  public let path: String
  private let directory: String

  /// Of the app that `webio serve --index` has started; nil elsewhere.
  public static var current: DeployedDirectory? {
    guard let directory = Environment["WEBIO_DIRECTORY"], let prefix = Environment["WEBIO_PREFIX"] else { return nil }
    return DeployedDirectory(path: prefix == "/" ? "/" : "\(prefix)/", directory: directory)
  }

  /// The apps and directories in it now, by name; not those that visitors cannot reach.
  public var entries: [Entry] {
    let names = (try? Files.list(directory)) ?? []
    return names.sorted().compactMap { name in
      guard let first = name.utf8.first, first != UInt8(ascii: "_"), first != UInt8(ascii: ".") else { return nil }
      let file = Path.join(directory, name)
      if Files.isDirectory(file) { return Entry(name: name, isDirectory: true, link: "\(name)/") }
      guard Files.isFile(file), Path.suffix(of: name) == "swift", name != "Package.swift" else { return nil }
      let own = String(decoding: Array(name.utf8.dropLast(6)), as: UTF8.self)
      return Entry(name: own, isDirectory: false, link: own)
    }
  }
}

/// The command that does the work, from its start to its end.
@EventLoop
private final class Deployment {
  private let command: String
  private let arguments: [String]
  private var child: ChildProcess?
  private var isStopping = false

  nonisolated init(_ command: String, _ arguments: [String]) {
    self.command = command
    self.arguments = arguments
  }

  func run() async throws -> ChildStatus {
    for signal in [SIGTERM, SIGINT] { try ProcessSignals.observe(signal, once: true) { [weak self] in self?.stop() } }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { done in
        do {
          child = try ChildProcess(command, arguments, environment: Environment.all, output: .inherit) { status in
            self.child = nil
            done.resume(returning: self.isStopping ? .exited(0) : status)
          }
          if isStopping { stop() }
        } catch {
          done.resume(throwing: error)
        }
      }
    } onCancel: {
      EventLoop.run { self.stop() }
    }
  }

  private func stop() {
    isStopping = true
    child?.terminate(grace: .seconds(10))
  }
}

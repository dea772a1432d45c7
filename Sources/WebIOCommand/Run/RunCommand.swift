import Glibc
import WebIODev
import WebIOPosix

/// `webio run`: a release build, which then takes this process's place.
struct RunCommand {
  static let flags = [
    Flag("port", .required("N"), "the port to listen on, instead of the one in the app"),
    Flag("host", .required("H"), "the address to listen on, instead of the one in the app"),
    Flag("metrics", .required("PORT"), "where Prometheus finds the metrics: a port of this machine, or ADDRESS:PORT"),
    Flag("product", .required("NAME"), "which executable of the package to run"),
    Flag("toolkit", .required("PATH"), "the WebIO checkout that a single file uses"),
    Flag("toolkit-url", .required("URL@VERSION"), "the WebIO version that a single file uses"),
  ]

  private let arguments: Arguments

  init(_ words: [String]) throws { arguments = try Arguments(words, flags: Self.flags, maximum: 1) }

  func run() throws -> Never {
    let toolkit = try Toolkit(arguments).forSingleFiles
    let port = try arguments.port("port")
    let host = arguments.value("host")
    let path = arguments.positionals.first ?? "."
    let product = arguments.value("product")
    let metrics = arguments.value("metrics")
    let console = Console()
    RunLoop.run(console) {
      ReleaseRun(
        path, product, toolkit, ["WEBIO_PORT": port.map { String($0) }, "WEBIO_HOST": host, "WEBIO_METRICS": metrics], console)
    }
  }
}

/// Builds, then serves as a child until it ends.
@EventLoop
final class ReleaseRun: LongCommand {
  private let path: String
  private let product: String?
  private let toolkit: Project.Toolkit
  private let settings: [String: String?]
  private var environment: [String] = []
  private let console: Console
  private var child: ChildProcess?
  private var stopped: (@EventLoop () -> Void)?

  init(
    _ path: String, _ product: String?, _ toolkit: Project.Toolkit, _ settings: [String: String?], _ console: Console
  ) {
    self.path = path
    self.product = product
    self.toolkit = toolkit
    self.console = console
    // What is not given stays as it is in the environment.
    self.settings = settings.filter { $0.value != nil }
  }

  func start() {
    Task { @EventLoop [self] in
      do {
        let project = try await Project.load(path, product: product, toolkit: toolkit)
        environment = Environment.with(settings.merging(AppDescriptions(of: project).environment) { $1 })
        try build(project)
      } catch {
        RunLoop.fail(error)
      }
    }
  }

  private func build(_ project: Project) throws {
    let scratch = Path.join(project.directory, ".build/webio-run")
    let arguments = ["build", "-c", "release", "--product", project.product, "--scratch-path", scratch]
    try start(project.toolchain.swift, arguments, project.directory) { [self] status in
      guard status.isSuccess else { return RunLoop.fail(CommandError(.failed, "The release build failed.")) }
      serve(Path.join(scratch, "release/\(project.product)"), project.workingDirectory)
    }
  }

  private func serve(_ executable: String, _ directory: String) {
    do {
      try start(executable, [], directory) { status in
        if status.isSuccess { return RunLoop.end(.done) }
        RunLoop.fail(CommandError(.failed, "The app ended: \(status)."))
      }
    } catch {
      RunLoop.fail(error)
    }
  }

  private func start(
    _ path: String, _ arguments: [String], _ directory: String, ended: @escaping @EventLoop (ChildStatus) -> Void
  ) throws {
    child = try ChildProcess(path, arguments, environment: environment, directory: directory, output: .inherit) {
      [self] status in
      child = nil
      if let stopped { return stopped() }
      ended(status)
    }
  }

  func stop(_ completion: @escaping @EventLoop () -> Void) {
    guard let child else { return completion() }
    stopped = completion
    child.terminate(grace: .seconds(6))
  }
}

import Glibc
import WebIODev
import WebIOPosix

/// `webio run`: a release build, which then serves until it is told to stop.
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
  private let output: DevOutput
  private var builder: Builder?
  private var child: ChildProcess?
  private var stopped: (@EventLoop () -> Void)?

  init(
    _ path: String, _ product: String?, _ toolkit: Project.Toolkit, _ settings: [String: String?], _ console: Console
  ) {
    self.path = path
    self.product = product
    self.toolkit = toolkit
    self.console = console
    output = DevOutput(console, waitsForSaves: false)
    // What is not given stays as it is in the environment.
    self.settings = settings.filter { $0.value != nil }
  }

  func start() {
    Task { @EventLoop [self] in
      do {
        let project = try await Project.load(path, product: product, toolkit: toolkit)
        environment = Environment.with(settings.merging(AppDescriptions(of: project).environment) { $1 })
        build(project)
      } catch {
        RunLoop.fail(error)
      }
    }
  }

  private func build(_ project: Project) {
    let builder = Builder(.releaseBuild(project), package: project.directory, renamed: project.renamed) { [weak self] event in
      switch event {
      case .started: self?.output.show(.building)
      case .progress(let progress): self?.output.show(.progress(progress))
      case .waiting(let words): self?.console.note(words)
      case .compiled: break
      case .finished(let result): self?.receive(result, project)
      }
    }
    self.builder = builder
    builder.build()
  }

  private func receive(_ result: BuildResult, _ project: Project) {
    switch result {
    case .built(let executable, let milliseconds):
      output.show(.built(milliseconds: milliseconds, warnings: builder?.warnings ?? []))
      output.stop()
      serve(executable, project.workingDirectory)
    case .failed(let diagnostics, let log):
      output.show(.buildFailed(diagnostics, log: log))
      RunLoop.end(.failed)
    }
  }

  private func serve(_ executable: String, _ directory: String) {
    do {
      child = try ChildProcess(executable, [], environment: environment, directory: directory, output: .inherit) {
        [self] status in
        child = nil
        if let stopped { return stopped() }
        if status.isSuccess { return RunLoop.end(.done) }
        // An app ends with 3 where its port is taken, as this does, and has said so.
        RunLoop.fail(CommandError(status == .exited(3) ? .portTaken : .failed, "The app ended: \(status)."))
      }
    } catch {
      RunLoop.fail(error)
    }
  }

  /// The app has the time that its own limits give its sessions; a second signal ends it at once.
  func stop(_ completion: @escaping @EventLoop () -> Void) {
    output.stop()
    if let child {
      stopped = completion
      child.signal(SIGTERM)
    } else if let builder {
      builder.stop(completion)
    } else {
      completion()
    }
  }
}

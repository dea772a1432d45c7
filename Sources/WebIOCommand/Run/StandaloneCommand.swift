import Glibc
import WebIO
import WebIODev
import WebIOPosix

/// `webio build`: a release build as one executable, with Swift's runtime and the page within it.
struct StandaloneCommand {
  static let flags = [
    Flag(
      "output", .required("FILE"), "where the executable goes; .build/NAME of the package without it, or NAME here for a file"),
    Flag("symbols", .none, "keep the symbols, so that a crash tells its places; it is larger then"),
    Flag("json", .none, "print events, one JSON object a line, on standard output"),
    Flag("product", .required("NAME"), "which executable of the package to build"),
    Flag("toolkit", .required("PATH"), "the WebIO checkout that a single file uses"),
    Flag("toolkit-url", .required("URL@VERSION"), "the WebIO version that a single file uses"),
  ]

  private let arguments: Arguments

  init(_ words: [String]) throws { arguments = try Arguments(words, flags: Self.flags, maximum: 1) }

  func run() throws -> Never {
    var request = StandaloneBuild.Request(
      path: arguments.positionals.first ?? ".", toolkit: try Toolkit(arguments).forSingleFiles)
    request.product = arguments.value("product")
    request.output = arguments.value("output")
    request.keepsSymbols = arguments.has("symbols")
    if let output = request.output, Files.isDirectory(output) {
      throw CommandError.usage(
        "--output \(output) is a directory.", advice: "Name the file: --output \(Path.join(output, "app")).")
    }
    let console = Console(json: arguments.has("json"))
    let prepared = request
    RunLoop.run(console) { StandaloneBuild(prepared, console) }
  }
}

@EventLoop
private final class StandaloneBuild: LongCommand {
  struct Request: Sendable {
    var path: String
    var toolkit: Project.Toolkit
    var product: String?
    var output: String?
    var keepsSymbols = false
  }

  private let request: Request
  private let console: Console
  private var child: ChildProcess?
  private var stopped: (@EventLoop () -> Void)?

  init(_ request: Request, _ console: Console) {
    self.request = request
    self.console = console
  }

  func start() {
    Task { @EventLoop [self] in
      do {
        try build(try await Project.load(request.path, product: request.product, toolkit: request.toolkit))
      } catch {
        RunLoop.fail(error)
      }
    }
  }

  private func build(_ project: Project) throws {
    guard project.toolchain.hasStaticRuntime else {
      throw CommandError(
        .requirementMissing, "The toolchain of \(project.toolchain.swift) brings no static runtime.",
        advice: "Install one from https://www.swift.org/install/linux: usr/lib/swift_static is part of it.")
    }
    // Statically linked objects and others would push each other out of one scratch path.
    let scratch = "\(project.scratchPath)-static"
    var arguments = [
      "build", "-c", "release", "--static-swift-stdlib", "--product", project.product, "--scratch-path", scratch,
      "--disable-index-store",
    ]
    if !request.keepsSymbols { arguments += ["-Xlinker", "-s"] }
    console.note("Building \(project.product) for release: this takes a minute or two the first time.")
    console.event("building")
    // What it says is for a person, and standard output may be an event's reader.
    child = try ChildProcess(
      project.toolchain.swift, arguments, environment: project.toolchain.environment, directory: project.directory,
      output: console.isJSON ? .pipe { _ = write(2, $0.baseAddress, $0.count) } : .inherit
    ) { [self] status in
      child = nil
      if let stopped { return stopped() }
      guard status.isSuccess else { return RunLoop.fail(CommandError(.failed, "The release build failed.")) }
      do { try keep(Path.join(scratch, "release/\(project.product)"), project) } catch { RunLoop.fail(error) }
    }
  }

  private func keep(_ executable: String, _ project: Project) throws {
    let isFile = !project.renamed.isEmpty
    let name = isFile ? String(decoding: Array(Path.name(of: request.path).utf8.dropLast(6)), as: UTF8.self) : project.name
    let target = request.output ?? (isFile ? name : Path.join(Path.join(project.directory, ".build"), name))
    guard !Files.isDirectory(target) else {
      throw CommandError(.failed, "\(target) is a directory.", advice: "Name another place with --output FILE.")
    }
    var bytes = try Files.read(executable, limit: 1 << 30)
    if let text = AppDescriptions(of: project).json { ExecutableTrailer.append(text, to: &bytes) }
    let directory = Path.directory(of: target)
    if !directory.isEmpty { try Files.makeDirectories(directory) }
    try Files.replace(target, bytes, mode: 0o755)
    console.event("executable", ["path": .string(target), "bytes": .int(Int64(bytes.count))])
    console.note("\(target) is \(Self.megabytes(bytes.count)) and needs nothing of Swift where it runs.")
    RunLoop.end(.done)
  }

  /// `8.4 MB`, in millions of bytes.
  static func megabytes(_ count: Int) -> String { "\(count / 1_000_000).\(count / 100_000 % 10) MB" }

  func stop(_ completion: @escaping @EventLoop () -> Void) {
    guard let child else { return completion() }
    stopped = completion
    child.terminate(grace: .seconds(6))
  }
}

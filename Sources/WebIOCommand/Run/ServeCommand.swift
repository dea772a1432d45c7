import Glibc
import WebIO
import WebIODev
import WebIOHTTP
import WebIOPosix

/// `webio serve`: every Swift file of a directory is an app at its own path.
struct ServeCommand {
  static let flags = [
    Flag("port", .required("N"), "the port to listen on; 8080 without it"),
    Flag("host", .required("H"), "the address to listen on; this machine only without it"),
    Flag("index", .required("FILE"), "a Swift file that is the app of each directory without an index.swift"),
    Flag("no-index", .none, "no lists of what is in a directory"),
    Flag("idle", .required("SECONDS"), "an app that nobody has used for so long is stopped; 900 without it"),
    Flag("memory", .required("SIZE"), "what one app may allocate; 1G without it"),
    Flag(
      "metrics", .required("PORT"),
      "where Prometheus finds the metrics, each app's among them: a port of this machine, or ADDRESS:PORT"),
    Flag("json", .none, "print events, one JSON object a line, on standard output"),
    Flag("debug", .none, "builds that are quicker to make and slower to run"),
    Flag("toolkit", .required("PATH"), "the WebIO checkout that the files use"),
    Flag("toolkit-url", .required("URL@VERSION"), "the WebIO version that the files use"),
  ]

  private let arguments: Arguments

  init(_ words: [String]) throws {
    arguments = try Arguments(words, flags: Self.flags, maximum: 1)
    guard arguments.positionals.count == 1 else {
      throw CommandError.usage("Which directory?", advice: "Write webio serve DIR.")
    }
  }

  func run() throws -> Never {
    let path = arguments.positionals[0]
    guard let directory = Files.resolve(path) else { throw CommandError.usage("There is no \(path).") }
    guard Files.isDirectory(directory) else {
      throw CommandError.usage("\(path) is no directory.", advice: "A single file is served by webio run \(path).")
    }
    var options = DeployServer.Options(directory: directory, toolkit: try Toolkit(arguments).forSingleFiles)
    options.isRelease = !arguments.has("debug")
    options.hasIndex = !arguments.has("no-index")
    if let text = arguments.value("index") {
      guard let file = Files.resolve(text), Path.suffix(of: file) == "swift" ? Files.isFile(file) : Files.isExecutable(file)
      else {
        throw CommandError.usage("--index \(text) is no Swift file.")
      }
      options.indexApp = file
    }
    if let text = arguments.value("idle") {
      guard let seconds = ASCII.decimal(text), (1...31_536_000).contains(seconds) else {
        throw CommandError.usage("--idle \(text) is no number of seconds.")
      }
      options.idleTime = .seconds(seconds)
    }
    if let text = arguments.value("memory") {
      guard let bytes = ByteCount(stringLiteral: text).bytes, bytes >= 16 << 20 else {
        throw CommandError.usage("--memory \(text) is no size of 16M or more.")
      }
      options.memoryLimit = bytes
    }
    if let text = arguments.value("metrics") {
      guard let address = MetricsAddress(text) else {
        throw CommandError.usage("--metrics \(text) is no address.", advice: "Write --metrics 9464, or --metrics 0.0.0.0:9464.")
      }
      options.metrics = try ListenAddress.all(host: address.host, port: address.port)
    }
    let host = arguments.value("host") ?? "localhost"
    let port = try arguments.port("port") ?? 8080
    let console = Console(json: arguments.has("json"))
    options.log = { console.note($0) }
    options.onBuild = { file, result in
      guard let result else { return console.event("building", ["file": .string(file)]) }
      if !result.isGood { console.note("\(file) does not compile.") }
      console.event(
        result.isGood ? "built" : "buildFailed", ["file": .string(file), "ms": .int(Int64(result.milliseconds))])
    }
    let prepared = options
    RunLoop.run(console) { try Serving(prepared, host, port, console) }
  }
}

@EventLoop
private final class Serving: LongCommand {
  private let server: DeployServer
  private let addresses: [SocketAddress]
  private let token: String
  private let isLoopback: Bool
  private let console: Console

  init(_ options: DeployServer.Options, _ host: String, _ port: UInt16, _ console: Console) throws {
    var options = options
    addresses = try ListenAddress.all(host: host, port: Int(port))
    isLoopback = addresses.allSatisfy { $0.isLoopback }
    if !isLoopback { options.hostGate = nil }
    token = options.token
    server = try DeployServer(options)
    self.console = console
  }

  func start() throws {
    let port = try server.listen(on: addresses)
    let url = "http://localhost:\(port)/"
    console.note("The apps are at \(url)")
    console.note("To see why one does not build, open \(url)?webio-token=\(token)")
    var members: JSONObject = ["url": .string(url), "developerURL": .string("\(url)?webio-token=\(token)")]
    if let metrics = server.metricsPort {
      console.note("Their metrics are at port \(metrics), below /metrics")
      members["metricsPort"] = .int(Int64(metrics))
    }
    console.event("ready", members)
  }

  func stop(_ completion: @escaping @EventLoop () -> Void) { server.stop(completion) }
}

import WebIODev
import WebIOHTTP
import WebIOPosix
import WebIOTunnel

/// `webio share`: the gateway, and a tunnel to it. A PATH is run as `webio dev` runs it; a PORT or URL is what others run.
struct ShareCommand {
  static let flags =
    TunnelRunner.flags + [
      Flag("auth", .required("USER:PASS"), "ask visitors for a password"),
      Flag("expire", .required("2h"), "end after this time: s, m, h or d"),
      Flag("allow", .required("CIDR"), "let only these addresses in, separated by commas"),
      Flag("json", .none, "print events as JSON lines on standard output"),
      Flag("url-only", .none, "print the address alone on standard output"),
      Flag("toolkit", .required("PATH"), "the WebIO checkout that a single file uses"),
      Flag("toolkit-url", .required("URL@VERSION"), "the WebIO version that a single file uses"),
    ]

  private let arguments: Arguments
  private let console: Console

  init(_ words: [String]) throws {
    arguments = try Arguments(words, flags: Self.flags, maximum: 1)
    console = Console(json: arguments.has("json"))
  }

  func run() throws -> Never {
    let configuration = try TunnelRunner.configuration(arguments)
    let gate = try Self.gate(arguments)
    let printsOnlyURL = arguments.has("url-only")
    let target = arguments.positionals.first ?? "."
    guard let server = try server(target) else {
      try DevServer.run(
        path: target, arguments, console,
        sharing: DevServer.Sharing(configuration: configuration, gate: gate, printsOnlyURL: printsOnlyURL))
    }
    RunLoop.run(console) { [console] in
      ShareServer(server, configuration, gate, console, printsOnlyURL: printsOnlyURL)
    }
  }

  /// `--auth`, `--allow` and `--expire`.
  static func gate(_ arguments: Arguments) throws -> PublicGate {
    var gate = PublicGate()
    if let credentials = arguments.value("auth") {
      let parts = credentials.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1)
      guard parts.count == 2 else {
        throw CommandError.usage("--auth \(credentials) has no password.", advice: "Write --auth USER:PASS.")
      }
      gate.credentials = credentials
    }
    for text in (arguments.value("allow") ?? "").split(separator: ",") {
      guard let network = PublicGate.Network(String(text)) else {
        throw CommandError.usage("\(text) is no range of addresses.", advice: "Write --allow 203.0.113.0/24.")
      }
      gate.networks.append(network)
    }
    if let text = arguments.value("expire") {
      guard let duration = duration(text) else {
        throw CommandError.usage(
          "\(text) is no time.", advice: "Write --expire 30m or --expire 2h; units are s, m, h, d.")
      }
      gate.expiry = MonotonicTime.now + duration
    }
    return gate
  }

  private static func duration(_ text: String) -> Duration? {
    let digits = text.utf8.prefix(while: ASCII.isDigit)
    guard digits.count <= 6, let number = ASCII.decimal(String(decoding: Array(digits), as: UTF8.self)), number > 0
    else { return nil }
    switch text.utf8.dropFirst(digits.count).map({ $0 }) {
    case [UInt8(ascii: "s")]: return .seconds(number)
    case [UInt8(ascii: "m")]: return .seconds(number * 60)
    case [UInt8(ascii: "h")]: return .seconds(number * 3_600)
    case [UInt8(ascii: "d")]: return .seconds(number * 86_400)
    default: return nil
    }
  }

  /// Nil for a path.
  private func server(_ target: String) throws -> (host: String, port: UInt16, rewritesHost: Bool)? {
    if target.utf8.allSatisfy(ASCII.isDigit) {
      guard let port = Arguments.port(target), port > 0 else {
        throw CommandError.usage("\(target) is no port.", advice: "Ports go from 1 to 65535.")
      }
      return ("localhost", port, false)
    }
    guard let separator = Array(target.utf8).firstRange(of: Array("://".utf8)) else { return nil }
    guard target.hasPrefix("http://") else {
      throw CommandError.usage(
        "webio share cannot reach \(target).", advice: "Share an http:// address, a port, or a package.")
    }
    var rest = Array(target.utf8)[separator.upperBound...]
    if let slash = rest.firstIndex(of: UInt8(ascii: "/")) { rest = rest[..<slash] }
    let colon = rest.lastIndex(of: UInt8(ascii: ":"))
    let host = String(decoding: rest[..<(colon ?? rest.endIndex)], as: UTF8.self)
    let port = colon.map { String(decoding: rest[($0 + 1)...], as: UTF8.self) } ?? "80"
    guard let number = Arguments.port(port), number > 0, !host.isEmpty else {
      throw CommandError.usage("\(target) is no address.", advice: "Write http://HOST:PORT.")
    }
    return (host, number, true)
  }
}

/// A tunnel to a server that somebody else runs.
@EventLoop
final class ShareServer: LongCommand {
  private let gateway: Gateway
  private let tunnel: TunnelRunner
  private let expiry: MonotonicTime?

  init(
    _ server: (host: String, port: UInt16, rewritesHost: Bool), _ configuration: TunnelConfiguration,
    _ gate: PublicGate, _ console: Console, printsOnlyURL: Bool
  ) {
    var options = Gateway.Options()
    options.publicGate = gate
    options.waitingPage = PageParts.waitingPage
    gateway = Gateway(options)
    gateway.use(.server(host: server.host, port: server.port, rewritesHost: server.rewritesHost))
    gateway.onRequest = { RequestLog.show($0, console) }
    expiry = gate.expiry
    tunnel = TunnelRunner(configuration, console, printsOnlyURL: printsOnlyURL) { RunLoop.fail($0) }
  }

  func start() {
    tunnel.start(accept: { [gateway] in gateway.server.accept($0) }, newURL: { _ in })
    if let expiry { Reactor.shared.schedule(after: expiry - MonotonicTime.now) { RunLoop.end(.done) } }
  }

  func stop(_ completion: @escaping @EventLoop () -> Void) {
    tunnel.stop { [gateway] in gateway.stop(completion) }
  }
}

/// A line for each request that came from outside.
@EventLoop
enum RequestLog {
  static func show(_ entry: Gateway.LogEntry, _ console: Console) {
    guard entry.side == .public else { return }
    console.event(
      "request",
      [
        "method": .string(entry.method), "path": .string(entry.path), "status": .int(Int64(entry.status)),
        "ms": .int(Int64(entry.milliseconds)), "from": .string(entry.from),
      ])
    let color: Console.Style = entry.status < 400 ? .green : entry.status < 500 ? .yellow : .red
    console.note(
      "\(console.styled("\(entry.status)", color)) \(entry.method) \(entry.path)  \(entry.milliseconds) ms  \(entry.from)"
    )
  }
}

import WebIODev
import WebIOHTTP
import WebIOPosix
import WebIOTunnel

/// `webio share`: the gateway, and a tunnel to it. A PATH is run as `webio dev` runs it; a PORT or URL is what others run.
struct ShareCommand {
  static let flags =
    TunnelGroup.flags + [
      Flag("auth", .required("USER:PASS"), "ask visitors for a password"),
      Flag("expire", .required("2h"), "end after this time: s, m, h or d"),
      Flag("allow", .required("CIDR"), "let only these addresses in, separated by commas"),
      Flag("inspect", .optional("PORT"), "show the visitors' requests on a local page (default: port 4040)"),
    ] + TunnelPresentation.flags + [
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
    let sharing = try Sharing(arguments, vias: arguments.values("via"))
    let target = arguments.positionals.first ?? "."
    guard let server = try server(target) else {
      try DevServer.run(path: target, arguments, console, sharing: sharing, sharesAtOnce: true)
    }
    RunLoop.run(console) { [console] in ShareServer(server, sharing, console) }
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

import WebIODev
import WebIOHTTP
import WebIOPosix
import WebIOTunnel

/// What the flags say about a share: through which tunnels, for whom, until when, and how it is shown.
struct Sharing: Sendable {
  let configurations: [TunnelConfiguration]
  let gate: PublicGate
  let presentation: TunnelPresentation
  /// Nil: no inspector. 0: port 4040, or the next free one.
  let inspectorPort: UInt16?

  /// Throws usage errors before anything is connected.
  init(_ arguments: Arguments, vias: [String]) throws {
    configurations = try TunnelGroup.configurations(arguments, vias: vias)
    gate = try Self.gate(arguments)
    var presentation = try TunnelPresentation(arguments)
    presentation.audience = Self.audience(of: gate, arguments)
    self.presentation = presentation
    inspectorPort = try Self.inspectorPort(arguments)
  }

  private static func inspectorPort(_ arguments: Arguments) throws -> UInt16? {
    guard let text = arguments.value("inspect") else { return nil }
    if text.isEmpty { return 0 }
    guard let port = Arguments.port(text), port > 0 else {
      throw CommandError.usage("--inspect=\(text) is no port.", advice: "Ports go from 1 to 65535.")
    }
    return port
  }

  /// The one clause that says who can reach the app.
  private static func audience(of gate: PublicGate, _ arguments: Arguments) -> String {
    var who = gate.networks.isEmpty ? "anyone with this address" : "only \(arguments.value("allow") ?? "")"
    if gate.credentials != nil { who += gate.networks.isEmpty ? " and the password" : " with the password" }
    let until = arguments.value("expire").map { ", for \($0)" } ?? ""
    return "\(who) can reach the app\(until)"
  }

  /// `--auth`, `--allow` and `--expire`.
  private static func gate(_ arguments: Arguments) throws -> PublicGate {
    var gate = PublicGate()
    if let credentials = arguments.value("auth") {
      let parts = credentials.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1)
      guard parts.count == 2 else {
        throw CommandError.usage("--auth wants a user and a password.", advice: "Write --auth USER:PASS.")
      }
      gate.credentials = credentials
    }
    // Nothing allowed is not everybody: a variable of a script may be empty.
    for text in arguments.value("allow").map({ $0.split(separator: ",", omittingEmptySubsequences: false) }) ?? [] {
      let words = text.split(separator: " ")
      guard words.count == 1, let network = PublicGate.Network(String(words[0])) else {
        throw CommandError.usage(
          "\"\(text)\" is no range of addresses.", advice: "Write --allow 203.0.113.0/24,2001:db8::/32.")
      }
      gate.networks.append(network)
    }
    if let text = arguments.value("expire") {
      guard let duration = duration(text) else {
        throw CommandError.usage(
          "\(text) is no time.", advice: "Write --expire 30m or --expire 2h; units are s, m, h, d.")
      }
      gate.expiry = .sinceBoot + duration
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

  /// Ends the command when its time is over. In slices, because the clock of timers stands still while the machine sleeps.
  @EventLoop
  func endInTime() {
    guard let expiry = gate.expiry else { return }
    let left = expiry - .sinceBoot
    guard left > .zero else { return RunLoop.end(.done) }
    Reactor.shared.schedule(after: min(left, .seconds(30))) { endInTime() }
  }

  /// Starts the inspector where one is wanted, and says where it is. Throws `DevError`.
  @EventLoop
  func inspector(of gateway: Gateway, _ console: Console) throws -> Inspector? {
    guard let inspectorPort else { return nil }
    let inspector = Inspector(gateway, page: PageParts.inspectorPage, assets: PageParts.inspectorAssets)
    let url = try inspector.start(port: inspectorPort == 0 ? nil : inspectorPort)
    console.event("inspector", ["url": .string(url)])
    console.note("inspector: \(console.styled(url, .bold))  (this machine only)")
    return inspector
  }
}

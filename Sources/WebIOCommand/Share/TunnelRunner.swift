import WebIOHTTP
import WebIOPosix
import WebIOTunnel

/// A tunnel and what the terminal shows of it: for `webio share` and `webio dev --share` alike.
@EventLoop
final class TunnelRunner {
  private let console: Console
  private let presentation: TunnelPresentation
  private let configuration: TunnelConfiguration
  private let failed: @EventLoop (TunnelError) -> Void
  private var tunnel: Tunnel?
  private(set) var url: String?

  init(
    _ configuration: TunnelConfiguration, _ console: Console, _ presentation: TunnelPresentation,
    failed: @escaping @EventLoop (TunnelError) -> Void
  ) {
    self.configuration = configuration
    self.console = console
    self.presentation = presentation
    self.failed = failed
  }

  nonisolated static func configuration(_ arguments: Arguments, via: String) throws -> TunnelConfiguration {
    var configuration = try TunnelConfiguration(via: via)
    configuration.name = arguments.value("name")
    configuration.domain = arguments.value("domain")
    configuration.identityFile = arguments.value("identity")
    configuration.knownHostsFile = arguments.value("known-hosts")
    configuration.bindHost = arguments.value("bind")
    configuration.needsVisitorAddresses = arguments.value("allow") != nil
    if let engine = arguments.value("engine") {
      guard let engine = TunnelConfiguration.Engine(rawValue: engine) else {
        throw CommandError.usage("There is no engine \"\(engine)\".", advice: "There are auto, libssh2 and ssh.")
      }
      configuration.engine = engine
    }
    try configuration.validate()
    return configuration
  }

  /// `newURL` hears of each address, also of one that replaces another.
  func start(
    accept: @escaping @EventLoop (any ByteStream) -> Void, newURL: @escaping @EventLoop (PublicURL) -> Void
  ) {
    let tunnel = Tunnel(configuration, accept: accept) { [weak self] event in self?.show(event, newURL) }
    self.tunnel = tunnel
    tunnel.start()
  }

  func stop(_ completion: @escaping @EventLoop () -> Void) {
    guard let tunnel else { return completion() }
    self.tunnel = nil
    tunnel.stop(completion)
  }

  private func show(_ event: TunnelEvent, _ newURL: @EventLoop (PublicURL) -> Void) {
    switch event {
    case .connecting(let attempt):
      if attempt == 1 { console.note(console.styled("connecting to \(configuration.target) …", .dim)) }
    case .notice(let line): console.note(console.styled("  \(line)", .dim))
    case .firstUse(let host, let fingerprint, let type, let file):
      console.note("first contact with \(host): its \(type) key is \(fingerprint), remembered in \(file)")
    case .open(let url, let provider): opened(PublicURL(url: url, provider: provider), newURL)
    case .reconnecting(let attempt, let reason, let delay):
      console.event(
        "reconnecting",
        [
          "attempt": .int(Int64(attempt)), "reason": .string(reason),
          "provider": .string(configuration.target.description),
        ])
      console.warning(
        "the tunnel by \(configuration.target) is down (\(reason)); next attempt in \(seconds(delay))")
    case .failed(let error):
      tunnel = nil
      failed(error)
    case .closed: break
    }
  }

  private func opened(_ address: PublicURL, _ newURL: @EventLoop (PublicURL) -> Void) {
    let before = url
    url = address.url
    newURL(address)
    console.event("public", ["url": .string(address.url), "provider": .string(address.provider)])
    let shown = console.styled(address.url, .bold)
    guard before != url else { return console.note("the tunnel is back: \(shown)") }
    if presentation.printsOnlyURL, !console.isJSON { console.result(address.url) }
    if !presentation.printsOnlyURL {
      let what = before == nil ? "public:  " : "public, and the address before it is gone:  "
      console.note("\(what)\(shown)  (by \(address.provider); \(presentation.audience))")
    }
    if !console.isJSON { presentation.showCode(of: address.url, console) }
  }

  private func seconds(_ duration: Duration) -> String {
    let milliseconds = duration.wholeMilliseconds
    return milliseconds < 1_000 ? "\(milliseconds) ms" : "\((milliseconds + 500) / 1_000) s"
  }
}

/// Where the app can be reached from everywhere.
struct PublicURL: Sendable, Equatable {
  let url: String
  let provider: String
}

/// How an address is shown.
struct TunnelPresentation: Sendable {
  var printsOnlyURL = false
  /// Nil: on a terminal only.
  var drawsCode: Bool?
  /// One clause that says who can reach the app.
  var audience = "anyone with this address can reach the app"

  static let flags = [
    Flag("qr", .none, "draw the address as a QR code (default: on a terminal)"),
    Flag("no-qr", .none, "draw no QR code"),
  ]

  init() {}

  /// Throws a usage error when the flags exclude each other.
  init(_ arguments: Arguments) throws {
    if arguments.has("qr"), arguments.has("no-qr") {
      throw CommandError.usage("--qr and --no-qr exclude each other.")
    }
    if arguments.has("qr") { drawsCode = true }
    if arguments.has("no-qr") { drawsCode = false }
    printsOnlyURL = arguments.has("url-only")
    if printsOnlyURL, drawsCode == nil { drawsCode = false }
  }

  func showCode(of url: String, _ console: Console) {
    guard drawsCode ?? console.isInteractive, let code = QRCode(Array(url.utf8)) else { return }
    let picture = QRPicture(code)
    if drawsCode == nil, let columns = console.columns, columns < picture.width { return }
    for line in picture.lines(usesColor: console.usesColor) { console.note(line) }
  }
}

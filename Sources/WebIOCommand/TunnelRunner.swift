import WebIOHTTP
import WebIOPosix
import WebIOTunnel

/// A tunnel and what the terminal shows of it: for `webio share` and `webio dev --share` alike.
@EventLoop
final class TunnelRunner {
  nonisolated static let flags = [
    Flag("via", .required("PROVIDER"), "localhost.run (default), or ssh://[user@]host[:port]"),
    Flag("name", .required("NAME"), "the name below the provider's domain that you wish for"),
    Flag("domain", .required("DOMAIN"), "a domain of your own, where the provider takes one"),
    Flag("identity", .required("FILE"), "the private key to log in with"),
    Flag("known-hosts", .required("FILE"), "where host keys are remembered"),
    Flag("engine", .required("auto|libssh2|ssh"), "which SSH implementation carries the tunnel"),
  ]

  private let console: Console
  private let printsOnlyURL: Bool
  private let configuration: TunnelConfiguration
  private let failed: @EventLoop (TunnelError) -> Void
  private var tunnel: Tunnel?
  private(set) var url: String?

  init(
    _ configuration: TunnelConfiguration, _ console: Console, printsOnlyURL: Bool,
    failed: @escaping @EventLoop (TunnelError) -> Void
  ) {
    self.configuration = configuration
    self.console = console
    self.printsOnlyURL = printsOnlyURL
    self.failed = failed
  }

  nonisolated static func configuration(_ arguments: Arguments, via: String? = nil) throws -> TunnelConfiguration {
    var configuration = try TunnelConfiguration(via: via ?? arguments.value("via") ?? "localhost.run")
    configuration.name = arguments.value("name")
    configuration.domain = arguments.value("domain")
    configuration.identityFile = arguments.value("identity")
    configuration.knownHostsFile = arguments.value("known-hosts")
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
  func start(accept: @escaping @EventLoop (any ByteStream) -> Void, newURL: @escaping @EventLoop (String) -> Void) {
    let tunnel = Tunnel(configuration, accept: accept) { [weak self] event in self?.show(event, newURL) }
    self.tunnel = tunnel
    tunnel.start()
  }

  func stop(_ completion: @escaping @EventLoop () -> Void) {
    guard let tunnel else { return completion() }
    self.tunnel = nil
    tunnel.stop(completion)
  }

  private func show(_ event: TunnelEvent, _ newURL: @EventLoop (String) -> Void) {
    switch event {
    case .connecting(let attempt):
      if attempt == 1 { console.note(console.styled("connecting to \(configuration.target) …", .dim)) }
    case .notice(let line): console.note(console.styled("  \(line)", .dim))
    case .firstUse(let host, let fingerprint, let type, let file):
      console.note("first contact with \(host): its \(type) key is \(fingerprint), remembered in \(file)")
    case .open(let url, let provider): opened(url, provider, newURL)
    case .reconnecting(let attempt, let reason, let delay):
      console.event("reconnecting", ["attempt": .int(Int64(attempt)), "reason": .string(reason)])
      console.warning("the tunnel is down (\(reason)); next attempt in \(seconds(delay))")
    case .failed(let error):
      tunnel = nil
      failed(error)
    case .closed: break
    }
  }

  private func opened(_ url: String, _ provider: String, _ newURL: @EventLoop (String) -> Void) {
    let isNew = url != self.url
    self.url = url
    newURL(url)
    console.event("public", ["url": .string(url), "provider": .string(provider)])
    guard isNew else { return console.note("the tunnel is back: \(console.styled(url, .bold))") }
    if printsOnlyURL {
      if !console.isJSON { console.result(url) }
    } else {
      console.note(
        "public:  \(console.styled(url, .bold))  (by \(provider); anyone with this address can reach the app)")
    }
  }

  private func seconds(_ duration: Duration) -> String {
    let milliseconds = duration.wholeMilliseconds
    return milliseconds < 1_000 ? "\(milliseconds) ms" : "\((milliseconds + 500) / 1_000) s"
  }
}

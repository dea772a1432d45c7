import WebIOHTTP
import WebIOPosix
import WebIOTunnel

/// The tunnels of one command: each has its own address and its own fate. The command ends when the last one has failed.
@EventLoop
final class TunnelGroup {
  nonisolated static let flags = [
    Flag("via", .required("PROVIDER"), "localhost.run (default), or ssh://[user@]host[:port]; repeat it for several"),
    Flag("name", .required("NAME"), "the name below the provider's domain that you wish for"),
    Flag("domain", .required("DOMAIN"), "a domain of your own, where the provider takes one"),
    Flag("bind", .required("ADDRESS"), "the address that your own ssh server listens on, such as 0.0.0.0"),
    Flag("identity", .required("FILE"), "the private key to log in with"),
    Flag("known-hosts", .required("FILE"), "where host keys are remembered"),
    Flag("engine", .required("auto|libssh2|ssh"), "which SSH implementation carries the tunnel"),
  ]

  private let console: Console
  private let configurations: [TunnelConfiguration]
  private let presentation: TunnelPresentation
  private let failed: @EventLoop (TunnelError) -> Void
  private var runners: [TunnelRunner] = []

  /// `failed` is called with the last tunnel's error when there is none left.
  init(
    _ configurations: [TunnelConfiguration], _ console: Console, _ presentation: TunnelPresentation,
    failed: @escaping @EventLoop (TunnelError) -> Void
  ) {
    self.configurations = configurations
    self.console = console
    self.presentation = presentation
    self.failed = failed
  }

  /// One for each word of `vias`; throws a usage error for two that are the same.
  nonisolated static func configurations(_ arguments: Arguments, vias: [String]) throws -> [TunnelConfiguration] {
    let vias = vias.isEmpty ? ["localhost.run"] : vias
    let configurations = try vias.map { try TunnelRunner.configuration(arguments, via: $0) }
    for (index, configuration) in configurations.enumerated()
    where configurations[..<index].contains(where: { $0.target == configuration.target }) {
      throw CommandError.usage("\(configuration.target) is named twice.", advice: "Name each server once.")
    }
    return configurations
  }

  func start(
    accept: @escaping @EventLoop (any ByteStream) -> Void, newURL: @escaping @EventLoop (PublicURL) -> Void
  ) {
    for configuration in configurations {
      weak var started: TunnelRunner?
      let runner = TunnelRunner(configuration, console, presentation) { [weak self] in
        self?.ended(started, configuration, $0)
      }
      started = runner
      runners.append(runner)
    }
    for runner in runners { runner.start(accept: accept, newURL: newURL) }
  }

  private func ended(_ runner: TunnelRunner?, _ configuration: TunnelConfiguration, _ error: TunnelError) {
    runners.removeAll { $0 === runner }
    guard !runners.isEmpty else { return failed(error) }
    console.event(
      "tunnelFailed",
      ["provider": .string(configuration.target.description), "message": .string(error.problem)])
    console.warning("no tunnel by \(configuration.target): \(error.problem)")
    if !error.advice.isEmpty { console.note("  \(error.advice)") }
  }

  func stop(_ completion: @escaping @EventLoop () -> Void) {
    let stopping = runners
    runners = []
    var left = stopping.count
    guard left > 0 else { return completion() }
    for runner in stopping {
      runner.stop {
        left -= 1
        if left == 0 { completion() }
      }
    }
  }
}

import WebIODev
import WebIOHTTP
import WebIOPosix
import WebIOTunnel

/// The tunnels of a dev session: opened at its start with `--share`, or by a key, and closed by the same key.
@EventLoop
final class LiveSharing {
  private let sharing: Sharing
  private let gateway: Gateway
  private let console: Console
  private var tunnels: TunnelGroup?
  private(set) var addresses: [PublicURL] = []
  private var isStopping = false

  init(_ sharing: Sharing, _ gateway: Gateway, _ console: Console) {
    self.sharing = sharing
    self.gateway = gateway
    self.console = console
  }

  var isOn: Bool { tunnels != nil }

  /// `failed` is called when the last tunnel has: a command that was started to share ends with it, a key press does not.
  func start(failed: @escaping @EventLoop (TunnelError) -> Void) {
    guard tunnels == nil, !isStopping else { return }
    let tunnels = TunnelGroup(sharing.configurations, console, sharing.presentation) { [weak self] error in
      self?.forget()
      failed(error)
    }
    self.tunnels = tunnels
    tunnels.start(accept: { [gateway] in gateway.server.accept($0) }) { [weak self] in self?.opened($0) }
  }

  private func opened(_ address: PublicURL) {
    addresses.removeAll { $0.provider == address.provider }
    addresses.append(address)
    gateway.channel.shared(at: address.url, by: address.provider)
    if case .none = gateway.upstream {
      console.note(console.styled("  until the app is built, visitors see a page that waits for it", .dim))
    }
  }

  private func forget() {
    tunnels = nil
    addresses = []
    gateway.channel.unshared()
  }

  func stop(_ completion: @escaping @EventLoop () -> Void) {
    guard let tunnels else { return completion() }
    forget()
    isStopping = true
    tunnels.stop { [self] in
      isStopping = false
      completion()
    }
  }
}

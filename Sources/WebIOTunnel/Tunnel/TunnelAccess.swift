import WebIOHTTP
import WebIOPosix

extension RemoteAccess {
  /// Which SSH implementation carries a tunnel.
  public enum Engine: Sendable, CaseIterable {
    /// libssh2, and the system's `ssh` where libssh2 and the server have no algorithm in common.
    case automatic
    case libssh2
    /// OpenSSH's `ssh`, which must be installed.
    case openSSH
  }

  /// A temporary public address from localhost.run, without an account. PyWebIO: `remote_access=True`.
  ///
  ///     try await startServer(main, remoteAccess: .localhostRun)
  public static var localhostRun: RemoteAccess { tunnel("localhost.run") }

  /// A public address from a provider, or a port of an SSH server of your own.
  ///
  ///     try await startServer(main, remoteAccess: .tunnel("ssh://me@example.com:22", identityFile: "key"))
  ///
  /// - Parameters:
  ///   - via: a provider's name, or `ssh://[user@]host[:port]`.
  ///   - identityFile: a private key; without it no key of the user's is shown to a public provider.
  ///   - domain: a domain of one's own, where the provider takes one.
  ///   - knownHostsFile: where host keys are remembered; `webio/known_hosts` in the user's configuration without it.
  ///   - engine: which SSH implementation carries the tunnel.
  ///
  /// The address is printed to standard error each time there is a new one. A tunnel that fails is told there too, and
  /// the server goes on without it. Man page: ssh(1), `-R`.
  public static func tunnel(
    _ via: String, identityFile: String? = nil, domain: String? = nil, knownHostsFile: String? = nil,
    engine: Engine = .automatic
  ) -> RemoteAccess {
    RemoteAccess { accept in
      do {
        var configuration = try TunnelConfiguration(via: via)
        configuration.identityFile = identityFile
        configuration.domain = domain
        configuration.knownHostsFile = knownHostsFile
        configuration.engine = engine.configured
        try configuration.validate()
        let tunnel = Tunnel(configuration, accept: accept, onEvent: report)
        running.append(tunnel)
        tunnel.start()
      } catch {
        say("\(error)")
      }
    }
  }

  /// Tunnels live as long as the process, but for tests.
  @EventLoop static var running: [Tunnel] = []

  @EventLoop private static func report(_ event: TunnelEvent) {
    switch event {
    case .open(let url, let provider): say("public address, by \(provider): \(url)")
    case .reconnecting(_, let reason, _): say("the tunnel is down (\(reason)); connecting again")
    case .firstUse(let host, let fingerprint, _, _): say("first contact with \(host), whose key is \(fingerprint)")
    case .failed(let error): say("no tunnel: \(error)")
    case .connecting, .notice, .closed: break
    }
  }

  private static func say(_ text: String) { StandardError.write("webio: \(text)\n") }
}

extension RemoteAccess.Engine {
  var configured: TunnelConfiguration.Engine {
    switch self {
    case .automatic: .auto
    case .libssh2: .libssh2
    case .openSSH: .ssh
    }
  }
}

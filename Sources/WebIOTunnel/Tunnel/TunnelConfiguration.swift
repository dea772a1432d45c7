import Glibc
import WebIOHTTP
import WebIOPosix

/// What a tunnel is to be. Only `target` has no default.
package struct TunnelConfiguration: Sendable {
  /// Which SSH implementation carries the tunnel.
  package enum Engine: String, Sendable, CaseIterable {
    /// libssh2, and the system's `ssh` where libssh2 and the server have no algorithm in common.
    case auto
    case libssh2
    case ssh
  }

  package var target: TunnelTarget
  /// A private key's file. With it a provider learns that key, without it never one of the user's.
  package var identityFile: String?
  /// Where host keys are remembered; nil is `webio/known_hosts` in the user's configuration directory.
  package var knownHostsFile: String?
  /// Whether `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts` are read as well.
  package var userKnownHosts = true
  /// A domain of one's own, where the provider takes one.
  package var domain: String?
  /// The wanted name below the provider's domain.
  package var name: String?
  /// The port to bind on a server of one's own. 0 is the provider's usual one; a plain server then chooses, and the
  /// choice is kept over reconnections.
  package var remotePort: UInt16 = 0
  /// A plain server's address to bind; with `GatewayPorts no` or `yes` the server ignores it.
  package var bindHost: String?
  package var engine = Engine.auto
  /// More domains under which the server may give out names, beside the provider's or the server's own.
  package var trustedSuffixes: [String] = []
  /// Visitors at the same time; the next one is turned away.
  package var maximumChannels = 1024
  /// Visitors are told apart by the address that the relay saw: one that does not write it is refused, and so is a plain
  /// server that lets visitors in by a port of its own.
  package var needsVisitorAddresses = false

  package init(target: TunnelTarget) { self.target = target }

  package init(via text: String) throws { self.init(target: try TunnelTarget.parse(text)) }

  /// Throws a usage error for what the provider cannot do, before anything is connected.
  package func validate() throws {
    let provider = target.provider
    if let domain {
      guard provider.takesDomain else { throw cannot("takes no domain of one's own", "Leave --domain out.") }
      guard ASCII.isHostName(domain.utf8), domain.utf8.contains(UInt8(ascii: ".")) else {
        throw cannot("cannot use the domain \(TerminalText.clean(domain.utf8, limit: 80))", "Write app.example.com.")
      }
    }
    if let name {
      guard provider.takesName else { throw cannot("chooses the names itself", "Leave --name out.") }
      guard ASCII.isHostName(name.utf8), !name.utf8.contains(UInt8(ascii: ".")) else {
        throw cannot(
          "cannot use the name \(TerminalText.clean(name.utf8, limit: 80))", "Use letters, digits and hyphens.")
      }
    }
    if needsVisitorAddresses, provider != .plain, !provider.tellsVisitors, provider.visitorsOption == nil {
      throw cannot(
        "does not say where visitors come from, so --allow cannot know them",
        "Use --auth USER:PASS, or another --via: localhost.run, serveo, pinggy, sish, or a relay of your own.")
    }
    if let identityFile, !Files.isFile(identityFile) {
      throw TunnelError(
        .keyFile, "there is no key file \(identityFile)", advice: "`ssh-keygen -t ed25519` makes one.")
    }
  }

  private func cannot(_ what: String, _ advice: String) -> TunnelError {
    TunnelError(.usage, "\(target.provider.name) \(what)", advice: advice)
  }

  /// The name to log in with.
  var user: String {
    if let user = target.user { return user }
    switch target.provider.login {
    case .account: return Environment["USER"] ?? Environment["LOGNAME"] ?? "root"
    // localhost.run looks at keys only of users that are not "nokey".
    case .anonymous, .ownKey: return identityFile == nil && domain == nil ? target.provider.user : "webio"
    }
  }

  /// The address in the forward request: a wanted name goes there at every provider that takes one.
  var forwardHost: String {
    if target.provider == .plain { return bindHost ?? target.provider.bindHost }
    return domain ?? name ?? target.provider.bindHost
  }

  var forwardPort: UInt16 { target.isOwnServer && remotePort != 0 ? remotePort : target.provider.bindPort }

  /// The session's command; nil is a shell. A relay of one's own reads the wanted name from it.
  var command: String? {
    if needsVisitorAddresses, let option = target.provider.visitorsOption { return option }
    guard case .exec(var command) = target.provider.start else { return nil }
    if target.provider == .plain {
      if let name { command += " --name \(name)" }
      if let domain { command += " --domain \(domain)" }
      command += "; echo \(Provider.shellGreeting)"
    }
    return command
  }

  /// `$XDG_CONFIG_HOME/webio` or `~/.config/webio`.
  static var directory: String {
    if let base = Environment["XDG_CONFIG_HOME"], base.hasPrefix("/") { return Path.join(base, "webio") }
    return Path.join(Path.join(home, ".config"), "webio")
  }

  static var home: String { Environment["HOME"] ?? "/" }

  var rememberedHostsFile: String { knownHostsFile ?? Path.join(Self.directory, "known_hosts") }

  var readOnlyHostsFiles: [String] {
    userKnownHosts
      ? [Path.join(Self.home, ".ssh/known_hosts"), "/etc/ssh/ssh_known_hosts"] : []
  }
}

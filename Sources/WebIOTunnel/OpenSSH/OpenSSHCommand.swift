import WebIOPosix

/// The command line of OpenSSH's `ssh` for one connection.
///
/// ssh's own log goes to a pipe by name, apart from what the server writes. Descriptor 3 becomes its standard input, which
/// stays open, because many servers end a session whose input ends.
struct OpenSSHCommand {
  let configuration: TunnelConfiguration
  let port: UInt16
  /// The unix socket that visitors are forwarded to.
  let socketPath: String
  /// A named pipe for the log: ssh closes all descriptors it inherits.
  let logPath: String
  /// Where `configurationText` is, for a server that the user has an account on.
  let configurationPath: String
  /// Holds nothing but the keys that have been checked.
  let knownHostsPath: String
  /// Nil leaves the choice to ssh and its agent.
  let identities: [String]
  /// Without one there are no texts from the server, and small packets may wait for 40 ms; some accounts allow no other.
  let hasSession: Bool

  /// What runs it: a shell only to move the input, with a constant script that takes the words as they are.
  static let runner = ["-c", "exec \"$@\" <&3", "sh"]

  /// ssh's own first choice, sntrup761 with curve25519, takes longer than all the rest of its start. libssh2 does without it
  /// as well, and a visitor's traffic is open to the relay in either case.
  private static let keyExchange = "^curve25519-sha256"

  /// What stands in the user's files comes first, and so it is what counts: ssh_config(5).
  static let configurationText = """
    Include ~/.ssh/config
    Include /etc/ssh/ssh_config
    Host *
      KexAlgorithms \(keyExchange)

    """

  private var isAccount: Bool { configuration.target.provider.login == .account }

  var arguments: [String] {
    var options = [
      "BatchMode=\(isAccount ? "yes" : "no")", "NumberOfPasswordPrompts=1", "LogLevel=DEBUG1",
      "ExitOnForwardFailure=yes", "ConnectTimeout=10", "ServerAliveInterval=4", "ServerAliveCountMax=2",
      "TCPKeepAlive=yes", "UserKnownHostsFile=\(knownHostsPath)", "GlobalKnownHostsFile=/dev/null",
      "StrictHostKeyChecking=yes", "CheckHostIP=no", "UpdateHostKeys=no", "VerifyHostKeyDNS=no",
      "ControlMaster=no", "ControlPath=none", "ForwardAgent=no", "ForwardX11=no", "PermitLocalCommand=no",
      "RequestTTY=no", "EscapeChar=none", "Ciphers=^aes128-gcm@openssh.com",
    ]
    if !isAccount { options += ["IdentityAgent=none"] }
    if !isAccount || configuration.identityFile != nil { options += ["IdentitiesOnly=yes"] }
    // The user's configuration may name keys and proxies; a public provider is to see neither.
    if !isAccount { options.append("KexAlgorithms=\(Self.keyExchange)") }
    var arguments = ["-F", isAccount ? configurationPath : "none"]
    arguments += ["-E", logPath, "-p", String(configuration.target.port), "-l", configuration.user]
    arguments += options.flatMap { ["-o", $0] }
    arguments += identities.flatMap { ["-i", $0] }
    arguments += ["-R", "\(configuration.forwardHost):\(port):\(socketPath)"]
    if !hasSession { arguments.append("-N") }
    arguments += ["--", configuration.target.host]
    if hasSession, let command = sessionCommand { arguments.append(command) }
    return arguments
  }

  /// ssh ends with its session, so a plain server's command must not end by itself.
  private var sessionCommand: String? {
    guard let command = configuration.command else { return nil }
    return configuration.target.provider == .plain ? "\(command); exec cat" : command
  }

  /// A question for a password is answered with nothing, which is what some providers ask for.
  var environment: [String] {
    Environment.with(["SSH_ASKPASS": "/bin/true", "SSH_ASKPASS_REQUIRE": "force", "LC_ALL": "C", "DISPLAY": nil])
  }
}

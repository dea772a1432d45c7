import WebIOPosix

/// Why there is no tunnel: a code, one sentence that says what happened, and what to do about it.
package struct TunnelError: Error, CustomStringConvertible, Equatable {
  package enum Code: String, Sendable {
    case usage
    case unresolvable, unreachable, notAnSSHServer, noCommonAlgorithm
    case hostKeyChanged, hostKeyRevoked, knownHostsUnreadable
    case authentication, keyFile
    case forwardRefused, noAddress
    case engineMissing, connectionLost
  }

  package let code: Code
  package let problem: String
  package let advice: String
  /// Whether OpenSSH's `ssh` can do what libssh2 could not.
  var otherEngineMayHelp = false

  package init(_ code: Code, _ problem: String, advice: String) {
    self.code = code
    self.problem = problem
    self.advice = advice
  }

  package var description: String { advice.isEmpty ? problem : "\(problem)\n\(advice)" }

  /// The command's exit code: 2 for wrong usage, 5 for every tunnel that failed.
  package var exitCode: Int32 { code == .usage ? 2 : 5 }

  /// Whether the same attempt fails again for sure, also when the tunnel was open before.
  var isFinal: Bool {
    switch code {
    case .usage, .hostKeyChanged, .hostKeyRevoked, .knownHostsUnreadable, .authentication, .keyFile, .engineMissing:
      true
    // A tunnel that was open gets all of these from a relay or a network in the middle of a restart.
    case .unresolvable, .unreachable, .notAnSSHServer, .noCommonAlgorithm, .forwardRefused, .noAddress,
      .connectionLost:
      false
    }
  }
}

extension TunnelError {
  /// Whether an SSH server said hello before it came to this.
  var wasAnswered: Bool {
    switch code {
    case .unresolvable, .unreachable, .notAnSSHServer: false
    default: true
    }
  }

  static func unreachable(_ endpoint: String, port: UInt16, _ error: SystemError) -> TunnelError {
    let advice =
      port == 22
      ? "Is the machine up, and is port 22 open from here? Many networks block it: `--via pinggy` uses port 443."
      : "Is the machine up, and does a firewall let you reach port \(port)?"
    return TunnelError(
      .unreachable, "cannot connect to \(endpoint): \(SystemError.text(of: error.code))", advice: advice)
  }

  static func unresolvable(_ error: ResolutionError) -> TunnelError {
    TunnelError(
      .unresolvable, error.description, advice: "Check the spelling of the name, and that this machine is online.")
  }

  static func notAnSSHServer(_ endpoint: String, said: [UInt8]) -> TunnelError {
    let line = TerminalText.clean(said.prefix { $0 != UInt8(ascii: "\n") }, limit: 80)
    let what =
      line.isEmpty ? "it did not say hello as one" : "it said: \(line)"
    return TunnelError(
      .notAnSSHServer, "\(endpoint) is not an SSH server (\(what))",
      advice: "Check host and port; an SSH server listens on 22 unless its owner says otherwise.")
  }

  /// Without an errno it was the server that closed.
  static func connectionLost(_ endpoint: String, _ code: Int32?) -> TunnelError {
    let reason = code.map { SystemError.text(of: $0) } ?? "closed by the server"
    return .connectionLost("the connection to \(endpoint) is gone (\(reason))")
  }

  static func connectionLost(_ reason: String) -> TunnelError {
    TunnelError(.connectionLost, reason, advice: "")
  }
}

extension TunnelError {
  static func noCommonAlgorithm(_ endpoint: String, hostKeyTypes: [String]) -> TunnelError {
    var error = TunnelError(
      .noCommonAlgorithm,
      "\(endpoint) and this libssh2 have no algorithm in common (host keys we can check: "
        + "\(hostKeyTypes.joined(separator: ", ")))",
      advice: "libssh2 1.10 cannot check RSA host keys with SHA-2. Use the system's ssh: --engine ssh.")
    error.otherEngineMayHelp = true
    return error
  }

  static func forwardRefused(_ configuration: TunnelConfiguration, port: UInt16) -> TunnelError {
    let target = configuration.target
    let asked = "\(configuration.forwardHost):\(port)"
    let advice: String
    if target.provider != .plain {
      advice = "Is the name taken, or does it need an account? Try again without --name and --domain."
    } else if port == 0 {
      advice = "Its sshd_config needs `AllowTcpForwarding yes` (or `remote`), and the key no `no-port-forwarding`."
    } else {
      advice = "Is port \(port) taken there, below 1024, or forbidden by `AllowTcpForwarding` or `PermitListen`?"
    }
    return TunnelError(
      .forwardRefused, "\(target.endpoint) refused to forward \(asked) to us", advice: advice)
  }
}

extension TunnelError {
  static func noAddress(_ target: TunnelTarget, said: String?) -> TunnelError {
    TunnelError(
      .noAddress, "\(target) gave no address" + (said.map { "; it said: \($0)" } ?? ""),
      advice: "The service may be overloaded, or speak in a way this version does not know; another --via may work.")
  }
}

extension TunnelError {
  /// The server hung up in the middle of the login.
  static func loginRefused(_ configuration: TunnelConfiguration, said: String) -> TunnelError {
    TunnelError(
      .authentication,
      "\(configuration.target.endpoint) does not let \(configuration.user) in (it said: \(said))",
      advice: "Name the one key that it knows: --identity FILE.")
  }

  static func barePort(_ target: TunnelTarget) -> TunnelError {
    TunnelError(
      .usage,
      "\(target) lets visitors in by a port of its own, where they write X-Forwarded-For themselves: --allow would let in "
        + "whoever says so",
      advice: "Use --auth USER:PASS, or put an HTTP proxy before it: `webio new relay` writes one.")
  }
}

import Glibc
import WebIOPosix

/// Asks a server for its host keys with ssh-keyscan(1), so that they can be checked by our own rules.
///
/// What it brings is a claim: ssh afterwards accepts only the key that passed, and only from a server that proves to own
/// it.
@EventLoop
final class KeyScan {
  private var child: ChildProcess?
  private var output: [UInt8] = []
  private var isCancelled = false

  /// `types` as in known_hosts files.
  init(
    _ target: TunnelTarget, types: [String],
    _ completion: @escaping @EventLoop (Result<[HostKey], TunnelError>) -> Void
  ) throws {
    guard let path = Environment.executable("ssh-keyscan") else { throw TunnelError.noOpenSSH }
    let names = types.map { type in
      switch type {
      case "ssh-rsa": "rsa"
      case "ssh-ed25519": "ed25519"
      default: "ecdsa"
      }
    }
    child = try ChildProcess(
      path,
      ["-T", "10", "-p", String(target.port), "-t", Set(names).sorted().joined(separator: ","), "--", target.host],
      environment: Environment.with(["LC_ALL": "C"]), output: .pipe { [weak self] in self?.output += $0 }
    ) { [self] status in
      child = nil
      if isCancelled { return }
      var hosts = KnownHosts()
      hosts.add(output, file: "ssh-keyscan")
      let keys = hosts.entries(host: target.host, port: target.port).map(\.key)
      if keys.isEmpty {
        completion(.failure(.connectionLost("\(target.endpoint) showed no host key to ssh-keyscan (\(status))")))
      } else {
        completion(.success(keys))
      }
    }
  }

  func cancel() {
    isCancelled = true
    child?.kill()
  }
}

extension TunnelError {
  static var noOpenSSH: TunnelError {
    TunnelError(
      .engineMissing, "OpenSSH's client is not installed", advice: "`apt install openssh-client` brings it.")
  }
}

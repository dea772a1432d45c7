import Foundation

/// OpenSSH's sshd on a loopback port, with keys, configuration and users of its own in a temporary directory.
public final class SSHServer: Sendable {
  public let port: UInt16
  public let directory: TemporaryDirectory
  private let service = Slot()

  private actor Slot {
    var current: GuardedService?
    func set(_ service: GuardedService?) { current = service }
  }

  /// A client key that the server lets in.
  public var identity: String { directory.file("user_key") }
  /// One that it does not know.
  public var strangersIdentity: String { directory.file("stranger_key") }
  public var address: String { "ssh://\(NSUserName())@127.0.0.1:\(port)" }

  /// `options` are lines of sshd_config, which win over those here.
  public init(options: [String] = []) async throws {
    directory = try TemporaryDirectory("webio-sshd")
    port = try freePort()
    for name in ["host_key", "other_host_key", "user_key", "stranger_key"] {
      let made = try await Program.run(
        Program.require("ssh-keygen"), ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", directory.file(name)])
      guard made.ending == .exited(0) else { throw NotInTime("ssh-keygen: \(made.errors)") }
    }
    try directory.write("authorized_keys", readText(directory.file("user_key.pub")), mode: 0o600)
    // What a root's sshd wants of the system, and a service would make at its start.
    if getuid() == 0 { try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true) }
    try writeConfiguration(options)
    try await start()
  }

  private func writeConfiguration(_ options: [String], hostKey: String = "host_key") throws {
    let lines =
      options + [
        "Port \(port)", "ListenAddress 127.0.0.1", "HostKey \(directory.file(hostKey))",
        "AuthorizedKeysFile \(directory.file("authorized_keys"))", "StrictModes no", "UsePAM no",
        "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin yes", "PidFile none",
        "AllowTcpForwarding yes", "LogLevel VERBOSE", "ClientAliveInterval 5", "PrintMotd no",
      ]
    try directory.write("sshd_config", lines.joined(separator: "\n") + "\n")
  }

  public func start() async throws {
    let service = try await GuardedService(
      Program.require("sshd"), ["-D", "-e", "-f", directory.file("sshd_config")])
    await self.service.set(service)
    try await eventually("sshd listens on \(port)", state: { await service.output }) {
      if await service.hasEnded { throw NotInTime("sshd: \(await service.output)") }
      return Processes.isListening(port)
    }
  }

  /// Kills it and every connection, as a machine that went down.
  public func stop() async throws {
    try await service.current?.stop()
    await service.set(nil)
  }

  /// The next start shows another host key.
  public func changeHostKey() throws { try writeConfiguration([], hostKey: "other_host_key") }

  public var log: String { get async { await service.current?.output ?? "" } }

  /// A known-hosts file that knows this server's first host key.
  public func writeKnownHosts(_ name: String = "known_hosts") throws -> String {
    let key = try readText(directory.file("host_key.pub")).split(separator: " ").prefix(2).joined(separator: " ")
    return try directory.write(name, "[127.0.0.1]:\(port) \(key)\n", mode: 0o600)
  }
}

/// A TCP port of loopback on which nobody listens. Somebody could take it before its user does; nobody here does.
public func freePort() throws -> UInt16 {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  defer { close(descriptor) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
  var size = socklen_t(MemoryLayout<sockaddr_in>.size)
  let code = withUnsafeMutablePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      bind(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
    }
  }
  guard code == 0 else { throw Connection.Failure(description: "no free port: \(String(cString: strerror(errno)))") }
  return UInt16(bigEndian: address.sin_port)
}

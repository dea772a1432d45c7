import Foundation
import WebIOPosix

/// A real sshd on a loopback port, with keys, configuration and users of its own in a temporary directory.
@EventLoop
package final class SSHServer {
  package nonisolated let directory: TemporaryDirectory
  package nonisolated let port: UInt16
  /// A client key that the server lets in.
  package nonisolated var identity: String { directory.file("user_key") }
  /// One that it does not know.
  package nonisolated var strangersIdentity: String { directory.file("stranger_key") }
  package nonisolated var knownHosts: String { directory.file("known_hosts") }
  package nonisolated var address: String { "ssh://\(NSUserName())@127.0.0.1:\(port)" }
  private var hostKeyTypes: [String]
  private var settings: [String]
  private var child: ChildProcess?
  private var ended: CheckedContinuation<Void, Never>?
  private var listening: CheckedContinuation<Void, any Error>?
  package private(set) var log = ""

  /// `settings` are lines of sshd_config, which win over those here.
  package init(
    hostKeyTypes: [String] = ["ed25519"], settings: [String] = [], acceptsUserKey: Bool = true
  ) async throws {
    self.hostKeyTypes = hostKeyTypes
    self.settings = settings
    directory = try TemporaryDirectory("webio-sshd")
    port = try freePort()
    for name in ["user_key", "stranger_key"] { try Self.makeKey(directory.file(name)) }
    for type in hostKeyTypes { try makeHostKey(type) }
    try directory.write(
      "authorized_keys", acceptsUserKey ? readText(directory.file("user_key.pub")) : "", mode: 0o600)
    // What a root's sshd wants of the system, and a service would make at its start.
    if getuid() == 0, !Files.isDirectory("/run/sshd") { try Files.makeDirectories("/run/sshd") }
    try await start()
  }

  /// In place of the one of that type, from the next start on.
  package func makeHostKey(_ type: String) throws {
    try Self.makeKey(directory.file("host_\(type)"), type: type)
  }

  /// The next start shows another host key.
  package func changeHostKey() throws { try makeHostKey(hostKeyTypes[0]) }

  package func useHostKeys(_ types: [String]) { hostKeyTypes = types }
  package func setSettings(_ settings: [String]) { self.settings = settings }

  /// A known-hosts file that knows the server's first host key.
  package nonisolated func writeKnownHosts(_ name: String = "known_hosts") throws -> String {
    let key = try readText(directory.file("host_ed25519.pub")).split(separator: " ").prefix(2).joined(separator: " ")
    return try directory.write(name, "[127.0.0.1]:\(port) \(key)\n", mode: 0o600)
  }

  /// Ready when it says that it listens.
  package func start() async throws {
    // sshd takes the first of two settings.
    var lines = settings
    lines += [
      "Port \(port)", "ListenAddress 127.0.0.1", "PidFile none", "UsePAM no", "StrictModes no",
      "PermitRootLogin yes", "AuthorizedKeysFile \(directory.file("authorized_keys"))", "PasswordAuthentication no",
      "KbdInteractiveAuthentication no", "UseDNS no", "MaxStartups 500:30:500", "MaxSessions 20",
      "LogLevel VERBOSE",
      // With both families a free port of the first one may be somebody else's in the second.
      "AddressFamily inet",
      // bash reads ~/.bashrc for a session of sshd, and this machine's may be a slow one, unless it seems to be nested.
      "SetEnv SHLVL=2",
    ]
    lines += hostKeyTypes.map { "HostKey \(directory.file("host_\($0)"))" }
    try directory.write("sshd_config", lines.joined(separator: "\n") + "\n")
    let path = try Program.require("sshd")
    let words = ["-D", "-e", "-f", directory.file("sshd_config")]
    try await withCheckedThrowingContinuation { continuation in
      listening = continuation
      do {
        child = try ChildProcess(
          path, words, environment: Environment.all,
          output: .pipe { [weak self] bytes in self?.wrote(String(decoding: bytes, as: UTF8.self)) }
        ) { [weak self] status in self?.exited(status) }
      } catch {
        listening = nil
        continuation.resume(throwing: error)
      }
    }
  }

  private func wrote(_ text: String) {
    log += text
    // sshd ends its lines with CR LF, which is one Character: `hasSuffix("\n")` would be false.
    guard log.utf8.last == UInt8(ascii: "\n"), log.contains("Server listening on") else { return }
    listening?.resume()
    listening = nil
  }

  private func exited(_ status: ChildStatus) {
    child = nil
    listening?.resume(throwing: SystemError("sshd ended (\(status)): \(log)", code: 0))
    listening = nil
    ended?.resume()
    ended = nil
  }

  /// Kills it and every connection, as a machine that went down.
  package func stop() async {
    guard let child else { return }
    await withCheckedContinuation { continuation in
      ended = continuation
      log = ""
      child.kill()
    }
  }

  package var processID: pid_t { child?.processID ?? 0 }

  /// With a new pair in place of one of that name. Blocks: for a test's set-up.
  package nonisolated static func makeKey(_ path: String, type: String = "ed25519", bits: Int? = nil) throws {
    try Files.remove(path)
    try Files.remove(path + ".pub")
    try run("ssh-keygen", ["-q", "-t", type] + (bits.map { ["-b", "\($0)"] } ?? []) + ["-N", "", "-f", path])
  }

  /// Blocks: for short commands in a test's set-up.
  package nonisolated static func run(_ name: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try Program.require(name))
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw SystemError("\(name) \(arguments) failed", code: process.terminationStatus)
    }
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

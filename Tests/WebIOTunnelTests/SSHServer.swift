import Glibc
import Testing
import WebIOPosix

/// A real sshd on a loopback port, with its own keys and configuration in a directory of its own.
@EventLoop
final class SSHServer {
  struct Options {
    var hostKeyTypes = ["ed25519"]
    var settings: [String] = []
    var acceptsUserKey = true
  }

  nonisolated let directory: String
  nonisolated let port: UInt16
  nonisolated let userKey: String
  nonisolated var knownHosts: String { directory + "/known_hosts" }
  nonisolated var target: String { "ssh://root@127.0.0.1:\(port)" }
  private var options: Options
  private var child: ChildProcess?
  private var ended: CheckedContinuation<Void, Never>?
  private var listening: CheckedContinuation<Void, any Error>?
  private(set) var log = ""

  init(_ options: Options = Options()) async throws {
    self.options = options
    directory = try Files.makeTemporaryDirectory("webio-sshd")
    port = try Self.freePort()
    userKey = directory + "/user_key"
    try Self.run("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", userKey])
    for type in options.hostKeyTypes { try makeHostKey(type) }
    let key = options.acceptsUserKey ? try Files.read(userKey + ".pub") : []
    try Files.create(directory + "/authorized_keys", key, mode: 0o600)
    if !Files.isDirectory("/run/sshd") { try Files.makeDirectories("/run/sshd") }
    try await start()
  }

  func makeHostKey(_ type: String) throws {
    let path = "\(directory)/host_\(type)"
    try Files.remove(path)
    try Files.remove(path + ".pub")
    try Self.run("/usr/bin/ssh-keygen", ["-q", "-t", type, "-N", "", "-f", path])
  }

  func useHostKeys(_ types: [String]) { options.hostKeyTypes = types }
  func setSettings(_ settings: [String]) { options.settings = settings }

  /// Ready when it says that it listens.
  func start() async throws {
    // sshd takes the first of two settings.
    var lines = options.settings
    lines += [
      "Port \(port)", "ListenAddress 127.0.0.1", "PidFile none", "UsePAM no", "StrictModes no",
      "PermitRootLogin yes", "AuthorizedKeysFile \(directory)/authorized_keys", "PasswordAuthentication no",
      "KbdInteractiveAuthentication no", "UseDNS no", "MaxStartups 500:30:500", "MaxSessions 20",
      "LogLevel VERBOSE",
      // bash reads ~/.bashrc for a session of sshd, and this machine's may be a slow one, unless it seems to be nested.
      "SetEnv SHLVL=2",
    ]
    lines += options.hostKeyTypes.map { "HostKey \(directory)/host_\($0)" }
    try Files.replace(directory + "/sshd_config", Array((lines.joined(separator: "\n") + "\n").utf8))
    try await withCheckedThrowingContinuation { continuation in
      listening = continuation
      do {
        child = try ChildProcess(
          "/usr/sbin/sshd", ["-D", "-e", "-f", directory + "/sshd_config"], environment: Environment.all,
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

  /// Kills it and all its connections, as a crash would.
  func kill() async {
    guard let child else { return }
    await withCheckedContinuation { continuation in
      ended = continuation
      log = ""
      child.kill()
    }
  }

  var processID: pid_t { child?.processID ?? 0 }

  func remove() async {
    await kill()
    try? Files.remove(directory)
  }

  nonisolated static func freePort() throws -> UInt16 {
    let descriptor = try Listener.bind(#require(SocketAddress(numericHost: "127.0.0.1", port: 0)))
    defer { close(descriptor) }
    return try SocketAddress.local(of: descriptor).port
  }

  /// Blocks: for short commands in a test's set-up.
  nonisolated static func run(_ path: String, _ arguments: [String]) throws {
    var process = pid_t()
    var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
    defer { argv.forEach { free($0) } }
    let code = posix_spawn(&process, path, nil, nil, &argv, environ(of: Environment.all))
    guard code == 0 else { throw SystemError("start \(path)", code: code) }
    var status: Int32 = 0
    waitpid(process, &status, 0)
    guard status == 0 else { throw SystemError("\(path) \(arguments) failed", code: status) }
  }

  private nonisolated static func environ(of entries: [String]) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> {
    let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: entries.count + 1)
    for (index, entry) in entries.enumerated() { pointers[index] = strdup(entry) }
    pointers[entries.count] = nil
    return pointers
  }
}

import Glibc
import WebIOPosix

/// Decides whether a server is the one it says it is, before anything is told to it.
///
/// A pinned key outranks every file. A host that is known with another key is refused. A host that nobody knows is
/// taken on first use and remembered. A file that is there and cannot be read is an error: it might hold the line that
/// refuses this key.
struct HostKeyChecker {
  enum Outcome: Equatable {
    case known
    case firstUse
  }

  private let target: TunnelTarget
  private let rememberedFile: String
  private let knownHosts: KnownHosts
  private let pins: [String]

  init(_ configuration: TunnelConfiguration) throws {
    target = configuration.target
    rememberedFile = configuration.rememberedHostsFile
    pins = target.isOwnServer ? [] : target.provider.pinnedKeys
    var knownHosts = KnownHosts()
    for file in [rememberedFile] + configuration.readOnlyHostsFiles {
      do {
        // Opening a pipe waits for somebody who writes, perhaps for ever.
        if let status = Files.status(file), status.st_mode & S_IFMT == S_IFIFO {
          throw SystemError("read \(file): it is a pipe", code: ESPIPE)
        }
        knownHosts.add(try Files.read(file, limit: 8 << 20), file: file)
      } catch let error as SystemError where error.code == ENOENT || error.code == ENOTDIR {
        continue
      } catch {
        throw TunnelError(
          .knownHostsUnreadable, "cannot read the known hosts: \(error)",
          advice: "Without them nobody can tell whether \(target.host) is the right server. Make the file readable.")
      }
    }
    self.knownHosts = knownHosts
  }

  /// The host key types to ask for, best first: those on record, so that a known server shows its known key.
  ///
  /// ssh-rsa is among them only when an RSA key is expected: its signatures are SHA-1, and the key is compared as a
  /// whole anyway.
  var keyTypes: [String] {
    if !pins.isEmpty { return [target.provider.pinnedKeyType] }
    let known = knownHosts.entries(host: target.host, port: target.port).filter { !$0.isRevoked }.map(\.key.type)
    let usual = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"]
    return usual.filter { known.contains($0) } + (known.contains("ssh-rsa") ? ["ssh-rsa"] : [])
      + usual.filter { !known.contains($0) }
  }

  /// The same for OpenSSH, which checks RSA keys with SHA-2.
  var scannedKeyTypes: [String] {
    if !pins.isEmpty { return [target.provider.pinnedKeyType] }
    return keyTypes.contains("ssh-rsa") ? keyTypes : keyTypes + ["ssh-rsa"]
  }

  /// The keys on record, without revoked ones; none where pins decide.
  var knownKeys: [HostKey] {
    guard pins.isEmpty else { return [] }
    let entries = knownHosts.entries(host: target.host, port: target.port)
    let revoked = entries.filter(\.isRevoked).map(\.key)
    return entries.map(\.key).filter { !revoked.contains($0) }
  }

  /// Throws when the key must not be trusted; remembers it on first use.
  func check(_ key: HostKey) throws -> Outcome {
    if !pins.isEmpty {
      if pins.contains(key.fingerprint) { return .known }
      throw TunnelError(
        .hostKeyChanged,
        "\(target.endpoint) shows the host key \(key.fingerprint) (\(key.type)), and not \(target.provider.name)'s,"
          + " which is \(pins.joined(separator: " or "))",
        advice: "Somebody may be in between, or the provider has a new key: look at its web site before you go on.")
    }
    switch knownHosts.verdict(host: target.host, port: target.port, key: key) {
    case .known: return .known
    case .revoked(let entry):
      throw TunnelError(
        .hostKeyRevoked,
        "the host key \(key.fingerprint) of \(target.endpoint) is marked as revoked in \(entry.file):\(entry.line)",
        advice: "This key is known to be in wrong hands. Ask the server's owner for its new one.")
    case .changed(let entry):
      let kind =
        entry.key.type == key.type
        ? "another host key than before" : "a host key of another type than before"
      throw TunnelError(
        .hostKeyChanged,
        "\(target.endpoint) shows \(kind): \(key.fingerprint) (\(key.type)); known is \(entry.key.fingerprint)"
          + " (\(entry.key.type)) from \(entry.file):\(entry.line)",
        advice: "Somebody may be in between, or the server was set up anew. If its owner confirms the new fingerprint,"
          + " delete that line and try again.")
    case .unknown:
      try remember(key)
      return .firstUse
    }
  }

  /// Appends to our own file, whole or not at all, also when two commands do it at once.
  private func remember(_ key: HostKey) throws {
    // As root, a file would take the place of a device: of /dev/null, which is named to have nothing remembered.
    if Files.exists(rememberedFile), !Files.isFile(rememberedFile), !Files.isDirectory(rememberedFile) { return }
    do {
      try Files.makeDirectories(Path.directory(of: rememberedFile), mode: 0o700)
      let lock = try retryingInterrupts("lock \(rememberedFile)") {
        open("\(rememberedFile).lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
      }
      defer { close(lock) }
      _ = try retryingInterrupts("lock \(rememberedFile)") { flock(lock, LOCK_EX) }
      var bytes = Files.exists(rememberedFile) ? try Files.read(rememberedFile) : []
      if let last = bytes.last, last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
      bytes += KnownHosts.line(host: target.host, port: target.port, key: key).utf8
      try Files.replace(rememberedFile, bytes, mode: 0o600)
    } catch {
      throw TunnelError(
        .knownHostsUnreadable, "cannot remember the host key of \(target.endpoint): \(error)",
        advice: "Make the directory writable, or name another file with --known-hosts.")
    }
  }
}

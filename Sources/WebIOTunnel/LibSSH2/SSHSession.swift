import CLibSSH2
import WebIOPosix

/// A libssh2 session over transport buffers: set up with our own short list of algorithms, and freed exactly once.
@EventLoop
final class SSHSession {
  let pointer: OpaquePointer
  let buffers = TransportBuffers()
  private var isFreed = false

  /// libssh2_init is not safe between threads, so it runs once, on the loop.
  private static let isReady = libssh2_init(0) == 0

  init(hostKeyTypes: [String]) throws {
    guard Self.isReady, let pointer = buffers.makeSession() else {
      throw TunnelError(
        .engineMissing, "libssh2 cannot be started", advice: "Use the system's ssh instead: --engine ssh.")
    }
    self.pointer = pointer
    libssh2_keepalive_config(pointer, 1, 2)
    let preferences: [(Int32, [String])] = [
      (LIBSSH2_METHOD_KEX, Self.keyExchanges), (LIBSSH2_METHOD_HOSTKEY, hostKeyTypes),
      (LIBSSH2_METHOD_CRYPT_CS, Self.ciphers), (LIBSSH2_METHOD_CRYPT_SC, Self.ciphers),
      (LIBSSH2_METHOD_MAC_CS, Self.macs), (LIBSSH2_METHOD_MAC_SC, Self.macs),
    ]
    for (method, names) in preferences {
      guard libssh2_session_method_pref(pointer, method, names.joined(separator: ",")) == 0 else {
        throw TunnelError(
          .noCommonAlgorithm, "this libssh2 has none of \(names.joined(separator: ", "))",
          advice: "Use the system's ssh instead: --engine ssh.")
      }
    }
  }

  // What libssh2 does not know it leaves out of a list. No SHA-1, no CBC, no RC4, no MD5; no encrypt-then-MAC, which
  // would need the strict key exchange that 1.10 does not have (CVE-2023-48795).
  private static let keyExchanges = [
    "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521", "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512",
    "diffie-hellman-group14-sha256", "diffie-hellman-group-exchange-sha256",
  ]
  private static let ciphers = [
    "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr",
  ]
  /// SHA-512 costs 30 % less per byte than SHA-256 on a processor without SHA instructions.
  private static let macs: [String] = {
    let flags = (try? Files.read("/proc/cpuinfo")) ?? []
    return flags.end(ofASCII: " sha_ni") != nil
      ? ["hmac-sha2-256", "hmac-sha2-512"] : ["hmac-sha2-512", "hmac-sha2-256"]
  }()

  var lastError: Int32 { libssh2_session_last_errno(pointer) }

  var lastErrorText: String {
    var text: UnsafeMutablePointer<CChar>?
    libssh2_session_last_error(pointer, &text, nil, 0)
    return text.map { TerminalText.clean(String(cString: $0).utf8) } ?? ""
  }

  var hostKey: HostKey? {
    var length = 0
    var type: Int32 = 0
    guard let bytes = libssh2_session_hostkey(pointer, &length, &type), length > 0, length < 65536 else { return nil }
    return HostKey(
      blob: bytes.withMemoryRebound(to: UInt8.self, capacity: length) {
        Array(UnsafeBufferPointer(start: $0, count: length))
      })
  }

  var serverVersion: String {
    libssh2_session_banner_get(pointer).map { TerminalText.clean(String(cString: $0).utf8, limit: 120) } ?? ""
  }

  func handshakeError(_ code: Int32, _ endpoint: String, hostKeyTypes: [String]) -> TunnelError {
    let lines = buffers.greeting.split(separator: UInt8(ascii: "\n"))
    guard lines.contains(where: { $0.starts(withASCII: "SSH-") }) else {
      return .notAnSSHServer(endpoint, said: buffers.greeting)
    }
    guard code == LIBSSH2_ERROR_KEX_FAILURE else {
      return .connectionLost("the handshake with \(endpoint) failed: \(lastErrorText) (\(code))")
    }
    return .noCommonAlgorithm(endpoint, hostKeyTypes: hostKeyTypes)
  }

  /// Asks the peer for a sign of life. False when libssh2 thinks that it is too early, because the wall clock went back.
  func sendKeepalive() -> Bool {
    var next: Int32 = 0
    return libssh2_keepalive_send(pointer, &next) == 0 && next <= 2
  }

  func sendDisconnect() {
    libssh2_session_disconnect_ex(pointer, 11 /* SSH_DISCONNECT_BY_APPLICATION */, "closed by user", "")
  }

  /// Frees everything that belongs to the session; its channels' pointers are dangling from here on.
  func free() {
    guard !isFreed else { return }
    isFreed = true
    // With the buffers ended nothing in there waits for the peer, but each step may report so once.
    buffers.isEnded = true
    for _ in 0..<100_000 where libssh2_session_free(pointer) != LIBSSH2_ERROR_EAGAIN { return }
  }
}

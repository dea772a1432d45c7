import COpenSSL
import Glibc
import WebIOHTTP
import WebIOPosix

/// WebIO's own key for providers that want one: ed25519, made when it is first needed, in a file only its owner reads.
///
/// The user's keys name the user to whoever is shown them; this one names an installation of WebIO.
enum OwnKey {
  static var path: String { Path.join(TunnelConfiguration.directory, "id_ed25519") }

  /// The file's path; the file is there afterwards.
  static func make(at path: String = path) throws -> String {
    if Files.isFile(path) { return path }
    do {
      let (secret, open) = try generate()
      try Files.makeDirectories(Path.directory(of: path), mode: 0o700)
      try Files.replace(path + ".pub", Array("ssh-ed25519 \(Base64.encode(blob(open))) webio\n".utf8))
      // Whoever makes it at the same moment wins; then theirs is the key.
      do {
        try Files.create(path, file(secret: secret, open: open), mode: 0o600)
      } catch let error as SystemError where error.code == EEXIST {
        return path
      }
      return path
    } catch {
      throw TunnelError(
        .keyFile, "cannot make a key for the tunnel: \(error)",
        advice: "Make \(Path.directory(of: path)) writable, or name a key with --identity.")
    }
  }

  private static func generate() throws -> (secret: [UInt8], open: [UInt8]) {
    let context = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nil)
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    var secret = [UInt8](repeating: 0, count: 32)
    var open = [UInt8](repeating: 0, count: 32)
    var (secretCount, openCount) = (32, 32)
    guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_keygen(context, &key) == 1,
      EVP_PKEY_get_raw_private_key(key, &secret, &secretCount) == 1,
      EVP_PKEY_get_raw_public_key(key, &open, &openCount) == 1, secretCount == 32, openCount == 32
    else {
      EVP_PKEY_free(key)
      throw TunnelError(.keyFile, "libcrypto makes no ed25519 keys", advice: "")
    }
    EVP_PKEY_free(key)
    return (secret, open)
  }

  private static func blob(_ open: [UInt8]) -> [UInt8] {
    var writer = WireWriter()
    writer.string("ssh-ed25519".utf8)
    writer.string(open)
    return writer.bytes
  }

  /// OpenSSH's own format, unencrypted. See PROTOCOL.key in OpenSSH.
  private static func file(secret: [UInt8], open: [UInt8]) -> [UInt8] {
    var inner = WireWriter()
    let check = randomBytes(4).reduce(0) { $0 << 8 | UInt32($1) }
    inner.uint32(check)
    inner.uint32(check)
    inner.string("ssh-ed25519".utf8)
    inner.string(open)
    inner.string(secret + open)
    inner.string("webio".utf8)
    var padding: UInt8 = 1
    while inner.bytes.count % 8 != 0 {
      inner.byte(padding)
      padding += 1
    }
    var outer = WireWriter()
    for byte in "openssh-key-v1\0".utf8 { outer.byte(byte) }
    outer.string("none".utf8)
    outer.string("none".utf8)
    outer.string([])
    outer.uint32(1)
    outer.string(blob(open))
    outer.string(inner.bytes)
    var text = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    var body = Array(Base64.encode(outer.bytes).utf8)[...]
    while !body.isEmpty {
      text += ASCII.text(body.prefix(70)) + "\n"
      body = body.dropFirst(70)
    }
    return Array((text + "-----END OPENSSH PRIVATE KEY-----\n").utf8)
  }
}

import Glibc
import WebIOHTTP
import WebIOPosix

/// What a private key's file says of itself without being opened: libssh2 fails on most of them without a reason.
struct KeyFile {
  let path: String
  /// `ssh-ed25519` and the like; nil where only the key itself tells.
  let type: String?
  let isEncrypted: Bool
  /// The public half, where the file has it in the clear.
  let publicBlob: [UInt8]?

  /// Throws what to tell the user: no such file, not readable, no private key.
  init(_ path: String) throws {
    self.path = path
    let bytes: [UInt8]
    do {
      bytes = try Files.read(path, limit: 64 * 1024)
    } catch {
      throw TunnelError(
        .keyFile, "cannot read the key file \(path): \(error)", advice: "Name a readable private key with --identity.")
    }
    let lines = bytes.split(separator: UInt8(ascii: "\n")).map { $0.filter { $0 != UInt8(ascii: "\r") } }
    guard let first = lines.first(where: { $0.starts(withASCII: "-----BEGIN ") }) else {
      let isPublic = bytes.starts(withASCII: "ssh-") || bytes.starts(withASCII: "ecdsa-")
      throw TunnelError(
        .keyFile, isPublic ? "\(path) is a public key" : "\(path) is no private key",
        advice: "The private key is the file without .pub; `ssh-keygen -t ed25519` makes one.")
    }
    switch ASCII.text(first) {
    case "-----BEGIN OPENSSH PRIVATE KEY-----":
      let body = lines.drop { !$0.starts(withASCII: "-----BEGIN") }.dropFirst()
        .prefix { !$0.starts(withASCII: "-----END") }.flatMap(\.self)
      guard let key = Base64.decode(body).flatMap(Self.openSSH) else {
        throw TunnelError(.keyFile, "\(path) is damaged", advice: "Make a new key: `ssh-keygen -t ed25519`.")
      }
      (type, isEncrypted, publicBlob) = (HostKey(blob: key.blob)?.type, key.isEncrypted, key.blob)
    case "-----BEGIN RSA PRIVATE KEY-----":
      (type, isEncrypted, publicBlob) = ("ssh-rsa", bytes.end(ofASCII: "ENCRYPTED") != nil, nil)
    case "-----BEGIN ENCRYPTED PRIVATE KEY-----": (type, isEncrypted, publicBlob) = (nil, true, nil)
    default: (type, isEncrypted, publicBlob) = (nil, bytes.end(ofASCII: "ENCRYPTED") != nil, nil)
    }
  }

  /// See PROTOCOL.key in OpenSSH: magic, cipher, key derivation, its options, number of keys, public key.
  private static func openSSH(_ bytes: [UInt8]) -> (blob: [UInt8], isEncrypted: Bool)? {
    guard bytes.starts(withASCII: "openssh-key-v1\0") else { return nil }
    var reader = WireReader(Array(bytes.dropFirst(15)))
    guard let cipher = reader.string(), reader.string() != nil, reader.string() != nil, reader.uint32() == 1,
      let blob = reader.string()
    else { return nil }
    return (blob, !cipher.elementsEqual("none".utf8))
  }

  /// The public half from the file beside it, or from the file itself.
  var publicKey: HostKey? {
    if let publicBlob { return HostKey(blob: publicBlob) }
    guard let line = try? Files.read(path + ".pub", limit: 64 * 1024) else { return nil }
    let fields = line.split(whereSeparator: { ASCII.isBlank($0) || $0 == UInt8(ascii: "\n") })
    return fields.count >= 2 ? Base64.decode(fields[1]).flatMap { HostKey(blob: $0) } : nil
  }
}

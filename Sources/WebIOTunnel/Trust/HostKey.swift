import COpenSSL
import WebIOHTTP

/// A server's public key as it goes over the wire: a length-prefixed type, then the numbers. See RFC 4253 section 6.6.
package struct HostKey: Equatable, Sendable {
  package let blob: [UInt8]
  package let type: String

  /// Nil when the blob does not start with a type's name.
  package init?(blob: [UInt8]) {
    guard blob.count >= 8 else { return nil }
    let length = blob[..<4].reduce(0) { $0 << 8 | Int($1) }
    guard (1...64).contains(length), blob.count > 4 + length else { return nil }
    let name = blob[4..<(4 + length)]
    guard name.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
    self.blob = blob
    type = ASCII.text(name)
  }

  /// `SHA256:` and base64 without padding, as OpenSSH shows it.
  package var fingerprint: String { "SHA256:" + Base64.encode(Digest.sha256(blob), padding: false) }
}

/// Hashes from libcrypto.
enum Digest {
  static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    let code = EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil)
    precondition(code == 1 && length == 32, "libcrypto without SHA-256")
    return digest
  }

  /// What hashed names in known_hosts are made with: SHA-1, keyed, and not a matter of security there.
  static func hmacSHA1(key: [UInt8], _ bytes: [UInt8]) -> [UInt8]? {
    var digest = [UInt8](repeating: 0, count: 20)
    var length: UInt32 = 0
    let result = HMAC(EVP_sha1(), key, Int32(key.count), bytes, bytes.count, &digest, &length)
    return result != nil && length == 20 ? digest : nil
  }
}

import COpenSSL
import Glibc
import WebIOPosix

/// A key on P-256 with a certificate for it, made here. RFC 5280.
final class CertifiedKey {
  let key: OpaquePointer
  let certificate: OpaquePointer

  deinit {
    EVP_PKEY_free(key)
    X509_free(certificate)
  }

  var certificatePEM: [UInt8] {
    let memory = MemoryBIO()
    PEM_write_bio_X509(memory.bio, certificate)
    return memory.written
  }

  /// PKCS #8, not encrypted.
  var keyPEM: [UInt8] {
    let memory = MemoryBIO()
    PEM_write_bio_PKCS8PrivateKey(memory.bio, key, nil, nil, 0, nil, nil)
    return memory.written
  }

  /// From PEM; nil when one is broken or they do not belong together.
  init?(certificate: [UInt8], key: [UInt8]) {
    let certificateMemory = MemoryBIO(certificate)
    let keyMemory = MemoryBIO(key)
    defer { ERR_clear_error() }
    guard let read = PEM_read_bio_X509(certificateMemory.bio, nil, webio_no_password, nil) else { return nil }
    guard let readKey = PEM_read_bio_PrivateKey(keyMemory.bio, nil, webio_no_password, nil) else {
      X509_free(read)
      return nil
    }
    guard X509_check_private_key(read, readKey) == 1 else {
      X509_free(read)
      EVP_PKEY_free(readKey)
      return nil
    }
    self.certificate = read
    self.key = readKey
  }

  private init(key: OpaquePointer, certificate: OpaquePointer) {
    self.key = key
    self.certificate = certificate
  }

  /// What a new certificate says. `extensions` in the words of x509v3_config(5).
  struct Contents {
    var commonName: String
    var days: Int
    var extensions: [(name: Int32, value: String)]
  }

  /// Its own issuer.
  static func makeAuthority(_ contents: Contents) throws -> CertifiedKey { try make(contents, nil, nil) }

  func issue(_ contents: Contents) throws -> CertifiedKey {
    try Self.make(contents, certificate, key)
  }

  private static func make(
    _ contents: Contents, _ issuer: OpaquePointer?, _ issuerKey: OpaquePointer?
  ) throws -> CertifiedKey {
    guard let key = webio_new_p256_key(), let certificate = X509_new() else { throw failure() }
    let made = CertifiedKey(key: key, certificate: certificate)
    // 19 of at most 20 bytes, so that the number is positive.
    let serial = BN_bin2bn(randomBytes(19), 19, nil)
    defer { BN_free(serial) }
    // An hour back, for clocks that are behind.
    guard X509_set_version(certificate, 2) == 1,
      BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != nil,
      X509_gmtime_adj(X509_getm_notBefore(certificate), -3_600) != nil,
      X509_gmtime_adj(X509_getm_notAfter(certificate), contents.days * 86_400) != nil,
      X509_set_pubkey(certificate, key) == 1
    else { throw failure() }
    let subject = X509_get_subject_name(certificate)
    for (field, value) in [("O", "WebIO local development"), ("CN", contents.commonName)] {
      guard X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8, Array(value.utf8), Int32(value.utf8.count), -1, 0) == 1
      else { throw failure() }
    }
    guard X509_set_issuer_name(certificate, issuer.map { X509_get_subject_name($0) } ?? subject) == 1 else {
      throw failure()
    }
    try add(contents.extensions, to: certificate, issuer ?? certificate)
    guard X509_sign(certificate, issuerKey ?? key, EVP_sha256()) > 0 else { throw failure() }
    return made
  }

  private static func add(
    _ extensions: [(name: Int32, value: String)], to certificate: OpaquePointer, _ issuer: OpaquePointer
  ) throws {
    var context = X509V3_CTX()
    X509V3_set_ctx(&context, issuer, certificate, nil, nil, 0)
    for (name, value) in extensions {
      guard let made = X509V3_EXT_conf_nid(nil, &context, name, value) else { throw failure() }
      defer { X509_EXTENSION_free(made) }
      guard X509_add_ext(certificate, made, -1) == 1 else { throw failure() }
    }
  }

  private static func failure() -> TLSError { TLSError(file: "a new certificate") }
}

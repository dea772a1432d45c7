import COpenSSL
import Glibc
import WebIOPosix

/// A certificate with its key, ready for connections. See SSL_CTX_new(3).
@EventLoop
final class TLSContext {
  let pointer: OpaquePointer
  /// What is odd about the certificate and hinders nobody from starting: it has expired.
  let warning: String?

  /// `certificate` and `key` are PEM; `files` names them in errors.
  init(_ files: TLSFiles, certificate: [UInt8], key: [UInt8]) throws {
    guard let context = SSL_CTX_new(TLS_server_method()) else { throw TLSError(file: files.certificate) }
    do {
      webio_ssl_ctx_prepare(context)
      let own = try Self.useChain(context, certificate, files)
      try Self.useKey(context, key, files)
      warning = Self.warning(own, files.certificate)
    } catch {
      SSL_CTX_free(context)
      throw error
    }
    pointer = context
  }

  convenience init(_ files: TLSFiles) throws {
    let bytes = try files.read()
    try self.init(files, certificate: bytes.certificate, key: bytes.key)
  }

  isolated deinit { SSL_CTX_free(pointer) }

  /// Whether the certificate is one for that host: its subjectAltName, with wildcards. RFC 6125.
  func covers(_ host: UnsafePointer<CChar>) -> Bool {
    X509_check_host(SSL_CTX_get0_certificate(pointer), host, strlen(host), 0, nil) == 1
  }

  private static func useChain(_ context: OpaquePointer, _ bytes: [UInt8], _ files: TLSFiles) throws -> OpaquePointer {
    let pem = MemoryBIO(bytes)
    guard let own = PEM_read_bio_X509_AUX(pem.bio, nil, webio_no_password, nil) else {
      ERR_clear_error()
      throw TLSError(
        file: files.certificate, reason: "there is no certificate in it, which starts with \"-----BEGIN CERTIFICATE-----\"")
    }
    defer { X509_free(own) }
    guard SSL_CTX_use_certificate(context, own) == 1 else { throw TLSError(file: files.certificate) }
    while let next = PEM_read_bio_X509(pem.bio, nil, webio_no_password, nil) {
      // Takes the certificate over.
      guard SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 0, UnsafeMutableRawPointer(next)) == 1 else {
        X509_free(next)
        throw TLSError(file: files.certificate)
      }
    }
    ERR_clear_error()
    return own
  }

  private static func useKey(_ context: OpaquePointer, _ bytes: [UInt8], _ files: TLSFiles) throws {
    let pem = MemoryBIO(bytes)
    guard let key = PEM_read_bio_PrivateKey(pem.bio, nil, webio_no_password, nil) else {
      ERR_clear_error()
      let isEncrypted = ["BEGIN ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED"].contains {
        bytes.firstRange(of: Array($0.utf8)) != nil
      }
      throw TLSError(
        file: files.key,
        reason: isEncrypted
          ? "the key is encrypted. Write it without a passphrase: openssl pkey -in \(files.key) -out plain.key"
          : "there is no private key in it, which starts with \"-----BEGIN PRIVATE KEY-----\"")
    }
    defer { EVP_PKEY_free(key) }
    guard SSL_CTX_use_PrivateKey(context, key) == 1, SSL_CTX_check_private_key(context) == 1 else {
      ERR_clear_error()
      throw TLSError(file: files.key, reason: "it is not the key of the certificate in \(files.certificate)")
    }
  }

  private static func warning(_ certificate: OpaquePointer, _ file: String) -> String? {
    if X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0 {
      return "\(file): the certificate expired on \(text(X509_get0_notAfter(certificate))); browsers will refuse it"
    }
    if X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0 {
      return "\(file): the certificate is not valid before \(text(X509_get0_notBefore(certificate))); "
        + "browsers will refuse it, unless this machine's clock is wrong"
    }
    return nil
  }

  private static func text(_ time: UnsafePointer<ASN1_TIME>?) -> String {
    let pem = MemoryBIO([])
    ASN1_TIME_print(pem.bio, time)
    return String(decoding: pem.written, as: UTF8.self)
  }
}

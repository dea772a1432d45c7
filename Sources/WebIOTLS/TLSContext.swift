import COpenSSL
import WebIOHTTP
import WebIOPosix

extension TransportSecurity {
  /// TLS 1.2 and 1.3 with a certificate and its private key from PEM files. See SSL_CTX_use_certificate_chain_file(3).
  ///
  ///     try await startServer(main, host: "", port: 443, tls: .files(certificate: "cert.pem", key: "key.pem"))
  ///
  /// The certificate's file has the whole chain, the server's own certificate first. The server does not start, with
  /// a ``TLSError`` that names the file, when one of them cannot be read or they do not belong together.
  public static func files(certificate: String, key: String) -> TransportSecurity {
    TransportSecurity {
      let context = try TLSContext(certificate: certificate, key: key)
      return { TLSStream($0, context) }
    }
  }
}

/// What all connections of a server share.
@EventLoop
final class TLSContext {
  let pointer: OpaquePointer

  init(certificate: String, key: String) throws {
    for file in [certificate, key] where !Files.isFile(file) {
      throw TLSError(file: file, reason: "there is no such file")
    }
    guard let context = SSL_CTX_new(TLS_server_method()) else { throw TLSError(file: certificate) }
    webio_ssl_ctx_prepare(context)
    do {
      guard SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else { throw TLSError(file: certificate) }
      guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else { throw TLSError(file: key) }
      guard SSL_CTX_check_private_key(context) == 1 else {
        throw TLSError(file: key, reason: "does not belong to the certificate in \(certificate)")
      }
    } catch {
      SSL_CTX_free(context)
      throw error
    }
    pointer = context
  }

  isolated deinit { SSL_CTX_free(pointer) }
}

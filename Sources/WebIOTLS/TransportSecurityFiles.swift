import WebIOHTTP
import WebIOPosix

extension TransportSecurity {
  /// TLS 1.2 and 1.3 with a certificate and its private key from PEM files. RFC 8446, RFC 5246.
  ///
  ///     try await startServer(main, host: "", port: 443, tls: .files(certificate: "cert.pem", key: "key.pem"))
  ///
  /// The certificate's file has the whole chain, the server's own certificate first; the key is not encrypted. Files that
  /// are replaced are in use within five seconds, and at once after SIGHUP; connections that are open go on. The server
  /// does not start, with a ``TLSError`` that names the file and says why, when one cannot be read or used. A certificate
  /// that has expired is only warned of.
  public static func files(certificate: String, key: String) -> TransportSecurity {
    files([(certificate: certificate, key: key)])
  }

  /// The same for several names: each client gets the certificate whose names cover the one it asks for (SNI, RFC 6066),
  /// or the first.
  ///
  ///     tls: .files([("example.org.pem", "example.org.key"), ("example.net.pem", "example.net.key")])
  public static func files(_ pairs: [(certificate: String, key: String)]) -> TransportSecurity {
    let files = pairs.map { TLSFiles(certificate: $0.certificate, key: $0.key) }
    return TransportSecurity {
      guard !files.isEmpty else { throw TLSError(file: "tls", reason: "there is no certificate in the list") }
      return try TLSCertificates(files: files, warn: warn).wrapping()
    }
  }

  @EventLoop
  static func warn(_ text: String) { StandardError.write("webio: warning: \(text)\n") }
}

extension TLSCertificates {
  /// What goes between a socket and HTTP; it keeps the certificates up to date.
  func wrapping() -> @EventLoop (any ByteStream) -> any ByteStream {
    watch()
    return { TLSStream($0, self) }
  }
}

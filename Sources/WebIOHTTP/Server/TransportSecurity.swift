import WebIOPosix

/// What makes `http` into `https`: what `startServer(tls:)` takes. The product WebIOTLS has it.
///
///     try await startServer(main, host: "", port: 443, tls: .files(certificate: "cert.pem", key: "key.pem"))
public struct TransportSecurity: Sendable {
  /// Loads what is needed, or throws; the result goes between a socket and HTTP.
  package let prepare: @EventLoop @Sendable () throws -> @EventLoop (any ByteStream) -> any ByteStream

  package init(
    prepare: @escaping @EventLoop @Sendable () throws -> @EventLoop (any ByteStream) -> any ByteStream
  ) {
    self.prepare = prepare
  }
}

import WebIOPosix

/// A way in from the internet: what `startServer(remoteAccess:)` takes. The product WebIOTunnel has some.
///
///     try await startServer(main, remoteAccess: .localhostRun)
public struct RemoteAccess: Sendable {
  /// Opens the way; each visitor's connection comes to the handler as a stream that is marked as the tunnel's.
  package let start: @EventLoop @Sendable (_ accept: @escaping @EventLoop (any ByteStream) -> Void) -> Void

  package init(
    start: @escaping @EventLoop @Sendable (_ accept: @escaping @EventLoop (any ByteStream) -> Void) -> Void
  ) {
    self.start = start
  }
}

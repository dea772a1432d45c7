import WebIOPosix

/// What is known about an answered request when it is over.
package struct AccessLogEntry: Sendable {
  /// Nil when the client's bytes were none.
  package let request: HTTPRequestHead?
  package let peerAddress: String
  /// 0 for a unix socket and a tunnel.
  package let peerPort: UInt16
  package let origin: StreamOrigin
  package let status: HTTPStatus
  /// All bytes of the answer, its head included.
  package let bytes: Int
  package let duration: Duration
}

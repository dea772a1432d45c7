/// What went wrong with a message or a connection, and the status that tells the peer.
public struct HTTPError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: Sendable {
    /// The peer's bytes break the protocol.
    case malformed
    /// A limit of `HTTPLimits` is exceeded.
    case tooLarge
    /// Well formed, and nothing that this side does.
    case unsupported
    /// A deadline of `HTTPLimits` passed.
    case timedOut
    /// The peer went away before the message was whole.
    case closed
    /// Somebody on our side called it off.
    case cancelled
  }

  public let code: Code
  public let status: HTTPStatus
  /// One clause for people, without bytes of the peer.
  public let reason: String

  public init(_ code: Code, _ status: HTTPStatus, _ reason: String) {
    self.code = code
    self.status = status
    self.reason = reason
  }

  static func malformed(_ reason: String) -> HTTPError { HTTPError(.malformed, .badRequest, reason) }
  static let closed = HTTPError(.closed, .badRequest, "the connection ended early")

  public var description: String { "\(status.code) \(status.reason): \(reason)" }
}

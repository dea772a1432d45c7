/// A request with its body, for `WebServer`.
public struct HTTPRequest: Sendable {
  package let head: HTTPRequestHead
  public let body: [UInt8]
  /// Without a port; empty for a unix socket.
  public let peerAddress: String

  /// Case-sensitive: `GET`.
  public var method: String { head.method }
  /// As the client sent it, without the query.
  public var path: String { head.path }
  public var fields: HTTPFields { head.fields }

  /// The first value of that name in the query, decoded.
  public func query(_ name: String) -> String? { head.queryValue(name) }

  /// The body as text; nil when it is not UTF-8.
  public var text: String? { String(validating: body, as: UTF8.self) }

  /// The body as JSON of at most a million values. What it throws is answered with 400, if nobody catches it.
  public func json() throws -> JSONValue {
    do {
      return try JSONParser.parse(body)
    } catch {
      throw HTTPError(.malformed, .badRequest, error.description)
    }
  }
}

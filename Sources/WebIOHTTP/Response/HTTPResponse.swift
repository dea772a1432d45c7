/// An answer, for `WebServer`. A string literal is one of text.
///
///     HTTPResponse("hello")
///     HTTPResponse(json: ["ok": true])
///     HTTPResponse(.notFound, "no such page")
///     HTTPResponse { writer in for line in lines { try await writer.write(line) } }
public struct HTTPResponse: Sendable, ExpressibleByStringInterpolation {
  public var status: HTTPStatus
  public var fields: HTTPFields
  public var body: [UInt8]
  /// Writes the body piece by piece, instead of `body`.
  var stream: (@Sendable (HTTPBodyWriter) async throws -> Void)?
  /// Runs the connection, instead of a body.
  var webSocket: (@Sendable (WebSocket) async throws -> Void)?

  public init(_ status: HTTPStatus = .ok, _ fields: HTTPFields = HTTPFields(), body: [UInt8]) {
    self.status = status
    self.fields = fields
    self.body = body
  }

  /// Made once: most answers have it.
  private static let plainText: HTTPFields = ["Content-Type": "text/plain; charset=utf-8"]

  var isWhole: Bool { stream == nil && webSocket == nil }

  /// Plain text.
  public init(_ status: HTTPStatus = .ok, _ text: String) {
    self.init(status, Self.plainText, body: Array(text.utf8))
  }

  public init(stringLiteral text: String) { self.init(.ok, text) }

  public init(_ status: HTTPStatus = .ok, html: String) {
    self.init(status, ["Content-Type": "text/html; charset=utf-8"], body: Array(html.utf8))
  }

  public init(_ status: HTTPStatus = .ok, json: JSONValue) {
    self.init(status, ["Content-Type": "application/json"], body: json.serialized)
  }

  /// Sends the browser elsewhere. A location with a control character is answered with 500.
  public init(redirect location: String, _ status: HTTPStatus = .seeOther) {
    self.init(status, ["Location": location], body: [])
  }

  /// An answer of unknown length. When `stream` throws, the connection is cut, so that the client can tell.
  public init(
    _ status: HTTPStatus = .ok, _ fields: HTTPFields = HTTPFields(),
    stream: @escaping @Sendable (HTTPBodyWriter) async throws -> Void
  ) {
    self.init(status, fields, body: [])
    self.stream = stream
  }

  /// Makes the connection a WebSocket, which ends with the closure. A request that asks for none is answered with 426.
  public static func webSocket(_ body: @escaping @Sendable (WebSocket) async throws -> Void) -> HTTPResponse {
    var response = HTTPResponse(.switchingProtocols, body: [])
    response.webSocket = body
    return response
  }
}

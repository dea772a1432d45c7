import WebIOHTTP

/// A request to an ``AppHandler``, as another server has read it. RFC 9110.
public struct AppRequest: Sendable {
  /// Case-sensitive: `GET`.
  public var method: String
  /// Path and query as they were sent, undecoded: `/?app=bmi`.
  public var target: String
  /// All fields, `Host` included; over HTTP/2 it is `:authority`.
  public var fields: [(name: String, value: String)]
  /// The whole body. One beyond `maxPayloadSize` is answered with 413: read no more than ``AppHandler/bodyLimit`` and a byte.
  public var body: [UInt8]
  /// The visitor's address, without a port: what ``SessionInfo/userIP`` is. Empty when it is not known.
  public var peerAddress: String

  public init(
    method: String = "GET", target: String, fields: [(name: String, value: String)], body: [UInt8] = [],
    peerAddress: String = ""
  ) {
    self.method = method
    self.target = target
    self.fields = fields
    self.body = body
    self.peerAddress = peerAddress
  }

  /// Whether it asks for a WebSocket. RFC 6455 section 4.1.
  var wantsWebSocket: Bool {
    fields.contains { name, value in
      ASCII.equalsIgnoringCase(name, "Upgrade") && ASCII.equalsIgnoringCase(value, "websocket")
    }
  }

  /// The fields as they go on: framing and connection belong to the other server. Nil when a name or a value is none.
  var forwarded: HTTPFields? {
    guard Self.isToken(method), target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !target.isEmpty else { return nil }
    let dropped = [
      "connection", "upgrade", "keep-alive", "transfer-encoding", "content-length", "expect", "te", "trailer",
      "proxy-connection", "http2-settings", "sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions",
      "sec-websocket-protocol", "sec-websocket-accept",
    ]
    var forwarded = HTTPFields()
    for (name, value) in fields where !dropped.contains(where: { ASCII.equalsIgnoringCase(name, $0) }) {
      forwarded.append(name, value)
    }
    if wantsWebSocket {
      forwarded.append("Connection", "Upgrade")
      forwarded.append("Upgrade", "websocket")
      forwarded.append("Sec-WebSocket-Version", "13")
      // The other server has shaken hands with the browser; between it and us the key means nothing.
      forwarded.append("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
    }
    return forwarded.invalidName == nil ? forwarded : nil
  }

  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "!#$%&'*+-.^_`|~".utf8.contains($0) }
  }
}

/// An answer of an ``AppHandler``.
public struct AppResponse: Sendable {
  /// 101 when it is a WebSocket.
  public let status: Int
  /// Without those of framing and connection, which are the other server's.
  public let fields: [(name: String, value: String)]
  /// What `Content-Length` is, also in the answer to HEAD; nil when it is not known in advance.
  public let contentLength: Int?
  /// The body as it comes; nothing after HEAD.
  public let body: Body
  /// What to do instead of sending a body, once the browser has its 101: see ``WebSocket/relay(_:send:)``.
  public let webSocket: WebSocket?

  /// Pieces of an answer's body, of at most 64 KiB. The next one is made when this one was taken.
  public struct Body: AsyncSequence, Sendable {
    fileprivate enum Source: Sendable {
      case whole([UInt8])
      case exchange(AppExchange)
    }

    fileprivate let source: Source

    public struct AsyncIterator: AsyncIteratorProtocol {
      fileprivate var source: Source

      /// Nil at the end. Throws an ``HTTPError`` when the answer was cut, and `CancellationError`.
      public mutating func next() async throws -> [UInt8]? {
        switch source {
        case .whole(let bytes):
          source = .whole([])
          return bytes.isEmpty ? nil : bytes
        case .exchange(let exchange): return try await exchange.next()
        }
      }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: source) }

    /// All of it, for answers that are not large: pages and assets are not, files of `staticDirectory` may be.
    public func bytes() async throws -> [UInt8] {
      var bytes: [UInt8] = []
      for try await piece in self { bytes += piece }
      return bytes
    }
  }
}

extension AppResponse {
  /// An answer that comes through `exchange`.
  init(
    _ status: Int, _ fields: [(name: String, value: String)], contentLength: Int?, _ exchange: AppExchange,
    _ webSocket: WebSocket?
  ) {
    self.init(
      status: status, fields: fields, contentLength: contentLength, body: Body(source: .exchange(exchange)),
      webSocket: webSocket)
  }

  /// Plain text, for requests that never became one.
  init(_ status: Int, text: String) {
    self.init(
      status: status, fields: [("Content-Type", "text/plain; charset=utf-8")], contentLength: text.utf8.count,
      body: Body(source: .whole(Array(text.utf8))), webSocket: nil)
  }
}

import WebIOHTTP
import WebIOPosix

/// Echoes WebSocket messages and bodies on the event loop, in the order in which they come: for conformance suites, which
/// want a message answered before the mistake behind it ends the connection.
@EventLoop
final class EchoServer: HTTPRequestHandler {
  private static var server: HTTPServer?
  /// The largest of Autobahn's messages are 16 MiB.
  nonisolated static let messageLimit = 64 << 20

  static func start(port: UInt16) throws -> UInt16 {
    var limits = HTTPLimits()
    limits.webSocketMessage = messageLimit
    let server = HTTPServer(handler: EchoServer(), limits: limits)
    self.server = server
    return try server.listen(on: ListenAddress.all(host: "127.0.0.1", port: Int(port)))
  }

  func handle(_ exchange: HTTPExchange) {
    if exchange.request.wantsUpgrade {
      guard let socket = exchange.upgradeToWebSocket() else { return }
      socket.onText = { [unowned socket] in socket.sendText($0) }
      socket.onBinary = { [unowned socket] in socket.sendBinary($0) }
      return
    }
    exchange.readBody(limit: 64 << 20) { result in
      switch result {
      case .success(let body): exchange.respond(.ok, [:], body.isEmpty ? Array("hello".utf8) : body)
      case .failure(let error): exchange.respond(error.status)
      }
    }
  }
}

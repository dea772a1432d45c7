import WebIOPosix

/// Answers `GET /metrics` on a listener of its own, and nothing else.
@EventLoop
package final class MetricsListener: HTTPRequestHandler {
  /// Gives the text, at once or later.
  package typealias Source = @EventLoop (@escaping @EventLoop (String) -> Void) -> Void

  private let source: Source
  private let refusal: @EventLoop (HTTPExchange) -> String?
  private var server: HTTPServer?
  package private(set) var port: UInt16 = 0

  /// A request to which `refusal` says something is not answered. Throws a `ListenError`.
  package init(
    on addresses: [SocketAddress], refusal: @escaping @EventLoop (HTTPExchange) -> String?, source: @escaping Source
  ) throws {
    self.source = source
    self.refusal = refusal
    var limits = HTTPLimits()
    limits.connections = 64
    limits.body = 0
    let server = HTTPServer(handler: self, limits: limits)
    port = try server.listen(on: addresses)
    self.server = server
  }

  package func handle(_ exchange: HTTPExchange) {
    let request = exchange.request
    if let words = refusal(exchange) { return exchange.respond(.forbidden, text: words) }
    guard request.hasPath("/metrics") else { return exchange.respond(.notFound, text: "The metrics are at /metrics.\n") }
    guard request.isGet || request.isHead else { return exchange.respond(.methodNotAllowed, ["Allow": "GET, HEAD"]) }
    exchange.compresses = true
    source { Self.respond(exchange, $0) }
  }

  package static func respond(_ exchange: HTTPExchange, _ text: String) {
    exchange.respond(.ok, ["Content-Type": MetricsText.contentType, "Cache-Control": "no-store"], Array(text.utf8))
  }

  package func stop() {
    server?.stop(grace: .zero) {}
    server = nil
  }
}

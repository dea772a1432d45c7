import FlyingFox
import FlyingSocks
import Foundation
import WebIO

/// A FlyingFox server with routes of its own, and the apps below /apps.
struct Site: Sendable {
  let port: Int
  private let server: HTTPServer
  private let apps: AppHandler
  private let running: Task<Void, any Error>

  /// Port 0 is any that is free.
  static func start(port: Int) async throws -> Site {
    // It is bound to this machine, so requests name this machine. A public one has `allowedHosts: nil`.
    let apps = try await AppHandler(applications, allowedHosts: [], prefix: "/apps")
    // A page without a WebSocket waits for output, for up to 20 seconds.
    let wanted = UInt16(AppHandler.listeningPort(port))
    let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: wanted), timeout: 60)
    await server.appendRoute("GET /") { _ in
      HTTPResponse(statusCode: .ok, body: Data("This is the server's own page. The apps are at /apps/\n".utf8))
    }
    for path in ["/apps", "/apps/*"] {
      let route = HTTPRoute(methods: [.GET, .HEAD, .POST, .OPTIONS], path: path)
      await server.appendRoute(route) { try await apps.respond(to: $0) }
    }
    let running = Task { try await server.run() }
    try await server.waitUntilListening()
    guard case .ip4(_, let bound)? = await server.listeningAddress else { throw SocketError.unsupportedAddress }
    await apps.isServing(at: Int(bound))
    return Site(port: Int(bound), server: server, apps: apps, running: running)
  }

  func stop() async {
    await apps.close()
    await server.stop(timeout: 5)
    _ = await running.result
  }
}

import WebIO
import WebIOHTTP

/// A server with routes of its own, and the apps below /apps.
struct Site: Sendable {
  let port: Int
  private let server: WebServer
  private let apps: AppHandler

  /// Port 0 is any that is free.
  static func start(port: Int) async throws -> Site {
    // It is bound to this machine, so requests name this machine. A public one has `allowedHosts: nil`.
    let apps = try await AppHandler(applications, allowedHosts: [], prefix: "/apps")
    let server = WebServer(port: AppHandler.listeningPort(port), bodyLimit: ByteCount(apps.bodyLimit)) { request in
      switch (request.method, request.path) {
      case ("GET", "/"): "This is the server's own page. The apps are at /apps/\n"
      case (_, let path) where path == "/apps" || path.hasPrefix("/apps/"): try await apps.respond(to: request)
      default: HTTPResponse(.notFound, "There is nothing here.\n")
      }
    }
    let bound = try await server.start()
    await apps.isServing(at: bound)
    return Site(port: bound, server: server, apps: apps)
  }

  func stop() async {
    await apps.close()
    await server.stop()
  }
}

import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import WebIO

/// A Hummingbird server with routes of its own, and the apps below /apps.
struct Site: Sendable {
  let port: Int
  private let apps: AppHandler
  private let group: ServiceGroup
  private let running: Task<Void, any Error>

  /// Port 0 is any that is free.
  static func start(port: Int) async throws -> Site {
    // It is bound to this machine, so requests name this machine. A public one has `allowedHosts: nil`.
    let apps = try await AppHandler(applications, allowedHosts: [], prefix: "/apps")
    let router = Router(context: VisitorContext.self)
    router.add(middleware: AppMiddleware(apps: apps, prefix: "/apps"))
    router.get("/") { _, _ in "This is the server's own page. The apps are at /apps/\n" }

    let (ports, bound) = AsyncStream.makeStream(of: Int.self)
    let server = Application(
      router: router, server: .http1(webSocketsOf: apps),
      configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: AppHandler.listeningPort(port))),
      onServerRunning: { channel in
        bound.yield(channel.localAddress?.port ?? 0)
        bound.finish()
      })
    let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [server], logger: server.logger))
    let running = Task {
      // Where it cannot listen, nobody waits for the port.
      defer { bound.finish() }
      try await group.run()
    }
    for await port in ports {
      await apps.isServing(at: port)
      return Site(port: port, apps: apps, group: group, running: running)
    }
    try await running.value
    throw CancellationError()
  }

  func stop() async {
    await apps.close()
    await group.triggerGracefulShutdown()
    _ = await running.result
  }
}

import TestSupport
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

/// An app on a port of its own.
struct ServedApp: Sendable {
  let port: Int
  private let running: Task<Void, Never>

  /// With port 0 it gets a free one.
  init(
    port: Int = 0, debug: Bool = false, transport: Transport = .auto, cdn: String? = nil, allowedOrigins: [String] = [],
    _ applications: [Application]
  ) async throws {
    let server = try await Self.start(port, debug, transport, cdn, allowedOrigins, applications)
    self.port = Int(await server.port)
    running = Task { await server.untilStopped() }
  }

  init(
    port: Int = 0, transport: Transport = .auto, cdn: String? = nil, allowedOrigins: [String] = [],
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await self.init(
      port: port, transport: transport, cdn: cdn, allowedOrigins: allowedOrigins, [Application("index", title: "Test", body)])
  }

  var url: String { "http://localhost:\(port)/" }

  func stop() async {
    running.cancel()
    await running.value
  }

  @EventLoop
  private static func start(
    _ port: Int, _ debug: Bool, _ transport: Transport, _ cdn: String?, _ allowedOrigins: [String],
    _ applications: [Application]
  ) throws -> AppServer {
    try AppServer.start(
      ApplicationTable(applications),
      ServerOptions(
        host: "localhost", port: port, debug: debug, staticDirectory: nil, theme: "auto", tls: nil, remoteAccess: nil,
        reconnectTimeout: .seconds(30), allowedOrigins: allowedOrigins, checkOrigin: nil, autoOpenBrowser: false,
        maxPayloadSize: 8 << 20, transport: transport, cdn: cdn))
  }
}

/// The browser with an app's page open.
func open(
  transport: Transport = .auto, _ body: @escaping @Sendable () async throws -> Void
) async throws -> WebDriver {
  let browser = try await Chromium.fresh()
  try await browser.open(ServedApp(transport: transport, body).url)
  return browser
}

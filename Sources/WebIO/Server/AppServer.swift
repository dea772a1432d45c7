import Glibc
import WebIOHTTP
import WebIOPosix

/// A server that is running: its sockets, its handler, its tunnel.
@EventLoop
final class AppServer {
  private let handler: AppHandler
  private let server: HTTPServer
  private var stopped: CheckedContinuation<Void, Never>?
  /// 0 behind a gateway.
  private(set) var port: UInt16 = 0

  static func start(_ applications: ApplicationTable, _ options: ServerOptions) throws -> AppServer {
    if let dev = DevMode.current { return try AppServer(applications, options, dev) }
    return try AppServer(applications, options)
  }

  /// By itself: it listens where it is told to, and says so.
  private init(_ applications: ApplicationTable, _ options: ServerOptions) throws {
    let addresses = try Self.addresses(options)
    let isLoopback = addresses.allSatisfy(\.isLoopback)
    let gate = OriginGate(
      allowedHosts: isLoopback ? [] : nil, allowedOrigins: options.allowedOrigins, checkOrigin: options.checkOrigin)
    handler = try AppHandler(applications, options, gate: gate)
    server = HTTPServer(handler: handler)
    if let tls = options.tls { server.wrapStream = try tls.prepare() }
    port = UInt16(options.port)
    for (index, address) in addresses.enumerated() {
      // `localhost` is two addresses; a machine without IPv6 has one.
      let wanted = index == 0 ? address : SocketAddress(numericHost: address.host, port: port) ?? address
      do {
        port = try server.listen(on: wanted).port
      } catch  where index > 0 {
        continue
      }
    }
    let url = "\(options.tls == nil ? "http" : "https")://\(isLoopback ? "localhost" : Self.shownHost(options.host)):\(port)"
    Log.note("WebIO is serving at \(url)")
    if options.autoOpenBrowser { Browser.open(url) }
    options.remoteAccess?.start { [server] stream in server.accept(stream) }
  }

  /// Behind the gateway of `webio dev`, which has checked the host.
  private init(_ applications: ApplicationTable, _ options: ServerOptions, _ dev: DevMode) throws {
    let gate = OriginGate(
      allowedHosts: nil, allowedOrigins: options.allowedOrigins, checkOrigin: options.checkOrigin)
    handler = try AppHandler(applications, options, gate: gate)
    server = HTTPServer(handler: handler)
    _ = try server.listen(inherited: dev.listener)
    OutputBuffering.byLine()
    let ready = Array("ready\n".utf8)
    _ = write(dev.readiness, ready, ready.count)
    Glibc.close(dev.readiness)
  }

  private static func addresses(_ options: ServerOptions) throws -> [SocketAddress] {
    let port = UInt16(options.port)
    if options.host == "localhost" {
      return ["127.0.0.1", "::1"].compactMap { SocketAddress(numericHost: $0, port: port) }
    }
    guard let address = SocketAddress(numericHost: options.host, port: port) else {
      throw WebIOError.invalidArgument(
        "\"\(options.host)\" is no address to listen on. Use \"localhost\", \"0.0.0.0\", or an address of this machine."
      )
    }
    return [address]
  }

  private static func shownHost(_ host: String) -> String {
    host.isEmpty || host == "0.0.0.0" || host == "::"
      ? "localhost" : host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
  }

  /// Returns when the surrounding task is cancelled.
  func untilStopped() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { stopped = $0 }
    } onCancel: {
      EventLoop.run { self.stop() }
    }
  }

  private func stop() {
    handler.close()
    server.stop(grace: .seconds(5)) { [self] in
      stopped?.resume()
      stopped = nil
    }
  }
}

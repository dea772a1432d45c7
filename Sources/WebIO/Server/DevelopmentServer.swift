import Glibc
import WebIOHTTP
import WebIOPosix

extension AppHandler {
  /// The port for the other server: `port`, or 0 under `webio dev`, whose gateway has the port that browsers know and starts the
  /// next program before it ends this one.
  ///
  ///     let server = WebServer(port: AppHandler.listeningPort(8080)) { try await apps.respond(to: $0) }
  ///     await apps.isServing(at: try await server.start())
  public static func listeningPort(_ port: Int) -> Int { DevMode.current == nil ? port : 0 }

  /// Tells `webio dev` that the other server listens at this port of this machine, which its gateway then leads to. Nothing happens
  /// where there is no `webio dev`, and when it is told once more.
  public func isServing(at port: Int) async {
    guard let dev = DevMode.current else { return }
    OutputBuffering.byLine()
    await dev.tell("ready \(port)")
  }
}

extension DevMode {
  @EventLoop private static var hasTold = false

  /// Writes a line to who has started this program. The descriptor is closed then, for another one may get its number.
  @EventLoop func tell(_ line: String) {
    guard !Self.hasTold else { return }
    Self.hasTold = true
    let bytes = Array("\(line)\n".utf8)
    _ = write(readiness, bytes, bytes.count)
    close(readiness)
  }
}

import WebIODev
import WebIOHTTP
import WebIOPosix
import WebIOTunnel

/// A tunnel to a server that somebody else runs.
@EventLoop
final class ShareServer: LongCommand {
  private let gateway: Gateway
  private let tunnels: TunnelGroup
  private let sharing: Sharing
  private let console: Console
  private var inspector: Inspector?

  init(_ server: (host: String, port: UInt16, rewritesHost: Bool), _ sharing: Sharing, _ console: Console) {
    self.sharing = sharing
    self.console = console
    var options = Gateway.Options()
    options.publicGate = sharing.gate
    options.waitingPage = PageParts.waitingPage
    gateway = Gateway(options)
    gateway.use(.server(host: server.host, port: server.port, rewritesHost: server.rewritesHost))
    gateway.onRequest = { RequestLog.show($0, console) }
    gateway.onUpstreamDown = { error in
      let name = "\(server.host):\(server.port)"
      console.event("upstreamDown", ["address": .string(name), "reason": .string(error.description)])
      console.warning("nothing answers at \(name) (\(error)); visitors see a page that waits for it")
    }
    tunnels = TunnelGroup(sharing.configurations, console, sharing.presentation) { RunLoop.fail($0) }
  }

  func start() throws {
    inspector = try sharing.inspector(of: gateway, console)
    sharing.warnAboutAddresses(console)
    tunnels.start(accept: { [gateway] in gateway.server.accept($0) }, newURL: { _ in })
    if let expiry = sharing.gate.expiry { Reactor.shared.schedule(after: expiry - MonotonicTime.now) { RunLoop.end(.done) } }
  }

  func stop(_ completion: @escaping @EventLoop () -> Void) {
    tunnels.stop { [gateway, inspector] in
      gateway.stop {
        if let inspector { inspector.stop(completion) } else { completion() }
      }
    }
  }
}

/// A line for each request that came from outside.
@EventLoop
enum RequestLog {
  static func show(_ entry: Gateway.LogEntry, _ console: Console) {
    guard entry.side == .public else { return }
    console.event(
      "request",
      [
        "method": .string(entry.method), "path": .string(entry.path), "status": .int(Int64(entry.status)),
        "ms": .int(Int64(entry.milliseconds)), "from": .string(entry.from),
      ])
    let color: Console.Style = entry.status < 400 ? .green : entry.status < 500 ? .yellow : .red
    console.note(
      "\(console.styled("\(entry.status)", color)) \(entry.method) \(entry.path)  \(entry.milliseconds) ms  \(entry.from)"
    )
  }
}

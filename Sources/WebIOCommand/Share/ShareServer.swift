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
    tunnels.start(accept: { [gateway] in gateway.server.accept($0) }, newURL: { _ in })
    sharing.endInTime()
  }

  func stop(_ completion: @escaping @EventLoop () -> Void) {
    tunnels.stop { [gateway, inspector] in
      gateway.stop {
        if let inspector { inspector.stop(completion) } else { completion() }
      }
    }
  }
}

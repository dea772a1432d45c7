import Glibc
import TestSupport
import Testing
import WebIOPosix

@testable import WebIOTunnel

/// A relay at the end of a slow path: whoever wants little does not wait behind a transfer.
extension RealServers {
  @EventLoop @Suite(.serialized) struct SlowPathTests {
    @Test(arguments: bothEngines)
    func aByteOvertakesATransfer(_ engine: TunnelConfiguration.Engine) async throws {
      let server = try await SSHServer()
      let path = try SlowPath(to: server.port)
      var configuration = try TunnelProbe.configuration(server, engine)
      configuration.target = try TunnelTarget.parse(
        server.address.replacing(":\(server.port)", with: ":\(path.port)"))
      let probe = TunnelProbe(configuration, .choose(64 << 20))
      let port = try await probe.port()
      let transfer = Reader()
      let stream = try await Visitor.connect(port: port)
      transfer.read(stream)
      stream.write(Array("s".utf8))
      try await EnduranceTests.eventually("a full path") { transfer.count > 1 << 20 }

      // Measured in what the other visitor got meanwhile, not in time.
      for _ in 0..<3 {
        let echo = Reader()
        let own = try await Visitor.connect(port: port)
        echo.read(own)
        let before = transfer.count
        own.write(Array("e".utf8))
        try await EnduranceTests.eventually("the echo") { echo.count == 1 }
        #expect(transfer.count - before < 1_500_000)
        own.abort()
      }
      stream.abort()
      await probe.stop()
      path.close()
      await server.stop()
    }
  }
}

/// Counts what comes in.
@EventLoop
private final class Reader: ByteStreamDelegate {
  private(set) var count = 0

  func read(_ stream: SocketStream) {
    stream.delegate = self
    stream.setReading(true)
  }

  func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) { count += bytes.count }
  func streamDidEnd(_ stream: any ByteStream) {}
  func streamDidDrain(_ stream: any ByteStream) {}
  func streamDidClose(_ stream: any ByteStream, error: SystemError?) {}
}

/// Passes on to a server what a client sends, a little at a time and with small buffers; back it goes at once.
@EventLoop
private final class SlowPath {
  private static let step: Duration = .milliseconds(10)
  private var listener: Listener?
  private var halves: [Half] = []

  var port: UInt16 { listener?.address.port ?? 0 }

  init(to server: UInt16) throws {
    let target = try #require(SocketAddress(numericHost: "127.0.0.1", port: server))
    let descriptor = try Listener.bind(try #require(SocketAddress(numericHost: "127.0.0.1", port: 0)))
    setOption(descriptor, SOL_SOCKET, SO_RCVBUF, 8 << 10)
    listener = try Listener(inherited: descriptor) { [weak self] client in
      Connector.connect(to: target) { result in
        guard case .success(let relay) = result else { return client.abort() }
        self?.halves += [Half(client, relay, step: Self.step), Half(relay, client, step: nil)]
      }
    }
  }

  func close() {
    listener?.close()
    for half in halves { half.from.abort() }
    halves = []
  }

  @EventLoop
  private final class Half: ByteStreamDelegate {
    let from: SocketStream
    private let to: SocketStream
    private let step: Duration?

    init(_ from: SocketStream, _ to: SocketStream, step: Duration?) {
      self.from = from
      self.to = to
      self.step = step
      from.delegate = self
      from.setReading(true)
    }

    func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
      to.write(bytes)
      guard let step else { return }
      from.setReading(false)
      Reactor.shared.schedule(after: step) { [from] in from.setReading(true) }
    }
    func streamDidEnd(_ stream: any ByteStream) { to.closeWriting() }
    func streamDidDrain(_ stream: any ByteStream) {}
    func streamDidClose(_ stream: any ByteStream, error: SystemError?) { to.abort() }
  }
}

import Glibc
import WebIOPosix

/// Connects and waits for a server's `SSH-` line: tells an SSH server from anything else before a process is started.
@EventLoop
final class Greeting: ByteStreamDelegate {
  private let target: TunnelTarget
  private var dialer: Dialer?
  private var stream: SocketStream?
  private var deadline: TimerToken?
  private var said: [UInt8] = []
  /// The connection's two ends, which the next one to the same server will have too.
  private(set) var localAddress: SocketAddress?
  private(set) var serverAddress: SocketAddress?
  private var completion: (@EventLoop (TunnelError?) -> Void)?

  /// Calls `completion` once, with nil for an SSH server.
  init(_ request: LinkRequest, _ completion: @escaping @EventLoop (TunnelError?) -> Void) {
    target = request.configuration.target
    self.completion = completion
    dialer = Dialer(request) { [weak self] result in
      switch result {
      case .success(let descriptor): self?.connected(descriptor)
      case .failure(let error): self?.finish(error)
      }
    }
  }

  func cancel() {
    completion = nil
    finish(nil)
  }

  func dialAgain() { dialer?.dialAgain() }

  private func connected(_ descriptor: Int32) {
    localAddress = try? SocketAddress.local(of: descriptor)
    serverAddress = try? SocketAddress.peer(of: descriptor)
    do {
      let stream = try SocketStream(descriptor: descriptor)
      self.stream = stream
      stream.delegate = self
      stream.setReading(true)
      // A web server says nothing before it is spoken to.
      stream.write(Array("SSH-2.0-WebIO\r\n".utf8))
      deadline = Reactor.shared.schedule(after: .seconds(10)) { [weak self] in self?.giveUp() }
    } catch {
      finish(.connectionLost("\(error)"))
    }
  }

  private func giveUp() { finish(.notAnSSHServer(target.endpoint, said: said)) }

  func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
    said += bytes.prefix(1024 - min(said.count, 1024))
    let lines = said.split(separator: UInt8(ascii: "\n"))
    if lines.contains(where: { $0.starts(withASCII: "SSH-") }) { return finish(nil) }
    if said.count >= 1024 || !said.starts(withASCII: "SSH-"), said.contains(UInt8(ascii: "\n")) { giveUp() }
  }

  func streamDidEnd(_ stream: any ByteStream) { giveUp() }
  func streamDidDrain(_ stream: any ByteStream) {}
  func streamDidClose(_ stream: any ByteStream, error: SystemError?) { giveUp() }

  private func finish(_ error: TunnelError?) {
    deadline?.cancel()
    dialer?.cancel()
    dialer = nil
    stream?.delegate = nil
    stream?.abort()
    stream = nil
    let completion = completion
    self.completion = nil
    completion?(error)
  }
}

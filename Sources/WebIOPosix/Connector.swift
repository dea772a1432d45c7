import CWebIOLinux
import Glibc

/// One attempt to connect without blocking. See connect(2).
@EventLoop
package final class Connector: EventSource {
  private let descriptor: Int32
  private let address: SocketAddress
  private var registration: Registration?
  private var deadline: TimerToken?
  private var completion: (@EventLoop (Result<SocketStream, SystemError>) -> Void)?

  /// Calls `completion` once, also when it takes longer than `timeout`.
  @discardableResult
  package static func connect(
    to address: SocketAddress, timeout: Duration = .seconds(10),
    _ completion: @escaping @EventLoop (Result<SocketStream, SystemError>) -> Void
  ) -> Connector? {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(address.family, type, 0)
    guard descriptor >= 0 else {
      completion(.failure(SystemError("socket")))
      return nil
    }
    if !address.isUnix { setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }
    let code = address.withSockaddr { Glibc.connect(descriptor, $0, $1) }
    if code != 0, errno != EINPROGRESS {
      let failure = SystemError("connect to \(address)")
      Glibc.close(descriptor)
      completion(.failure(failure))
      return nil
    }
    let connector = Connector(descriptor: descriptor, address: address, completion: completion)
    if code == 0 {
      connector.finish(nil)
      return nil
    }
    connector.wait(timeout)
    return connector
  }

  private init(
    descriptor: Int32, address: SocketAddress,
    completion: @escaping @EventLoop (Result<SocketStream, SystemError>) -> Void
  ) {
    self.descriptor = descriptor
    self.address = address
    self.completion = completion
  }

  private func wait(_ timeout: Duration) {
    do {
      registration = try Reactor.shared.add(descriptor, [.writable], self)
    } catch {
      return finish(error as? SystemError)
    }
    deadline = Reactor.shared.schedule(after: timeout) { [self] in
      finish(SystemError("connect to \(address)", code: ETIMEDOUT))
    }
  }

  /// Gives up without calling the completion.
  package func cancel() {
    completion = nil
    finish(nil)
  }

  package func descriptorIsReady(_ readiness: Readiness) {
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
    finish(code == 0 ? nil : SystemError("connect to \(address)", code: code))
  }

  private var isFinished = false

  private func finish(_ failure: SystemError?) {
    guard !isFinished else { return }
    isFinished = true
    deadline?.cancel()
    if let registration { Reactor.shared.remove(registration) }
    registration = nil
    let completion = completion
    self.completion = nil
    guard let completion else {
      Glibc.close(descriptor)
      return
    }
    if let failure {
      Glibc.close(descriptor)
      return completion(.failure(failure))
    }
    do {
      completion(.success(try SocketStream(descriptor: descriptor, peerAddress: address.host, peerPort: address.port)))
    } catch {
      completion(.failure(error as? SystemError ?? SystemError("connect to \(address)")))
    }
  }
}

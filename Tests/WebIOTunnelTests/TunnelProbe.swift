import Glibc
import TestSupport
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIOTunnel

/// What the loopback tests run over.
let bothEngines: [TunnelConfiguration.Engine] = [.libssh2, .ssh]

/// A tunnel under test: its events in order, each waited for with a limit.
@EventLoop
final class TunnelProbe {
  struct TimedOut: Error, CustomStringConvertible {
    let description: String
  }

  let service: Service
  private var tunnel: Tunnel?
  private var cursor = 0
  private(set) var events: [TunnelEvent] = []
  private var waiter: (@EventLoop () -> Void)?

  init(_ configuration: TunnelConfiguration, _ behaviour: Service.Behaviour = .echo) {
    let service = Service(behaviour)
    self.service = service
    tunnel = Tunnel(configuration, accept: { service.serve($0) }) { [weak self] event in
      self?.events.append(event)
      self?.waiter?()
    }
    tunnel?.start()
  }

  static func configuration(
    _ server: SSHServer, _ engine: TunnelConfiguration.Engine = .libssh2
  ) throws -> TunnelConfiguration {
    var configuration = try TunnelConfiguration(via: server.address)
    configuration.identityFile = server.identity
    configuration.knownHostsFile = server.knownHosts
    configuration.userKnownHosts = false
    configuration.engine = engine
    return configuration
  }

  /// The next event that matches; those before it are passed over.
  func next<Value: Sendable>(
    _ what: String, within limit: Duration = .seconds(60), _ match: @escaping @EventLoop (TunnelEvent) -> Value?
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      var isDone = false
      let timer = Reactor.shared.schedule(after: limit) { [self] in
        guard !isDone else { return }
        isDone = true
        waiter = nil
        continuation.resume(throwing: TimedOut(description: "no \(what) within \(limit): \(events)"))
      }
      let look: @EventLoop () -> Void = { [self] in
        while !isDone, cursor < events.count {
          cursor += 1
          guard let value = match(events[cursor - 1]) else { continue }
          isDone = true
          timer.cancel()
          waiter = nil
          continuation.resume(returning: value)
        }
      }
      waiter = look
      look()
    }
  }

  func url(within limit: Duration = .seconds(60)) async throws -> String {
    try await next("open", within: limit) { event in
      switch event {
      case .open(let url, _): url
      case .failed(let error): "failed: \(error)"
      default: nil
      }
    }
  }

  func port(within limit: Duration = .seconds(60)) async throws -> UInt16 {
    let url = try await url(within: limit)
    return try #require(
      url.utf8.lastIndex(of: UInt8(ascii: ":")).flatMap { ASCII.port(Array(url.utf8[$0...].dropFirst())) }, "\(url)")
  }

  func failure(within limit: Duration = .seconds(60)) async throws -> TunnelError {
    try await next("failure", within: limit) { event in
      switch event {
      case .failed(let error): error
      case .open(let url, _): TunnelError(.usage, "it opened: \(url)", advice: "")
      default: nil
      }
    }
  }

  func stop() async {
    await withCheckedContinuation { continuation in
      guard let tunnel else { return continuation.resume() }
      tunnel.stop { continuation.resume() }
    }
    tunnel = nil
  }
}

import WebIOPosix

/// The body of an answer that is written piece by piece.
public final class HTTPBodyWriter: Sendable {
  private let writer: LoopWriter

  @EventLoop
  init(_ exchange: HTTPExchange) { writer = LoopWriter(exchange) }

  /// Returns when the client has taken enough of it that more may be written, and throws when it is gone.
  public func write(_ bytes: [UInt8]) async throws {
    try await writer.write(bytes)
  }

  public func write(_ text: String) async throws { try await write(Array(text.utf8)) }
}

@EventLoop
private final class LoopWriter {
  private let exchange: HTTPExchange
  private var waiting: CheckedContinuation<Void, Never>?

  init(_ exchange: HTTPExchange) {
    self.exchange = exchange
    exchange.onDrain = { [weak self] in self?.resume() }
    exchange.onFinish = { [weak self] _ in self?.resume() }
  }

  func write(_ bytes: [UInt8]) async throws {
    guard !exchange.isFinished else { throw HTTPError.closed }
    exchange.write(bytes)
    if exchange.bufferedBytes > highWaterMark { await withCheckedContinuation { waiting = $0 } }
    guard !exchange.isFinished else { throw HTTPError.closed }
  }

  private func resume() {
    waiting?.resume()
    waiting = nil
  }
}

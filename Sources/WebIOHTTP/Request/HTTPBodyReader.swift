import WebIOPosix

/// Where a body's bytes go: into an array of limited size, or to somebody piece by piece.
@EventLoop
final class HTTPBodyReader {
  private enum Sink {
    case whole(limit: Int, @EventLoop (Result<[UInt8], HTTPError>) -> Void)
    case pieces(@EventLoop (UnsafeRawBufferPointer) -> Void, @EventLoop (HTTPError?) -> Void)
    case done
  }

  private var sink: Sink
  private var collected: [UInt8] = []
  /// For the least rate, which the sweep watches.
  private(set) var receivedBytes = 0
  var sweeps = 0

  init(limit: Int, completion: @escaping @EventLoop (Result<[UInt8], HTTPError>) -> Void) {
    sink = .whole(limit: limit, completion)
  }

  init(
    onChunk: @escaping @EventLoop (UnsafeRawBufferPointer) -> Void, onEnd: @escaping @EventLoop (HTTPError?) -> Void
  ) {
    sink = .pieces(onChunk, onEnd)
  }

  /// False when the body is longer than was asked for; its end has then been reported.
  func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
    receivedBytes += bytes.count
    switch sink {
    case .whole(let limit, _):
      guard bytes.count <= limit - collected.count else {
        end(HTTPError(.tooLarge, .contentTooLarge, "the body is longer than \(limit) bytes"))
        return false
      }
      collected.append(contentsOf: bytes)
    case .pieces(let onChunk, _): onChunk(bytes)
    case .done: break
    }
    return true
  }

  func end(_ error: HTTPError?) {
    let last = sink
    sink = .done
    switch last {
    case .whole(_, let completion):
      let body = collected
      collected = []
      completion(error.map { .failure($0) } ?? .success(body))
    case .pieces(_, let onEnd): onEnd(error)
    case .done: break
    }
  }
}

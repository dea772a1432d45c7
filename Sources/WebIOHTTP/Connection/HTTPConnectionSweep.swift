import WebIOPosix

extension HTTPConnection {
  /// Called about twice a second.
  func sweep(_ now: MonotonicTime) {
    let limits = server.limits
    if watch.isStalled(now, buffered: stream.bufferedBytes, limits.writeStall) { return stream.abort() }
    let limit: Duration
    switch phase {
    case .idle: limit = limits.idle ?? limits.headDeadline
    case .head: limit = limits.headDeadline
    case .lingering: limit = limits.lingering
    case .busy: return sweepBody(limits)
    case .closed: return
    }
    // A client that is still taking its answer is not idle.
    if phase == .idle, stream.bufferedBytes > 0 { deadline.reset() }
    guard deadline.isDue(now, limit) else { return }
    switch phase {
    case .head: turn { $0.refuse(HTTPError(.timedOut, .requestTimeout, "the request took too long")) }
    case .idle: close()
    default: stream.abort()
    }
  }

  private func sweepBody(_ limits: HTTPLimits) {
    guard let exchange, exchange.bodyState == .reading, let reader = exchange.bodyReader else { return }
    reader.sweeps += 1
    let elapsed = HTTPServer.sweepInterval * reader.sweeps
    guard elapsed > limits.bodyGrace, reader.receivedBytes < limits.bodyRate * elapsed.wholeMilliseconds / 1_000 else {
      return
    }
    turn { $0.failBody(exchange, HTTPError(.timedOut, .requestTimeout, "the body comes too slowly")) }
  }
}

import WebIOPosix

/// How an answer ends, and with the last one the connection: an orderly close, a lingering one, or a cut.
extension HTTPConnection {
  /// The answer is complete, as far as the handler is concerned.
  func finish(_ exchange: HTTPExchange) {
    guard self.exchange === exchange, phase != .closed else { return }
    endBody(exchange)
    if exchange.bodyState != .ended { closesAfterResponse = true }
    let isComplete = exchange.responseState == .finished
    detach(exchange, isComplete: isComplete)
    guard isComplete else { return stream.abort() }
    if closesAfterResponse {
      // With all of the input read a plain close is safe; otherwise it would be a reset, and the answer lost.
      if exchange.bodyState == .ended, pending.isEmpty, rest?.isEmpty ?? true { close() } else { linger() }
    } else {
      enter(.idle)
      idleOrder = server.nextIdleOrder()
      if !isParsing { resume() }
    }
  }

  func detach(_ exchange: HTTPExchange, isComplete: Bool) {
    exchange.responseState = .finished
    exchange.connection = nil
    self.exchange = nil
    let reader = exchange.bodyReader
    exchange.bodyReader = nil
    if exchange.bodyState != .ended { reader?.end(.init(.cancelled, 500, "the request was answered before")) }
    server.log(exchange)
    exchange.onFinish?(isComplete)
    exchange.onFinish = nil
    exchange.onDrain = nil
    exchange.onClose = nil
  }

  func enter(_ phase: Phase) {
    self.phase = phase
    deadline.reset()
  }

  func close() {
    guard phase != .closed else { return }
    flush()
    enter(.closed)
    stream.close()
  }

  func linger() {
    flush()
    pending.removeAll()
    guard !inputEnded else { return close() }
    enter(.lingering)
    stream.closeWriting()
    setReading(true)
  }

  /// For a graceful stop: at once when idle, else after the current answer.
  func stop() {
    closesAfterResponse = true
    if phase == .idle, pending.isEmpty { close() }
  }

  func streamDidClose(_ stream: any ByteStream, error: SystemError?) {
    enter(.closed)
    pending.removeAll()
    if let exchange {
      let onClose = exchange.onClose
      let reader = exchange.bodyReader
      exchange.bodyReader = nil
      if exchange.bodyState != .ended { reader?.end(.closed) }
      detach(exchange, isComplete: false)
      onClose?()
    }
    server.remove(self)
  }
}

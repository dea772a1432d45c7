import WebIOPosix

extension WebSocketConnection {
  /// Called about twice a second.
  func sweep(_ now: MonotonicTime) {
    if watch.isStalled(now, buffered: stream.bufferedBytes, limits.writeStall) { return stream.abort() }
    switch state {
    case .closed: break
    case .closing, .ended: if deadline.isDue(now, limits.webSocketClose) { stream.abort() }
    case .open where awaitedEnd != nil: if deadline.isDue(now, limits.webSocketClose) { meetEnd() }
    case .open: sweepPing(now)
    }
  }

  private func sweepPing(_ now: MonotonicTime) {
    if hasHeard {
      hasHeard = false
      hasPinged = false
      deadline.reset()
    }
    if hasPinged {
      if deadline.isDue(now, limits.webSocketPong) { stream.abort() }
    } else if let interval = limits.webSocketPing, deadline.isDue(now, interval) {
      hasPinged = true
      deadline.reset()
      batch { write(.ping, UnsafeRawBufferPointer(start: nil, count: 0), isCompressed: false) }
    }
  }

  /// A client has no server that sweeps for it.
  func scheduleOwnSweep() {
    Reactor.shared.schedule(after: HTTPServer.sweepInterval) { [weak self] in
      guard let self, state != .closed else { return }
      sweep(.now)
      scheduleOwnSweep()
    }
  }
}

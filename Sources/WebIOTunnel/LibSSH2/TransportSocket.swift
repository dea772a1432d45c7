import Glibc
import WebIOPosix

/// The connected socket of a session: moves bytes between the kernel and the session's buffers.
@EventLoop
final class TransportSocket: EventSource {
  enum Event {
    case received
    /// The peer ended, or the socket failed with this errno. It comes once and last.
    case ended(Int32?)
    /// Bytes went out for which there had been no room: a sign of life too.
    case progressed
  }

  let descriptor: Int32
  private let buffers: TransportBuffers
  private let onEvent: @EventLoop (Event) -> Void
  private var registration: Registration?
  private var waitsForWritable = false
  /// Until the server sets TCP_NODELAY, which sshd does when a session's command starts, its next packet often waits for
  /// our acknowledgement of its last one: 40 ms.
  var acknowledgesAtOnce = true

  /// Takes over a connected, non-blocking descriptor.
  init(_ descriptor: Int32, _ buffers: TransportBuffers, _ onEvent: @escaping @EventLoop (Event) -> Void) throws {
    self.descriptor = descriptor
    self.buffers = buffers
    self.onEvent = onEvent
    registration = try Reactor.shared.add(descriptor, [.readable], self)
  }

  func close() {
    guard let registration else { return }
    self.registration = nil
    Reactor.shared.remove(registration)
    Glibc.close(descriptor)
  }

  /// Gives up the socket without closing it.
  func abandon() -> StaleConnection? {
    guard let registration else { return nil }
    self.registration = nil
    Reactor.shared.remove(registration)
    return StaleConnection(descriptor)
  }

  func descriptorIsReady(_ readiness: Readiness) {
    if readiness.contains(.writable) { flush() }
    guard registration != nil, !readiness.isDisjoint(with: [.readable, .failed]) else { return }
    // Without room the buffers are worked off first; the kernel reports the rest again.
    guard let count = buffers.fill(from: descriptor) else { return onEvent(.received) }
    if count > 0 {
      if acknowledgesAtOnce { setOption(descriptor, Int32(IPPROTO_TCP), TCP_QUICKACK, 1) }
      onEvent(.received)
    } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
      let code = count == 0 ? nil : errno
      buffers.isEnded = true
      onEvent(.ended(code))
    }
  }

  func flush() {
    guard let registration else { return }
    while !buffers.output.isEmpty {
      let sent = buffers.output.withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if sent > 0 {
        buffers.output.consume(sent)
        // The kernel has room again only because the peer took something.
        if waitsForWritable { onEvent(.progressed) }
      } else if sent < 0, errno != EINTR {
        // An error shows when the socket is read, together with what the server said last.
        break
      }
    }
    let waits = !buffers.output.isEmpty
    guard waits != waitsForWritable else { return }
    waitsForWritable = waits
    Reactor.shared.modify(registration, waits ? [.readable, .writable] : [.readable])
  }
}

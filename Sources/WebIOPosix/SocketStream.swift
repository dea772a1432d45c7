import CWebIOLinux
import Glibc

/// A connected socket, or the reading end of a pipe, as a byte stream.
@EventLoop
package final class SocketStream: ByteStream, EventSource {
  package var delegate: (any ByteStreamDelegate)?
  package let origin: StreamOrigin
  package let peerAddress: String
  package let peerPort: UInt16
  package var bufferedBytes: Int { output.count }

  /// After the end, for whoever counts streams that are served by others.
  package var onClose: (@EventLoop () -> Void)?

  private let descriptor: Int32
  private var registration: Registration?
  private var interest: Readiness = []
  @exclusivity(unchecked) private var output = ByteQueue()
  private var wasAboveHighWater = false
  private var sawEnd = false
  private enum Writing { case open, closing, closed }
  private var writing = Writing.open
  private var closesWhenDrained = false
  /// The peer takes no more; what it sent before is still read.
  private var writeFailure: SystemError?
  private var isClosed = false
  /// Until recv(2), which the kernel does with less ado than read(2), says otherwise.
  private var isSocket = true

  /// Takes over `descriptor`, which is set non-blocking and closed at the end. One that comes from accept4(2) is
  /// non-blocking already, and joins the interest set with its first read: two system calls less.
  package init(
    descriptor: Int32, peerAddress: String = "", peerPort: UInt16 = 0, origin: StreamOrigin = .network,
    isAccepted: Bool = false
  ) throws {
    self.descriptor = descriptor
    self.peerAddress = peerAddress
    self.peerPort = peerPort
    self.origin = origin
    guard !isAccepted else { return }
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    do {
      registration = try Reactor.shared.add(descriptor, [], self, isEdgeTriggered: true)
    } catch {
      Glibc.close(descriptor)
      throw error
    }
  }

  package func write(_ bytes: UnsafeRawBufferPointer) {
    guard !isClosed, writing == .open, !bytes.isEmpty else { return }
    var rest = bytes
    if output.isEmpty {
      let sent = send(rest)
      if sent < 0 { return }
      rest = UnsafeRawBufferPointer(rebasing: rest[sent...])
    }
    guard !rest.isEmpty else { return }
    output.append(rest)
    if output.count >= highWater { wasAboveHighWater = true }
    update(interest.union(.writable))
  }

  package func setReading(_ enabled: Bool) {
    guard !isClosed, !sawEnd else { return }
    update(enabled ? interest.union(.readable) : interest.subtracting(.readable))
  }

  package func closeWriting() {
    guard !isClosed, writing == .open else { return }
    writing = .closing
    if output.isEmpty { shutdownWriting() }
  }

  package func close() {
    guard !isClosed else { return }
    if output.isEmpty { return finish(nil) }
    closesWhenDrained = true
    writing = .closing
  }

  package func abort() { finish(nil) }

  package func descriptorIsReady(_ readiness: Readiness) {
    if readiness.contains(.writable) { flush() }
    guard !isClosed else { return }
    if interest.contains(.readable) {
      // A pipe without writers reports only a hang-up, and read(2) tells what it means.
      if !readiness.isDisjoint(with: [.readable, .failed]) { receive(readiness) }
    } else if readiness.contains(.failed) {
      // A hang-up comes unasked and for ever. While reading is paused the kernel still holds what the peer sent
      // last, so the descriptor leaves the interest set until somebody reads again.
      if writeFailure == nil, let error = socketError() { return finish(error) }
      park()
    }
  }

  private func receive(_ readiness: Readiness) {
    let buffer = Reactor.shared.readBuffer
    let count =
      isSocket ? recv(descriptor, buffer.baseAddress, buffer.count, 0) : read(descriptor, buffer.baseAddress, buffer.count)
    if count > 0 {
      delegate?.stream(self, didReceive: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      // One read a turn, so that others get theirs. What is left makes no new edge.
      let isLast = count < buffer.count && readiness.isDisjoint(with: [.ended, .failed])
      if !isLast, interest.contains(.readable), let registration { Reactor.shared.modify(registration, interest) }
    } else if count == 0 {
      if let writeFailure { return finish(writeFailure) }
      sawEnd = true
      update(interest.subtracting(.readable))
      delegate?.streamDidEnd(self)
    } else {
      switch errno {
      case EAGAIN: break
      case EINTR: receive(readiness)
      case ENOTSOCK where isSocket:
        isSocket = false
        receive(readiness)
      default: finish(SystemError("read"))
      }
    }
  }

  /// Bytes taken by the kernel, or -1 when the stream has ended for it.
  private func send(_ bytes: UnsafeRawBufferPointer) -> Int {
    while true {
      let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      if count >= 0 { return count }
      switch errno {
      case EINTR: continue
      case EAGAIN: return 0
      default:
        writeFailure = SystemError("send")
        output.removeAll()
        writing = .closed
        // Not within the caller's write: it would find itself closed in the middle of its own work.
        EventLoop.run { [self] in readLastWords() }
        return -1
      }
    }
  }

  /// A peer that has had enough of what we send may have said why, as a server that answers 413 does: that is read to its
  /// end, for a while.
  private func readLastWords() {
    guard !isClosed else { return }
    if sawEnd || closesWhenDrained { return finish(writeFailure) }
    update(interest.subtracting(.writable))
    if wasAboveHighWater {
      wasAboveHighWater = false
      delegate?.streamDidDrain(self)
    }
    Reactor.shared.schedule(after: Self.lastWordsLimit) { [weak self] in self?.finish(self?.writeFailure) }
  }

  static let lastWordsLimit = Duration.seconds(5)
  /// Of what waited, in one turn: 64 KiB.
  private static let sendLimit = 64 << 10

  private func flush() {
    if !output.isEmpty {
      let count = min(output.count, Self.sendLimit)
      let sent = output.withUnsafeBytes { send(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      if sent < 0 { return }
      output.consume(sent)
      // The kernel may take more, and makes no edge for it; others have their turn first.
      if sent == count, !output.isEmpty, let registration { Reactor.shared.modify(registration, interest) }
    }
    if wasAboveHighWater, output.count < highWater / 2 {
      wasAboveHighWater = false
      delegate?.streamDidDrain(self)
    }
    guard !isClosed, output.isEmpty else { return }
    update(interest.subtracting(.writable))
    if closesWhenDrained { return finish(nil) }
    if writing == .closing { shutdownWriting() }
  }

  private func shutdownWriting() {
    writing = .closed
    shutdown(descriptor, Int32(SHUT_WR))
  }

  private func update(_ wanted: Readiness) {
    guard wanted != interest else { return }
    interest = wanted
    if let registration { return Reactor.shared.modify(registration, wanted) }
    do {
      registration = try Reactor.shared.add(descriptor, wanted, self, isEdgeTriggered: true)
    } catch {
      finish(error as? SystemError)
    }
  }

  private func park() {
    if sawEnd, output.isEmpty { return finish(nil) }
    if let registration { Reactor.shared.remove(registration) }
    registration = nil
    interest = []
  }

  private func socketError() -> SystemError? {
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0, code != 0 else { return nil }
    return SystemError("socket", code: code)
  }

  private func finish(_ error: SystemError?) {
    guard !isClosed else { return }
    isClosed = true
    // Closing takes the descriptor out of the interest set.
    if let registration { Reactor.shared.forget(registration) }
    registration = nil
    Glibc.close(descriptor)
    let delegate = delegate
    self.delegate = nil
    delegate?.streamDidClose(self, error: error)
    onClose?()
    onClose = nil
  }
}

import CLibSSH2
import Glibc
import WebIOPosix

/// A visitor's connection: a forwarded channel as a byte stream.
///
/// The peer's address is unknown to libssh2, and would be the provider's anyway. Reading from the channel enlarges its
/// window, so while reading is off the visitor is held back after at most 2 MiB.
@EventLoop
final class SSHChannel: ByteStream {
  var delegate: (any ByteStreamDelegate)?
  let origin = StreamOrigin.tunnel
  let peerAddress = ""
  var bufferedBytes: Int { output.count }

  private let pointer: OpaquePointer
  /// Nil once the channel is closed; the pointer is dead then.
  private var link: SSHLink?
  private var output = ByteQueue()
  private var isReading = false
  private var sawEnd = false
  private var wasAboveHighWater = false
  private enum Writing { case open, closing, closed }
  private var writing = Writing.open
  private var closesWhenDrained = false
  /// It is among the link's writers, or readers.
  var isWriter = false
  var isReader = false

  /// At most so much is read from one channel before the others have their turn.
  private static let turnLimit = 256 * 1024
  /// libssh2 writes one packet a call, of at most this size.
  private static let packetLimit = 32700

  init(_ pointer: OpaquePointer, _ link: SSHLink) {
    self.pointer = pointer
    self.link = link
  }

  // MARK: Reading

  func setReading(_ enabled: Bool) {
    guard let link, !sawEnd, isReading != enabled else { return }
    isReading = enabled
    if enabled { link.channels.addReader(self) }
  }

  /// Hands on what has arrived. Returns whether there may be more.
  func pumpInput() -> Bool {
    var handedOn = 0
    let buffer = Reactor.shared.readBuffer
    while isReading, !sawEnd, link != nil {
      if libssh2_poll_channel_read(pointer, 0) == 0 { break }
      let count = libssh2_channel_read_ex(
        pointer, 0, buffer.baseAddress!.assumingMemoryBound(to: CChar.self), buffer.count)
      guard count > 0 else { break }
      delegate?.stream(self, didReceive: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      handedOn += count
      if handedOn >= Self.turnLimit { return link != nil }
    }
    noticeEnd()
    return false
  }

  private func noticeEnd() {
    guard link != nil, libssh2_channel_eof(pointer) == 1 else { return }
    if isReading, !sawEnd {
      sawEnd = true
      delegate?.streamDidEnd(self)
    }
    // The peer's CLOSE ends both directions, whatever we still have to say.
    guard link != nil, libssh2_channel_wait_closed(pointer) == 0 else { return }
    finish(output.isEmpty ? nil : SystemError("write to the visitor", code: EPIPE))
  }

  // MARK: Writing

  func write(_ bytes: UnsafeRawBufferPointer) {
    guard let link, writing == .open, !bytes.isEmpty else { return }
    var rest = bytes
    // Small pieces are collected until the turn ends: a packet costs both ends more than what is in it.
    if output.isEmpty, bytes.count >= Self.packetLimit, link.channels.hasTurn {
      while !rest.isEmpty, link.acceptsOutput {
        let count = libssh2_channel_write_ex(
          pointer, 0, rest.baseAddress!.assumingMemoryBound(to: CChar.self), min(rest.count, Self.packetLimit))
        guard count > 0 else { break }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
    }
    link.flushSoon()
    if rest.isEmpty { return }
    output.append(rest)
    link.channels.addWriter(self)
    if output.count >= highWater { wasAboveHighWater = true }
  }

  /// Writes a share of what waits. Returns whether the channel took it and has more.
  func pumpOutput() -> Bool {
    guard let link else { return false }
    var tookAll = true
    for _ in 0..<4 where !output.isEmpty && link.acceptsOutput && tookAll {
      let count = output.withUnsafeBytes {
        libssh2_channel_write_ex(
          pointer, 0, $0.baseAddress!.assumingMemoryBound(to: CChar.self), min($0.count, Self.packetLimit))
      }
      if count > 0 { output.consume(count) } else { tookAll = false }
    }
    if wasAboveHighWater, output.count < highWater / 2 {
      wasAboveHighWater = false
      delegate?.streamDidDrain(self)
    }
    if output.isEmpty { drained() }
    return tookAll && self.link != nil && !output.isEmpty
  }

  var hasOutput: Bool { link != nil && (!output.isEmpty || writing == .closing) }

  private func drained() {
    guard link != nil else { return }
    if closesWhenDrained { return finish(nil) }
    guard writing == .closing else { return }
    // During a key exchange nothing can be sent; the next turn tries again.
    if libssh2_channel_send_eof(pointer) == LIBSSH2_ERROR_EAGAIN { return }
    writing = .closed
    link?.flushSoon()
  }

  func closeWriting() {
    guard let link, writing == .open else { return }
    writing = .closing
    if output.isEmpty { drained() }
    if writing == .closing { link.channels.addWriter(self) }
  }

  func close() {
    guard link != nil else { return }
    if output.isEmpty { return finish(nil) }
    closesWhenDrained = true
    if writing == .open { writing = .closing }
  }

  func abort() { finish(nil) }

  /// Also called by the link when the connection is gone.
  func finish(_ error: SystemError?) {
    guard let link else { return }
    self.link = nil
    output.removeAll()
    link.channels.release(self, pointer)
    let delegate = delegate
    self.delegate = nil
    delegate?.streamDidClose(self, error: error)
  }
}

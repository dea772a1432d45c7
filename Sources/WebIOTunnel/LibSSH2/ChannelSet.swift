import CLibSSH2
import WebIOPosix

/// The visitors' channels of a link, and whose turn it is: libssh2 does not tell which of them have got something, and all of
/// them share one buffer on the way out.
@EventLoop
final class ChannelSet {
  private unowned let link: SSHLink
  private var channels: [SSHChannel] = []
  private var writers: [SSHChannel] = []
  /// They want to read again what libssh2 may hold for them.
  private var readers: [SSHChannel] = []
  /// Closed by us; each is freed when the peer's CLOSE has come.
  private var closing: [OpaquePointer] = []
  /// Bytes have come in: each channel may have got some.
  var hasInput = false
  /// Writers wait for room in the transport buffer, and not for the peer.
  private(set) var waitsForRoom = false

  init(_ link: SSHLink) { self.link = link }

  var count: Int { channels.count }

  func add(_ pointer: OpaquePointer) -> SSHChannel {
    let channel = SSHChannel(pointer, link)
    channels.append(channel)
    return channel
  }

  /// One visitor more than there may be.
  func turnAway(_ pointer: OpaquePointer) { closing.append(pointer) }

  func addReader(_ channel: SSHChannel) {
    guard !channel.isReader else { return }
    channel.isReader = true
    readers.append(channel)
    link.turnSoon()
  }

  /// Nobody has to wait before a channel that writes now.
  var hasTurn: Bool { writers.isEmpty }

  func addWriter(_ channel: SSHChannel) {
    guard !channel.isWriter else { return }
    channel.isWriter = true
    writers.append(channel)
  }

  /// A share for each channel that may have got something.
  func pumpReaders() {
    let round = hasInput ? channels : readers
    hasInput = false
    for channel in readers { channel.isReader = false }
    readers = []
    for channel in round where link.isOpen {
      if channel.pumpInput() { addReader(channel) }
    }
  }

  /// A share for each channel that has something to send. Returns whether another round would do more.
  func pumpWriters() -> Bool {
    waitsForRoom = false
    guard !writers.isEmpty else { return false }
    let round = writers
    for channel in round { channel.isWriter = false }
    writers = []
    var progress = false
    var served: [SSHChannel] = []
    for channel in round {
      let hadRoom = link.acceptsOutput
      if channel.pumpOutput() { progress = true }
      guard channel.hasOutput else { continue }
      if hadRoom { served.append(channel) } else { addWriter(channel) }
    }
    // Who found no room is first in the next round: one visitor's transfer would take all of it again.
    for channel in served where channel.hasOutput { addWriter(channel) }
    // The others wait for the peer, whose permission comes in as bytes.
    waitsForRoom = !writers.isEmpty && !link.acceptsOutput
    return progress && link.acceptsOutput
  }

  /// A channel is done with its pointer.
  func release(_ channel: SSHChannel, _ pointer: OpaquePointer) {
    guard link.isOpen else { return }
    channels.removeAll { $0 === channel }
    if channel.isWriter { writers.removeAll { $0 === channel } }
    if channel.isReader { readers.removeAll { $0 === channel } }
    closing.append(pointer)
    link.turnSoon()
  }

  func freeClosed() {
    if !closing.isEmpty { closing.removeAll { libssh2_channel_free($0) != LIBSSH2_ERROR_EAGAIN } }
  }

  /// The connection is gone. The pointers go with the session.
  func end(_ error: SystemError) {
    let orphans = channels
    channels = []
    writers = []
    readers = []
    closing = []
    for channel in orphans { channel.finish(error) }
  }
}

import CLibSSH2
import WebIOPosix

/// Asks a silent server for a sign of life.
///
/// libssh2 1.10 keeps the answer to each global keep-alive in its packet queue for ever, and every read walks that queue.
/// OpenSSH therefore gets another question: a session channel on which nothing is ever started, and a refused
/// environment variable on it, whose answer libssh2 takes out. Other servers may not answer that, and get the global one,
/// ever more rarely.
@EventLoop
final class LinkProbe {
  private enum State { case opening, idle, asking, unusable }

  private static let name = "WEBIO_ALIVE"

  private let session: SSHSession
  private var channel: OpaquePointer?
  private var state: State
  /// Answers that stay in libssh2's queue.
  private(set) var leaks = 0

  init(_ session: SSHSession, isOpenSSH: Bool) {
    self.session = session
    state = isOpenSSH ? .opening : .unusable
  }

  /// Goes on with what is under way. Called when bytes have come in.
  func advance() {
    switch state {
    case .opening:
      channel = libssh2_channel_open_ex(
        session.pointer, "session", 7, 32 * 1024, UInt32(LIBSSH2_CHANNEL_PACKET_DEFAULT), nil, 0)
      if channel != nil {
        state = .idle
      } else if session.lastError != LIBSSH2_ERROR_EAGAIN {
        state = .unusable
      }
    case .asking: ask()
    case .idle, .unusable: break
    }
  }

  /// False when nothing could be sent, because the wall clock went back: libssh2 counts with that.
  func send() -> Bool {
    switch state {
    case .idle: ask()
    // The answer to the last question is still out, or the channel is: whatever comes will do.
    case .asking, .opening: break
    case .unusable:
      guard session.sendKeepalive() else { return false }
      leaks += 1
    }
    return true
  }

  /// Sends a packet that asks for nothing, and brings the kernel's acknowledgement along: leave to write one byte more.
  /// False when there is no channel to say it on.
  func acknowledge() -> Bool {
    guard let channel, state != .opening else { return false }
    libssh2_channel_receive_window_adjust2(channel, 1, 1, nil)
    return true
  }

  private func ask() {
    guard let channel else { return }
    state = .asking
    let code = libssh2_channel_setenv_ex(channel, Self.name, UInt32(Self.name.utf8.count), "1", 1)
    switch code {
    case LIBSSH2_ERROR_EAGAIN: break
    case 0, LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED: state = .idle
    default: state = .unusable
    }
  }
}

import CLibSSH2
import WebIOPosix

/// After the login: a session channel and the forward request go out together, then the session's command.
///
/// This order is OpenSSH's, and the only one that all servers take: one waits for the session before it answers the
/// forward, another ends a session that starts before it.
@EventLoop
final class SSHSetup {
  enum Progress {
    case waiting
    case bound(UInt16)
    case failed(TunnelError)
  }

  /// What the server may write before we have read any of it.
  private static let window: UInt32 = 256 * 1024

  private let request: LinkRequest
  private let session: SSHSession
  private(set) var listener: OpaquePointer?
  private var boundPort: Int32 = 0
  private var refusal: TunnelError?
  private enum SessionState { case opening, starting, running, ended }
  private var state = SessionState.opening
  private var channel: OpaquePointer?
  private var didReportEnd = false

  /// The session's command has started, or has ended since.
  private(set) var hasStarted = false

  init(_ request: LinkRequest, _ session: SSHSession) {
    self.request = request
    self.session = session
  }

  func advance() -> Progress {
    openSession()
    if listener == nil, refusal == nil { listen() }
    openSession()
    if let refusal { return .failed(refusal) }
    // A command that has not been confirmed yet is pursued in `readSession`.
    guard listener != nil, state != .opening else { return .waiting }
    return .bound(UInt16(clamping: boundPort))
  }

  private func listen() {
    let configuration = request.configuration
    // Queue 0 is "no limit": with any other a burst of visitors is refused before we see it.
    listener = libssh2_channel_forward_listen_ex(
      session.pointer, configuration.forwardHost, Int32(request.port), &boundPort, 0)
    if listener != nil || session.lastError == LIBSSH2_ERROR_EAGAIN { return }
    refusal = .forwardRefused(configuration, port: request.port)
  }

  private func openSession() {
    if state == .opening {
      channel = libssh2_channel_open_ex(
        session.pointer, "session", 7, Self.window, UInt32(LIBSSH2_CHANNEL_PACKET_DEFAULT), nil, 0)
      if channel != nil {
        state = .starting
      } else if session.lastError != LIBSSH2_ERROR_EAGAIN {
        state = .ended
      }
    }
    if state == .starting, let channel {
      let command = request.configuration.command
      let code = libssh2_channel_process_startup(
        channel, command == nil ? "shell" : "exec", command == nil ? 5 : 4, command,
        UInt32(command?.utf8.count ?? 0))
      // A refused command is no error: srv.us refuses it and talks all the same.
      if code == 0 { hasStarted = true }
      if code != LIBSSH2_ERROR_EAGAIN { state = .running }
    }
  }

  /// The same as `LinkProbe.acknowledge`, where a session goes on.
  func acknowledge() {
    guard state == .running, let channel, libssh2_channel_eof(channel) == 0 else { return }
    libssh2_channel_receive_window_adjust2(channel, 1, 1, nil)
  }

  /// What the session wrote on both of its streams since the last call, and whether it has ended; that is said once.
  func readSession() -> (text: [UInt8], didEnd: Bool) {
    if state == .starting { openSession() }
    var text: [UInt8] = []
    if let channel, state == .running || state == .starting {
      let buffer = Reactor.shared.readBuffer.assumingMemoryBound(to: CChar.self)
      for stream: Int32 in [0, SSH_EXTENDED_DATA_STDERR] {
        // Bounded, because a server may write without end; what is left comes with the next turn.
        for _ in 0..<4 {
          let count = libssh2_channel_read_ex(channel, stream, buffer.baseAddress, 16 * 1024)
          guard count > 0 else { break }
          text += buffer[..<count].lazy.map { UInt8(bitPattern: $0) }
        }
      }
      if state == .running, libssh2_channel_eof(channel) == 1 { state = .ended }
    }
    defer { if state == .ended { didReportEnd = true } }
    return (text, state == .ended && !didReportEnd)
  }
}

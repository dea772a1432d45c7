import CLibSSH2
import Glibc
import WebIOPosix

/// What stands between libssh2 and the socket. libssh2 never sees a socket that would block for sending.
///
/// libssh2 1.10 has one slot for a half-sent packet in each session; with several channels a second sender then gets
/// LIBSSH2_ERROR_BAD_USE. Its send callback therefore takes everything into a growing buffer, and its receive callback
/// hands out what has been read already. Not an actor's: only C callbacks on the loop's thread and its owner touch it.
final class TransportBuffers {
  static let capacity = 256 * 1024

  var output = ByteQueue(keeping: 256 * 1024)
  /// The peer has closed, or the socket has failed: everything that libssh2 still tries fails, so that frees never wait.
  var isEnded = false
  /// The server's first bytes, for the message when it is no SSH server.
  private(set) var greeting: [UInt8] = []
  private var keepsGreeting = true
  /// What the server said when it hung up: RFC 4253 section 11.1.
  fileprivate(set) var farewell: (reason: Int, text: String)?
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
  private var head = 0
  private var tail = 0

  deinit { input.deallocate() }

  var hasInput: Bool { head < tail }

  func forgetGreeting() {
    keepsGreeting = false
    greeting = []
  }

  /// Reads from the socket into what is free; the result is read(2)'s, or nil when nothing is free.
  func fill(from descriptor: Int32) -> Int? {
    if head == tail {
      head = 0
      tail = 0
    } else if tail == input.count, head > 0 {
      input.baseAddress!.copyMemory(from: input.baseAddress! + head, byteCount: tail - head)
      tail -= head
      head = 0
    }
    guard tail < input.count else { return nil }
    let count = Glibc.read(descriptor, input.baseAddress! + tail, input.count - tail)
    if count > 0 {
      if keepsGreeting, greeting.count < 512 { greeting += input[tail..<(tail + count)].prefix(512 - greeting.count) }
      tail += count
    }
    return count
  }

  fileprivate func take(_ buffer: UnsafeMutableRawPointer, _ length: Int) -> Int {
    guard head < tail else { return isEnded ? -Int(ECONNRESET) : -Int(EAGAIN) }
    let count = min(length, tail - head)
    buffer.copyMemory(from: input.baseAddress! + head, byteCount: count)
    head += count
    return count
  }

  fileprivate func put(_ bytes: UnsafeRawBufferPointer) -> Int {
    if isEnded { return -Int(ECONNRESET) }
    output.append(bytes)
    return bytes.count
  }

  /// Makes a session that sends and receives through these buffers; they must outlive it.
  func makeSession() -> OpaquePointer? {
    let context = Unmanaged.passUnretained(self).toOpaque()
    guard let session = libssh2_session_init_ex(nil, nil, nil, context) else { return nil }
    libssh2_session_set_blocking(session, 0)
    webio_ssh_set_io(session, sendCallback, receiveCallback)
    webio_ssh_set_disconnect(session, disconnectCallback)
    return session
  }
}

private typealias Context = UnsafeMutablePointer<UnsafeMutableRawPointer?>

private func buffers(_ context: Context?) -> TransportBuffers? {
  context?.pointee.map { Unmanaged<TransportBuffers>.fromOpaque($0).takeUnretainedValue() }
}

private let sendCallback: @convention(c) (Int32, UnsafeRawPointer?, Int, Int32, Context?) -> Int = {
  _, bytes, count, _, context in
  buffers(context)?.put(UnsafeRawBufferPointer(start: bytes, count: count)) ?? -Int(ECONNRESET)
}

private let receiveCallback: @convention(c) (Int32, UnsafeMutableRawPointer?, Int, Int32, Context?) -> Int = {
  _, buffer, length, _, context in
  guard let buffer, let buffers = buffers(context) else { return -Int(ECONNRESET) }
  return buffers.take(buffer, length)
}

private let disconnectCallback:
  @convention(c) (
    OpaquePointer?, Int32, UnsafePointer<CChar>?, Int32, UnsafePointer<CChar>?, Int32, Context?
  ) -> Void = { _, reason, text, count, _, _, context in
    let bytes = UnsafeRawBufferPointer(start: text, count: text == nil ? 0 : max(0, min(Int(count), 500)))
    buffers(context)?.farewell = (Int(reason), TerminalText.clean(Array(bytes), limit: 200))
  }

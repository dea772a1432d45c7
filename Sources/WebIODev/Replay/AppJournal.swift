import Glibc
import WebIOHTTP
import WebIOPosix

/// The line to one process of an app, over which it says what its sessions were told and asks for what is known of them.
@EventLoop
final class AppJournal: ByteStreamDelegate {
  /// For the app to inherit; -1 once it has.
  private(set) var inherited: Int32
  private let stream: SocketStream
  private var lines = JSONLines()
  private let answer: @EventLoop (JSONValue) -> JSONValue?

  init(answer: @escaping @EventLoop (JSONValue) -> JSONValue?) throws {
    self.answer = answer
    var pair: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &pair) == 0 else { throw SystemError("socketpair") }
    inherited = pair[1]
    stream = try SocketStream(descriptor: pair[0])
    stream.delegate = self
    stream.setReading(true)
  }

  /// The app has it now.
  func closeInherited() {
    if inherited >= 0 { Glibc.close(inherited) }
    inherited = -1
  }

  func send(_ message: JSONValue) { stream.write(message.serialized + [UInt8(ascii: "\n")]) }

  func stop() { stream.abort() }

  func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
    for message in lines.receive(bytes) { if let answer = answer(message) { send(answer) } }
  }

  func streamDidEnd(_ stream: any ByteStream) { stream.close() }
  func streamDidDrain(_ stream: any ByteStream) {}
  func streamDidClose(_ stream: any ByteStream, error: SystemError?) {}

  isolated deinit { closeInherited() }
}

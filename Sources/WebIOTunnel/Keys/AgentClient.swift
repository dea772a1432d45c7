import Glibc
import WebIOPosix

/// Talks to ssh-agent(1) without blocking: lists keys and has one of them sign.
///
/// libssh2's own client waits for the agent inside the call, and an agent may wait for its user. The protocol is two
/// requests; see draft-ietf-sshm-ssh-agent.
@EventLoop
final class AgentClient: ByteStreamDelegate {
  struct Identity: Sendable {
    let key: HostKey
    let comment: String
  }

  private enum Message {
    static let requestIdentities: UInt8 = 11
    static let identitiesAnswer: UInt8 = 12
    static let signRequest: UInt8 = 13
    static let signResponse: UInt8 = 14
  }

  /// An agent is on this machine: what does not answer by then does not work.
  private static let patience: Duration = .seconds(60)
  private static let answerLimit = 1 << 20

  private let path: String
  private var stream: SocketStream?
  private var received: [UInt8] = []
  private var deadline: TimerToken?
  private var completion: (@EventLoop ([UInt8]?) -> Void)?

  init(path: String) { self.path = path }

  /// Empty when there is no agent, or it has none.
  func listKeys(_ completion: @escaping @EventLoop ([Identity]) -> Void) {
    ask([Message.requestIdentities]) { answer in completion(Self.identities(in: answer ?? [])) }
  }

  /// Those of an answer that can be read, up to the first one that is cut off.
  nonisolated static func identities(in answer: [UInt8]) -> [Identity] {
    var reader = WireReader(answer)
    guard reader.byte() == Message.identitiesAnswer, let count = reader.uint32() else { return [] }
    var identities: [Identity] = []
    for _ in 0..<min(count, 256) {
      guard let blob = reader.string(), let comment = reader.string() else { break }
      guard let key = HostKey(blob: blob) else { continue }
      identities.append(Identity(key: key, comment: TerminalText.clean(comment, limit: 100)))
    }
    return identities
  }

  /// The bare signature, without the name of its algorithm; nil when the agent or its user refuses.
  func sign(_ data: [UInt8], with key: HostKey, _ completion: @escaping @EventLoop ([UInt8]?) -> Void) {
    var request = WireWriter()
    request.byte(Message.signRequest)
    request.string(key.blob)
    request.string(data)
    request.uint32(0)
    ask(request.bytes) { answer in completion(Self.signature(in: answer ?? [], of: key)) }
  }

  /// Nil for a refusal, and for a signature by another algorithm.
  nonisolated static func signature(in answer: [UInt8], of key: HostKey) -> [UInt8]? {
    var reader = WireReader(answer)
    guard reader.byte() == Message.signResponse, let signature = reader.string() else { return nil }
    var parts = WireReader(signature)
    guard parts.string()?.elementsEqual(key.type.utf8) == true else { return nil }
    return parts.string()
  }

  func close() {
    completion = nil
    finish(nil)
  }

  /// One question a connection.
  private func ask(_ request: [UInt8], _ completion: @escaping @EventLoop ([UInt8]?) -> Void) {
    finish(nil)
    self.completion = completion
    deadline = Reactor.shared.schedule(after: Self.patience) { [weak self] in self?.finish(nil) }
    guard let address = try? SocketAddress(unixPath: path) else { return finish(nil) }
    Connector.connect(to: address) { [weak self] result in
      guard let self, self.completion != nil, case .success(let stream) = result else {
        if case .success(let stream) = result { stream.abort() }
        self?.finish(nil)
        return
      }
      self.stream = stream
      stream.delegate = self
      stream.setReading(true)
      var frame = WireWriter()
      frame.string(request)
      stream.write(frame.bytes)
    }
  }

  func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
    received += bytes
    var reader = WireReader(received)
    if let answer = reader.string() { return finish(answer) }
    if received.count > Self.answerLimit { finish(nil) }
  }

  func streamDidEnd(_ stream: any ByteStream) { finish(nil) }
  func streamDidDrain(_ stream: any ByteStream) {}
  func streamDidClose(_ stream: any ByteStream, error: SystemError?) { finish(nil) }

  private func finish(_ answer: [UInt8]?) {
    deadline?.cancel()
    stream?.delegate = nil
    stream?.abort()
    stream = nil
    received = []
    let completion = completion
    self.completion = nil
    completion?(answer)
  }
}

import CWebIOLinux
import Glibc

/// How a child ended.
package enum ChildStatus: Sendable, Equatable, CustomStringConvertible {
  case exited(Int32)
  case signalled(Int32)
  /// It never ran: execve(2) or chdir(2) failed with this errno.
  case notStarted(Int32)

  package var isSuccess: Bool { self == .exited(0) }

  package var description: String {
    switch self {
    case .exited(let code): "exit code \(code)"
    case .signalled(let signal): "signal \(signal) (\(Signals.name(of: signal)))"
    case .notStarted(let code): SystemError.text(of: code)
    }
  }
}

/// A child process under a guard: it has a process group of its own, and neither it nor any of its descendants
/// outlives this process, however this one ends. See `webio_spawn` in CWebIOLinux.
@EventLoop
package final class ChildProcess: EventSource {
  /// Which descriptors the child gets.
  package enum Output: Sendable {
    case null
    case inherit
    /// Both of the child's output streams, in order, until their end.
    case pipe(@EventLoop @Sendable (UnsafeRawBufferPointer) -> Void)
  }

  package private(set) var processID: pid_t = 0
  private let guardID: pid_t
  private let lifeline: Int32
  private var registration: Registration?
  private var outputPump: OutputPump?
  private var status: ChildStatus?
  private var onExit: (@EventLoop (ChildStatus) -> Void)?

  /// Starts `path` with `arguments` (without argv[0]).
  ///
  /// `environment` replaces the whole environment. `inherited` descriptors become 3, 4, … in the child; they stay
  /// open here. `dataLimit` is the memory that it may allocate, in bytes: RLIMIT_DATA of setrlimit(2). `onExit` comes once, after the last byte of the child's output.
  package init(
    _ path: String, _ arguments: [String], environment: [String], directory: String? = nil,
    output: Output = .null, inherited: [Int32] = [], dataLimit: Int? = nil,
    onExit: @escaping @EventLoop (ChildStatus) -> Void
  ) throws {
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { Glibc.close(null) }
    var pipes = (reading: Int32(-1), writing: Int32(-1))
    if case .pipe = output { pipes = try makePipe() }
    defer { if pipes.writing >= 0 { Glibc.close(pipes.writing) } }

    var request = webio_spawn_request()
    request.input = null
    switch output {
    case .null: (request.output, request.error) = (null, null)
    case .inherit: (request.output, request.error) = (1, 2)
    case .pipe: (request.output, request.error) = (pipes.writing, pipes.writing)
    }
    request.data_limit = UInt64(max(0, dataLimit ?? 0))
    var guardID: pid_t = 0
    var lifeline: Int32 = -1
    let code = withCStrings([path] + arguments) { argv in
      withCStrings(environment) { envp in
        path.withCString { path in
          inherited.withUnsafeBufferPointer { inherited in
            withOptionalCString(directory) { directory in
              request.path = path
              request.arguments = argv
              request.environment = envp
              request.directory = directory
              request.inherited = inherited.baseAddress
              request.inherited_count = Int32(inherited.count)
              return webio_spawn(&request, &guardID, &lifeline)
            }
          }
        }
      }
    }
    self.guardID = guardID
    self.lifeline = lifeline
    self.onExit = onExit
    guard code == 0 else {
      if pipes.reading >= 0 { Glibc.close(pipes.reading) }
      throw SystemError("start \(path)", code: code)
    }
    registration = try Reactor.shared.add(lifeline, [.readable], self)
    if case .pipe(let receive) = output {
      let stream = try SocketStream(descriptor: pipes.reading)
      outputPump = OutputPump(receive: receive) { [self] in outputEnded() }
      stream.delegate = outputPump
      stream.setReading(true)
    }
  }

  /// Sends a signal to the child's process group.
  package func signal(_ signal: Int32) {
    guard registration != nil else { return }
    var byte = UInt8(truncatingIfNeeded: signal)
    send(lifeline, &byte, 1, Int32(MSG_NOSIGNAL))
  }

  /// Kills the child and every descendant. `onExit` still comes.
  package func kill() {
    guard registration != nil else { return }
    status = status ?? .signalled(SIGKILL)
    shutdown(lifeline, Int32(SHUT_WR))
  }

  /// SIGTERM to the group, and what is left after `grace` is killed.
  package func terminate(grace: Duration = .seconds(2)) {
    signal(SIGTERM)
    Reactor.shared.schedule(after: grace) { [weak self] in self?.kill() }
  }

  package func descriptorIsReady(_ readiness: Readiness) {
    while true {
      var message = webio_child_message()
      let count = recv(lifeline, &message, MemoryLayout<webio_child_message>.size, Int32(MSG_DONTWAIT))
      if count == MemoryLayout<webio_child_message>.size {
        receive(message)
      } else if count < 0, errno == EAGAIN || errno == EINTR {
        return
      } else {
        return guardEnded()
      }
    }
  }

  private func receive(_ message: webio_child_message) {
    switch Int(message.kind) {
    case Int(WEBIO_CHILD_STARTED): processID = message.value
    case Int(WEBIO_CHILD_EXEC_FAILED): status = .notStarted(message.value)
    default:
      guard status == nil else { return }
      let signal = webio_exit_signal(message.value)
      status = signal != 0 ? .signalled(signal) : .exited(webio_exit_code(message.value))
    }
  }

  private func guardEnded() {
    guard let registration else { return }
    self.registration = nil
    Reactor.shared.remove(registration)
    Glibc.close(lifeline)
    var ignored: Int32 = 0
    // It has closed its end as its last act, so this does not wait.
    waitpid(guardID, &ignored, 0)
    if status == nil { status = .signalled(SIGKILL) }
    outputEnded()
  }

  private func outputEnded() {
    guard registration == nil, outputPump?.isOpen != true, let status, let onExit else { return }
    self.onExit = nil
    outputPump = nil
    onExit(status)
  }
}

/// Hands on what a child prints until the last writer is gone.
@EventLoop
private final class OutputPump: ByteStreamDelegate {
  private let receive: @EventLoop (UnsafeRawBufferPointer) -> Void
  private let ended: @EventLoop () -> Void
  private(set) var isOpen = true

  init(
    receive: @escaping @EventLoop (UnsafeRawBufferPointer) -> Void, ended: @escaping @EventLoop () -> Void
  ) {
    self.receive = receive
    self.ended = ended
  }

  func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) { receive(bytes) }
  func streamDidEnd(_ stream: any ByteStream) { stream.close() }
  func streamDidDrain(_ stream: any ByteStream) {}
  func streamDidClose(_ stream: any ByteStream, error: SystemError?) {
    isOpen = false
    ended()
  }
}

private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
  pointers.append(nil)
  defer { pointers.forEach { free($0) } }
  return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
}

private func withOptionalCString<Result>(_ string: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
  guard let string else { return body(nil) }
  return string.withCString { body($0) }
}

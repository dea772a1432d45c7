import CWebIOLinux
import Foundation

/// A program that a test runs as a user would: no guard around it, so that what it leaves behind stays to be found.
///
/// It leads a session of its own and carries `E2E_TEST_MARK` in its environment, which all its descendants inherit:
/// `Processes.marked` finds them wherever they went.
public final class Program: @unchecked Sendable {  // what changes is under the lock
  public enum Ending: Sendable, Equatable {
    case exited(Int32)
    case signalled(Int32)
  }

  public let mark: String
  public let processID: pid_t
  private let lock = NSLock()
  private var ending: Ending?
  private var output = Data()
  private var errorOutput = Data()
  private var openStreams = 2
  private var isRead = true
  /// The user's end of its terminal.
  private let keyboard: Int32

  /// `environment` is added to this process's; a nil value removes a variable. With `inTerminal` it has a terminal of
  /// its own, 100 columns wide, and all that it writes there is `outputText`.
  public init(
    _ path: String, _ arguments: [String], directory: String? = nil, environment: [String: String?] = [:],
    inTerminal: Bool = false
  ) throws {
    mark = "\(getpid())-\(UInt64.random(in: 0..<UInt64.max))"
    var variables = ProcessInfo.processInfo.environment
    for (name, value) in environment { variables[name] = value }
    variables["E2E_TEST_MARK"] = mark

    // Two pipes and a spawn at a time, so that no other child gets the ends before they are marked.
    Self.spawning.lock()
    defer { Self.spawning.unlock() }
    let outputPipe = try Self.makePipe()
    let errorPipe = try Self.makePipe()
    defer {
      close(outputPipe[1])
      close(errorPipe[1])
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if inTerminal {
      let terminal = try Self.openTerminal()
      keyboard = terminal.user
      // A session leader that opens a terminal makes it its own.
      posix_spawn_file_actions_addopen(&actions, 0, terminal.name, O_RDWR, 0)
      posix_spawn_file_actions_adddup2(&actions, 0, 1)
      posix_spawn_file_actions_adddup2(&actions, 0, 2)
    } else {
      keyboard = -1
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      posix_spawn_file_actions_adddup2(&actions, outputPipe[1], 1)
      posix_spawn_file_actions_adddup2(&actions, errorPipe[1], 2)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    let flags = Int32(webio_spawn_new_session()) | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))

    // posix_spawn's own way to change the directory is an extension that Swift does not see.
    let words = (directory.map { ["/usr/bin/env", "-C", $0] } ?? []) + [path] + arguments
    let pairs = variables.map { "\($0.key)=\($0.value)" }
    var child: pid_t = 0
    var argv = words.map { strdup($0) } + [nil]
    var envp = pairs.map { strdup($0) } + [nil]
    let code = posix_spawn(&child, words[0], &actions, &attributes, &argv, &envp)
    for pointer in argv + envp { free(pointer) }
    guard code == 0 else {
      close(outputPipe[0])
      close(errorPipe[0])
      throw Failure("start \(path)", code)
    }
    processID = child
    let ends = (inTerminal ? keyboard : outputPipe[0], errorPipe[0])
    if inTerminal { close(outputPipe[0]) }
    Thread.detachNewThread { [self] in pump(ends.0) { self.output.append($0) } }
    Thread.detachNewThread { [self] in pump(ends.1) { self.errorOutput.append($0) } }
    Thread.detachNewThread { [self] in reap() }
  }

  private static let spawning = NSLock()

  private static func makePipe() throws -> [Int32] {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw Failure("pipe", errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return ends
  }

  private static func openTerminal() throws -> (user: Int32, name: String) {
    // posix_openpt(3) and its kin by hand, see pts(4): Swift does not see them.
    let user = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var unlocked: Int32 = 0
    var number: Int32 = 0
    let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
    guard user >= 0, ioctl(user, setLock, &unlocked) == 0, ioctl(user, getNumber, &number) == 0 else {
      throw Failure("/dev/ptmx", errno)
    }
    var size = winsize(ws_row: 30, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(user, UInt(TIOCSWINSZ), &size)
    return (user, "/dev/pts/\(number)")
  }

  private func pump(_ descriptor: Int32, _ keep: (Data) -> Void) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      while !lock.withLock({ isRead }) { usleep(10_000) }
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      lock.withLock { keep(Data(buffer[..<count])) }
    }
    close(descriptor)
    lock.withLock { openStreams -= 1 }
  }

  private func reap() {
    var status: Int32 = 0
    while waitpid(processID, &status, 0) < 0, errno == EINTR {}
    let signal = webio_exit_signal(status)
    lock.withLock { ending = signal != 0 ? .signalled(signal) : .exited(webio_exit_code(status)) }
  }

  /// All that it wrote to standard output until now.
  public var outputText: String { lock.withLock { String(decoding: output, as: UTF8.self) } }
  public var errorText: String { lock.withLock { String(decoding: errorOutput, as: UTF8.self) } }
  /// Nil while it runs.
  public var ended: Ending? { lock.withLock { ending } }

  /// With `false` nobody reads what it writes, after one more piece of each stream.
  public func setReading(_ enabled: Bool) { lock.withLock { isRead = enabled } }

  public func send(_ signal: Int32) {
    guard ended == nil else { return }
    kill(processID, signal)
  }

  /// As the terminal does it: to the whole foreground process group.
  public func interrupt() {
    guard ended == nil else { return }
    kill(-processID, SIGINT)
  }

  /// Types into its terminal; "\u{3}" is Ctrl-C.
  public func type(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes { write(keyboard, $0.baseAddress, $0.count) }
  }

  /// Waits for its end and the last byte of its output.
  @discardableResult
  public func waitForEnd(within limit: Duration = .seconds(60)) async throws -> Ending {
    let ending = try await eventually("\(processID) ends", within: limit, state: { errorText }) { ended }
    // A descendant may hold the streams open; a test that minds looks for it.
    let deadline = Deadline(.milliseconds(500))
    while lock.withLock({ openStreams }) > 0, !deadline.isOver { try await Task.sleep(for: .milliseconds(5)) }
    return ending
  }

  /// Kills it with all its descendants, wherever they went.
  public func killAll() {
    if ended == nil { kill(processID, SIGKILL) }
    for process in Processes.marked(mark) { kill(process.id, SIGKILL) }
  }

  /// Runs it to its end.
  public static func run(
    _ path: String, _ arguments: [String], directory: String? = nil, environment: [String: String?] = [:],
    within limit: Duration = .seconds(60)
  ) async throws -> (ending: Ending, output: String, errors: String) {
    let program = try Program(path, arguments, directory: directory, environment: environment)
    defer { program.killAll() }
    let ending = try await program.waitForEnd(within: limit)
    return (ending, program.outputText, program.errorText)
  }

  /// The file that a name stands for in PATH, or in the places that only root's PATH has.
  public static func find(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let directories = path.components(separatedBy: ":") + ["/usr/sbin", "/usr/local/sbin"]
    for directory in directories where !directory.isEmpty {
      let candidate = "\(directory)/\(name)"
      if access(candidate, X_OK) == 0 { return candidate }
    }
    return nil
  }

  public static func require(_ name: String) throws -> String {
    guard let path = find(name) else { throw NotInTime("There is no \(name) in PATH; .ci/install --tests brings it.") }
    return path
  }

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
    init(_ call: String, _ code: Int32) { description = "\(call): \(String(cString: strerror(code)))" }
  }
}

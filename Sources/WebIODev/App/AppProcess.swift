import Glibc
import WebIOHTTP
import WebIOPosix

/// How an app ended that nobody stopped.
package struct Crash: Sendable, Equatable {
  package let status: ChildStatus
  /// The last lines it printed.
  package let log: [String]
  /// It never said that it serves.
  package let isBeforeReady: Bool

  /// `SIGSEGV`, or `exit code 1`.
  package var reason: String {
    switch status {
    case .exited(let code): "exit code \(code)"
    case .signalled(let signal): Signals.name(of: signal)
    case .notStarted(let code): SystemError.text(of: code)
    }
  }
}

/// A running app: its process, the socket it serves on, and what it prints.
///
/// The app inherits the listening socket as descriptor 3 and writes the line `ready` to descriptor 4 when it serves.
/// The numbers in the environment's `WEBIO_LISTEN_FD` and `WEBIO_READY_FD` say so. An app in the server of a framework, which binds
/// to a port of its own, writes `ready PORT`. Where sessions are replayed,
/// `WEBIO_JOURNAL_FD` is the socket on which the app tells of them.
@EventLoop
package final class AppProcess {
  package enum Event: Sendable, Equatable {
    case ready
    case output(String)
    /// It ended by itself.
    case crashed(Crash)
    /// It ended because it was told to. The last event, as `crashed` is.
    case stopped
  }

  private enum State { case starting, ready, stopping, ended }

  package let generation: Int
  package let socket: AppSocket
  private let journal: AppJournal?
  private let report: @EventLoop (Event) -> Void
  private var state = State.starting
  private var child: ChildProcess?
  private var splitter = LineSplitter()
  private var lastLines = Tail(limit: 50)
  private var readyWatch: ReadyWatch?

  /// Starts `executable`. `report` is called later only, never from here.
  package init(
    executable: String, arguments: [String] = [], directory: String, environment: [String], generation: Int,
    token: String, logs: SessionLogs? = nil, dataLimit: Int? = nil, report: @escaping @EventLoop (Event) -> Void
  ) throws {
    self.generation = generation
    self.report = report
    let journal = try logs.map { logs in try AppJournal { logs.receive($0) } }
    self.journal = journal
    defer { journal?.closeInherited() }
    socket = try AppSocket()
    var pipe: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &pipe) == 0 else { throw SystemError("socketpair") }
    defer { Glibc.close(pipe[1]) }
    let names = [
      "WEBIO_DEV", "WEBIO_LISTEN_FD", "WEBIO_READY_FD", "WEBIO_DEV_TOKEN", "WEBIO_GENERATION", "WEBIO_JOURNAL_FD",
    ]
    let kept = environment.filter { entry in !names.contains { entry.hasPrefix("\($0)=") } }
    var added = zip(names, ["1", "3", "4", token, String(generation)]).map { "\($0)=\($1)" }
    if journal != nil { added.append("WEBIO_JOURNAL_FD=5") }
    // Of a crash only what leads to its place: the message and the thread that it happened in.
    if !kept.contains(where: { $0.hasPrefix("SWIFT_BACKTRACE=") }) {
      added.append("SWIFT_BACKTRACE=threads=crashed,registers=none,images=none,color=no,interactive=no,limit=24,top=4")
    }
    readyWatch = try ReadyWatch(pipe[0]) { [weak self] in self?.isReady(at: $0) }
    child = try ChildProcess(
      executable, arguments, environment: kept + added, directory: directory,
      output: .pipe { [weak self] in self?.receive($0) },
      inherited: [socket.listener, pipe[1]] + (journal.map { [$0.inherited] } ?? []), dataLimit: dataLimit
    ) { [self] in ended($0) }
    socket.closeListener()
  }

  /// The last lines it printed.
  var lastOutput: [String] { lastLines.lines }
  package var isServing: Bool { state == .ready }
  package var processID: pid_t { child?.processID ?? 0 }

  /// Literals of the source were edited; none takes an earlier preview back.
  func preview(_ changes: [LiteralChange]) {
    journal?.send(["op": "preview", "changes": .array(changes.map(\.json))])
  }

  /// Runs what was recorded without a page; the transcript comes back over the line.
  func run(session: String, app: String?, _ entries: [JSONValue], labels: JSONValue) {
    journal?.send([
      "op": "run", "session": .string(session), "app": app.map { .string($0) } ?? .null, "entries": .array(entries),
      "labels": labels,
    ])
  }

  /// A session is to begin anew, from what its log now says.
  func forget(session: String) { journal?.send(["op": "forget", "session": .string(session)]) }

  /// SIGTERM to its process group; what is left after two seconds is killed, descendants included.
  package func stop(grace: Duration = .seconds(2)) {
    guard state != .ended, state != .stopping else { return }
    state = .stopping
    child?.terminate(grace: grace)
  }

  private func isReady(at port: UInt16?) {
    guard state == .starting else { return }
    if let port { socket.moves(to: port) }
    state = .ready
    report(.ready)
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) {
    for line in splitter.receive(bytes) { printed(line) }
  }

  private func printed(_ line: String) {
    lastLines.append(line)
    report(.output(line))
  }

  private func ended(_ status: ChildStatus) {
    if let rest = splitter.finish() { printed(rest) }
    readyWatch?.stop()
    journal?.stop()
    let before = state
    state = .ended
    child = nil
    if before == .stopping { return report(.stopped) }
    report(.crashed(Crash(status: status, log: lastLines.lines, isBeforeReady: before == .starting)))
  }
}

/// Reads the pipe on which an app says `ready`, or `ready 8080` where it serves at a port of its own.
@EventLoop
private final class ReadyWatch: ByteStreamDelegate {
  private let stream: SocketStream
  private let isReady: @EventLoop (UInt16?) -> Void
  private var splitter = LineSplitter(limit: 256)

  init(_ descriptor: Int32, isReady: @escaping @EventLoop (UInt16?) -> Void) throws {
    self.isReady = isReady
    stream = try SocketStream(descriptor: descriptor)
    stream.delegate = self
    stream.setReading(true)
  }

  func stop() { stream.abort() }

  func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
    for line in splitter.receive(bytes) {
      if line == "ready" {
        isReady(nil)
      } else if line.hasPrefix("ready "), let port = ASCII.decimal(String(line.dropFirst(6))), (1...65_535).contains(port) {
        isReady(UInt16(port))
      }
    }
  }

  func streamDidEnd(_ stream: any ByteStream) { stream.close() }
  func streamDidDrain(_ stream: any ByteStream) {}
  func streamDidClose(_ stream: any ByteStream, error: SystemError?) {}
}

/// The last few of many.
struct Tail {
  let limit: Int
  private var kept: [String] = []

  init(limit: Int) { self.limit = limit }

  mutating func append(_ line: String) {
    kept.append(line)
    // Twice the limit before it is cut: moving 50 lines for each new one is what a flood would notice.
    if kept.count >= 2 * limit { kept.removeFirst(kept.count - limit) }
  }

  var lines: [String] { Array(kept.suffix(limit)) }
}

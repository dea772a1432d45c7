import Glibc
import Synchronization
import WebIOPosix

/// Runs `body` and shows in the page what it prints. pywebio-battery: `redirect_stdout`.
///
///     try await redirectStdout { print("one line") }
///     try await redirectStdout(to: { logboxAppend("log", $0) }) { try await oldTool() }
///
/// A process has one standard output. All that is written to it meanwhile comes to this page: by this session or another,
/// by `print`, C or a child process. Hence one redirection at a time: a second one throws
/// ``WebIOError/invalidArgument(_:)``. `show` is called on a thread of this session with pieces as they come, mostly lines; when the
/// call returns, all of them were shown. Text that is not UTF-8 is repaired.
public func redirectStdout<Result>(
  to show: @escaping @Sendable (String) -> Void = { putText($0, inline: true) },
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
) async throws -> Result {
  let redirection = try Redirection(TaskContext.required(), show)
  let result: Swift.Result<Result, any Error>
  do { result = .success(try await body()) } catch { result = .failure(error) }
  redirection.restore()
  await redirection.drained()
  return try result.get()
}

/// Shows in the page what a blocking `body` prints. See ``redirectStdout(to:isolation:_:)``.
public func redirectStdout<Result>(
  to show: @escaping @Sendable (String) -> Void = { putText($0, inline: true) }, _ body: () throws -> Result
) throws -> Result {
  let redirection = try Redirection(TaskContext.required(), show)
  defer {
    redirection.restore()
    redirection.drainedBlocking()
  }
  return try body()
}

/// Descriptor 1 while it is a pipe to a thread of ours.
private final class Redirection: Sendable {
  private static let isTaken = Atomic(false)
  /// What standard output was.
  private let original: Int32
  /// Closing it tells the thread that this is all.
  private let running: Int32
  private let end = Mutex(End())

  private struct End {
    var isReached = false
    var waiter: CheckedContinuation<Void, Never>?
    var parker: Parker?
  }

  init(_ context: TaskContext, _ show: @escaping @Sendable (String) -> Void) throws {
    guard !Self.isTaken.exchange(true, ordering: .acquiring) else {
      throw WebIOError.invalidArgument(
        "Standard output is redirected already, by this session or another: a process has only one. Use putText or "
          + "a log box for what each visitor should see.")
    }
    let (output, life): ((reading: Int32, writing: Int32), (reading: Int32, writing: Int32))
    do { (output, life) = (try makePipe(), try makePipe()) } catch {
      Self.isTaken.store(false, ordering: .releasing)
      throw error
    }
    fflush(nil)
    original = fcntl(1, F_DUPFD_CLOEXEC, 3)
    dup2(output.writing, 1)
    close(output.writing)
    running = life.writing
    let (source, stop) = (output.reading, life.reading)
    Thread.start(name: "webio-stdout") { [self] in
      TaskContext.$current.withValue(context) { Self.read(source, until: stop, show) }
      close(source)
      close(stop)
      reachedEnd()
    }
  }

  /// A child that outlives the body keeps the pipe open: its end is no sign, `stop` is.
  private static func read(_ source: Int32, until stop: Int32, _ show: (String) -> Void) {
    var waits = [
      pollfd(fd: source, events: Int16(POLLIN), revents: 0), pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
    ]
    var chunk = [UInt8](repeating: 0, count: 16 * 1024)
    var text: [UInt8] = []
    while true {
      guard poll(&waits, 2, -1) > 0 else { continue }
      if waits[0].revents & Int16(POLLIN) != 0 {
        let count = Glibc.read(source, &chunk, chunk.count)
        guard count > 0 else { break }
        text += chunk[..<count]
        let whole = text.count - incompleteTail(text)
        if whole > 0 { show(String(decoding: text[..<whole], as: UTF8.self)) }
        text.removeFirst(whole)
      } else if waits[1].revents != 0 || waits[0].revents != 0 {
        break
      }
    }
    if !text.isEmpty { show(String(decoding: text, as: UTF8.self)) }
  }

  /// How many bytes at the end begin a character that is not complete.
  private static func incompleteTail(_ bytes: [UInt8]) -> Int {
    for back in 1...3 where back <= bytes.count {
      let byte = bytes[bytes.count - back]
      if byte & 0xC0 == 0x80 { continue }
      let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return length > back ? back : 0
    }
    return 0
  }

  func restore() {
    fflush(nil)
    dup2(original, 1)
    close(original)
    close(running)
  }

  private func reachedEnd() {
    Self.isTaken.store(false, ordering: .releasing)
    let (waiter, parker) = end.withLock { end in
      end.isReached = true
      return (end.waiter, end.parker)
    }
    waiter?.resume()
    parker?.unpark()
  }

  func drained() async {
    await withCheckedContinuation { done in
      let isReached = end.withLock { end in
        if !end.isReached { end.waiter = done }
        return end.isReached
      }
      if isReached { done.resume() }
    }
  }

  func drainedBlocking() {
    let parker = Parker()
    let isReached = end.withLock { end in
      if !end.isReached { end.parker = parker }
      return end.isReached
    }
    if !isReached { parker.park() }
  }
}

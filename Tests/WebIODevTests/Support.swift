import Glibc
import Synchronization
import Testing
import WebIOPosix

/// All that runs on the event loop, one test after the other: they measure times and share one loop.
@Suite(.serialized) struct LoopTests {}

/// A directory for one test, gone at its end.
final class Scratch: Sendable {
  let path: String

  init() throws { path = try #require(Files.resolve(try Files.makeTemporaryDirectory("webio-dev-test"))) }

  deinit { try? Files.remove(path) }

  func callAsFunction(_ name: String) -> String { Path.join(path, name) }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    let path = self(name)
    try Files.makeDirectories(Path.directory(of: path))
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw SystemError("open \(path)") }
    defer { close(file) }
    let bytes = Array(text.utf8)
    Glibc.write(file, bytes, bytes.count)
    return path
  }
}

/// What callbacks brought so far, and a way to wait for more without sleeping.
@EventLoop
final class Recorder<Element: Sendable> {
  private(set) var all: [Element] = []
  private var waiters: [(condition: ([Element]) -> Bool, resume: (Bool) -> Void)] = []

  func add(_ element: Element) {
    all.append(element)
    let ready = waiters.filter { $0.condition(all) }
    waiters.removeAll { $0.condition(all) }
    ready.forEach { $0.resume(true) }
  }

  /// Returns when `condition` holds; false after `limit`.
  @discardableResult
  func wait(
    _ limit: Duration = .seconds(60), until condition: @escaping @EventLoop ([Element]) -> Bool
  ) async -> Bool {
    if condition(all) { return true }
    return await withCheckedContinuation { (done: CheckedContinuation<Bool, Never>) in
      var isDone = false
      let finish = { (held: Bool) in
        guard !isDone else { return }
        isDone = true
        done.resume(returning: held)
      }
      waiters.append((condition, finish))
      Reactor.shared.schedule(after: limit) { finish(false) }
    }
  }

  /// Nothing more within `time`.
  func settle(_ time: Duration) async {
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      Reactor.shared.schedule(after: time) { done.resume() }
    }
  }

  func clear() { all = [] }
}

/// Runs a shell script to its end.
@EventLoop
@discardableResult
func shell(_ script: String, in directory: String) async throws -> String {
  final class Box { var bytes: [UInt8] = []; var child: ChildProcess? }
  let box = Box()
  let status = try await withCheckedThrowingContinuation { (done: CheckedContinuation<ChildStatus, any Error>) in
    do {
      box.child = try ChildProcess(
        "/bin/sh", ["-c", script], environment: Environment.all, directory: directory,
        output: .pipe { box.bytes.append(contentsOf: $0) }, onExit: { done.resume(returning: $0) })
    } catch { done.resume(throwing: error) }
  }
  let text = String(decoding: box.bytes, as: UTF8.self)
  #expect(status.isSuccess, "\(script): \(text)")
  return text
}

import Glibc
import Testing
import WebIOPosix

@EventLoop @Suite struct ChildProcessTests {
  /// What a child printed and how it ended.
  private func run(
    _ script: String, then act: (@EventLoop @Sendable (ChildProcess) -> Void)? = nil
  ) async throws -> (ChildStatus, String) {
    final class Box { var text: [UInt8] = []; var child: ChildProcess? }
    let box = Box()
    let status = try await withCheckedThrowingContinuation { (done: CheckedContinuation<ChildStatus, any Error>) in
      do {
        let child = try ChildProcess(
          "/bin/sh", ["-c", script], environment: Environment.all,
          output: .pipe { box.text.append(contentsOf: $0) }, onExit: { done.resume(returning: $0) })
        box.child = child
        act?(child)
      } catch { done.resume(throwing: error) }
    }
    return (status, String(decoding: box.text, as: UTF8.self))
  }

  @Test func outputAndExitCodeArrive() async throws {
    let (status, text) = try await run("echo out; echo err >&2; exit 3")
    #expect(status == .exited(3))
    #expect(text == "out\nerr\n")
  }

  @Test func signalIsReported() async throws {
    #expect(try await run("kill -SEGV $$").0 == .signalled(SIGSEGV))
    #expect(try await run("sleep 60", then: { $0.signal(SIGTERM) }).0 == .signalled(SIGTERM))
  }

  @Test func missingProgramIsToldByItsErrno() async throws {
    let status = try await withCheckedThrowingContinuation { (done: CheckedContinuation<ChildStatus, any Error>) in
      do {
        _ = try ChildProcess("/nonexistent/program", [], environment: []) { done.resume(returning: $0) }
      } catch { done.resume(throwing: error) }
    }
    #expect(status == .notStarted(ENOENT))
  }

  @Test func noDescendantSurvives() async throws {
    // A daemon that leaves its session and its parent still belongs to the guard.
    let (_, text) = try await run("setsid sh -c 'trap \"\" TERM HUP; echo $$; sleep 60 & wait' & sleep 0.3; exit 0")
    let daemon = try #require(pid_t(text.split(separator: "\n").first ?? ""))
    #expect(kill(daemon, 0) == -1 && errno == ESRCH)
  }

  @Test func signalStateIsFresh() async throws {
    let (_, text) = try await run("grep -E 'SigBlk|SigIgn' /proc/self/status | cut -f2")
    #expect(text == "0000000000000000\n0000000000000000\n")
  }
}

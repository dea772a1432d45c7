import WebIOPosix

/// A command that is run to its end, its output collected; for the CLI's own thread, never the event loop.
enum Subprocess {
  static func run(_ path: String, _ arguments: [String], directory: String? = nil) -> (ChildStatus, String) {
    final class Result: Sendable {
      let parker = Parker()
      @EventLoop var output: [UInt8] = []
      @EventLoop var child: ChildProcess?
      @EventLoop var status = ChildStatus.exited(0)
    }
    let result = Result()
    EventLoop.run {
      do {
        result.child = try ChildProcess(
          path, arguments, environment: Environment.all, directory: directory,
          output: .pipe { result.output.append(contentsOf: $0) },
          onExit: {
            result.status = $0
            result.parker.unpark()
          })
      } catch {
        result.status = .notStarted((error as? SystemError)?.code ?? 0)
        result.parker.unpark()
      }
    }
    result.parker.park()
    final class Answer: @unchecked Sendable { var value: (ChildStatus, String) = (.exited(0), "") }
    let answer = Answer()
    let done = Parker()
    EventLoop.run {
      answer.value = (result.status, String(decoding: result.output, as: UTF8.self))
      done.unpark()
    }
    done.park()
    return answer.value
  }
}

import Glibc
import WebIOPosix

/// A command that stays: it works on the event loop until a signal or its own end, and cleans up either way.
@EventLoop
protocol LongCommand: AnyObject {
  func start() throws
  /// Leaves no process, port or file.
  func stop(_ completion: @escaping @EventLoop () -> Void)
}

/// Runs a long command on the loop while the main thread waits.
@EventLoop
enum RunLoop {
  private static var command: (any LongCommand)?
  private static var console = Console()
  private static var isEnding = false

  nonisolated static func run(
    _ console: Console, _ make: @escaping @EventLoop @Sendable () throws -> any LongCommand
  ) -> Never {
    OutputQueue.isUsed.store(true, ordering: .releasing)
    EventLoop.run {
      Self.console = console
      do {
        try Signals([SIGINT, SIGTERM, SIGHUP]) { end($0 == SIGINT ? .interrupted : .terminated) }
        let command = try make()
        self.command = command
        try command.start()
      } catch {
        fail(error)
      }
    }
    while true { pause() }
  }

  /// A second Ctrl-C does not wait for the first.
  static func end(_ code: ExitCode) {
    guard !isEnding, let command else { leave(code) }
    isEnding = true
    console.endProgress()
    command.stop {
      RequestLog.flush()
      console.event("exit", ["code": .int(Int64(code.rawValue))])
      leave(code)
    }
  }

  private static func leave(_ code: ExitCode) -> Never {
    OutputQueue.finish()
    exit(code.rawValue)
  }

  static func fail(_ error: any Error) {
    let failure = Command.commandError(error)
    console.endProgress()
    console.error(failure)
    end(failure.code)
  }
}

import WebIOPosix

/// Runs a command to its end and collects what it prints.
@EventLoop
struct CommandOutput {
  let status: ChildStatus
  let bytes: [UInt8]

  var lines: [String] {
    bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  private final class Collector {
    var bytes: [UInt8] = []
    // It must live until its end is reported.
    var child: ChildProcess?
  }

  /// Both output streams, in order.
  static func of(
    _ path: String, _ arguments: [String], environment: [String], directory: String
  ) async throws -> CommandOutput {
    let collector = Collector()
    let status = try await withCheckedThrowingContinuation { (done: CheckedContinuation<ChildStatus, any Error>) in
      do {
        collector.child = try ChildProcess(
          path, arguments, environment: environment, directory: directory,
          output: .pipe { collector.bytes.append(contentsOf: $0) }, onExit: { done.resume(returning: $0) })
      } catch {
        done.resume(throwing: error)
      }
    }
    collector.child = nil
    return CommandOutput(status: status, bytes: collector.bytes)
  }
}

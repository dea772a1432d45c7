import WebIOPosix

/// A server that a test needs, such as sshd or chromedriver: it ends with this process, whatever happens to it.
public final class GuardedService: Sendable {
  private let state = State()

  @EventLoop private final class State: Sendable {
    var child: ChildProcess?
    var output: [UInt8] = []
    var status: ChildStatus?
    nonisolated init() {}
  }

  public init(_ path: String, _ arguments: [String], environment: [String] = []) async throws {
    try await start(path, arguments, environment)
  }

  @EventLoop private func start(_ path: String, _ arguments: [String], _ environment: [String]) throws {
    let state = state
    state.child = try ChildProcess(
      path, arguments, environment: Environment.all + environment,
      output: .pipe { state.output.append(contentsOf: $0) }, onExit: { state.status = $0 })
  }

  public var output: String { get async { await text() } }
  public var hasEnded: Bool { get async { await status() != nil } }

  @EventLoop private func text() -> String { String(decoding: state.output, as: UTF8.self) }
  @EventLoop private func status() -> ChildStatus? { state.status }

  /// Kills it with all its descendants and waits until they are gone.
  public func stop() async throws {
    await kill()
    try await eventually("the service ends") { await self.hasEnded }
  }

  @EventLoop private func kill() { state.child?.kill() }
}

import WebIOHTTP
import WebIOPosix

/// A compiler that is started before it is needed, and waits for the first of its source files. That saves the start of a
/// program of 150 MB.
///
/// Nothing of the sources is read before that, so it compiles what is there when it is released. The compiler sees the file
/// under its own name, by an overlay of its virtual file system.
@EventLoop
final class WaitingCompiler {
  private let plan: DirectPlan
  private let program: WaitingProgram

  /// Nil when this machine or this plan has no use for it.
  init?(_ plan: DirectPlan, environment: [String], directory: String) {
    let overlay = Path.join(plan.directory, "overlay.yaml")
    let fifo = Path.join(plan.directory, "waiting.swift")
    guard !plan.isIncremental, let source = plan.sources.first,
      (try? Files.replace(overlay, Self.overlay(source, fifo))) != nil,
      let program = WaitingProgram(
        plan.compile + ["-vfsoverlay", overlay], fifo: fifo, environment: DirectBuild.compilerEnvironment(environment),
        directory: directory)
    else { return nil }
    self.plan = plan
    self.program = program
  }

  /// As the compiler's `-vfsoverlay` takes it: YAML, of which JSON is a part.
  private static func overlay(_ source: String, _ fifo: String) -> [UInt8] {
    JSONValue.object([
      "version": 0, "use-external-names": false, "case-sensitive": true,
      "roots": [["type": "file", "name": .string(source), "external-contents": .string(fifo)]],
    ]).serialized
  }

  /// Whether it is there.
  var isReady: Bool { program.child != nil }

  /// Lets it compile what the files hold now. Nil when it cannot: then it is ended, and another is to be started.
  func release(
    receive: @escaping @EventLoop (UnsafeRawBufferPointer) -> Void, ended: @escaping @EventLoop (ChildStatus) -> Void
  ) -> ChildProcess? {
    let text = plan.sources.first.flatMap { try? Files.read($0, limit: WaitingProgram.sizeLimit) }
    return program.release(text, receive: receive, ended: ended)
  }

  func stop() { program.stop() }
}

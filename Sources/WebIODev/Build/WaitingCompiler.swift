import Glibc
import WebIOHTTP
import WebIOPosix

/// A compiler that is started before it is needed: it has loaded itself and waits for the first of its source files, which
/// is a fifo(7) as long as nobody has saved. That saves the start of a program of 150 MB.
///
/// Nothing of the sources is read before that, so it compiles what is there when it is released. The compiler sees the file
/// under its own name, by an overlay of its virtual file system.
@EventLoop
final class WaitingCompiler {
  private let plan: DirectPlan
  private let fifo: String
  private let output: Output
  private(set) var child: ChildProcess!

  /// Who hears of it, once it is released.
  private final class Output {
    var receive: (@EventLoop (UnsafeRawBufferPointer) -> Void)?
    var ended: (@EventLoop (ChildStatus) -> Void)?
  }

  /// What fits into a pipe at once: see pipe(7).
  private static let sizeLimit = 60 << 10

  /// Nil when this machine or this plan has no use for it.
  init?(_ plan: DirectPlan, environment: [String], directory: String) {
    guard !plan.isIncremental, let source = plan.sources.first else { return nil }
    self.plan = plan
    let overlay = Path.join(plan.directory, "overlay.yaml")
    fifo = Path.join(plan.directory, "waiting.swift")
    output = Output()
    unlink(fifo)
    guard mkfifo(fifo, 0o600) == 0, (try? Files.replace(overlay, Self.overlay(source, fifo))) != nil else { return nil }
    do {
      child = try ChildProcess(
        plan.compile[0], Array(plan.compile.dropFirst()) + ["-vfsoverlay", overlay], environment: environment,
        directory: directory, output: .pipe { [output] in output.receive?($0) }
      ) { [weak self, output] status in
        self?.child = nil
        output.ended?(status)
      }
    } catch { return nil }
  }

  /// As the compiler's `-vfsoverlay` takes it: YAML, of which JSON is a part.
  private static func overlay(_ source: String, _ fifo: String) -> [UInt8] {
    JSONValue.object([
      "version": 0, "use-external-names": false, "case-sensitive": true,
      "roots": [["type": "file", "name": .string(source), "external-contents": .string(fifo)]],
    ]).serialized
  }

  /// Lets it compile what the files hold now. Nil when it cannot: then it is ended, and another is to be started.
  func release(
    receive: @escaping @EventLoop (UnsafeRawBufferPointer) -> Void, ended: @escaping @EventLoop (ChildStatus) -> Void
  ) -> ChildProcess? {
    guard let child, let source = plan.sources.first, let text = try? Files.read(source, limit: Self.sizeLimit),
      text.count < Self.sizeLimit
    else {
      stop()
      return nil
    }
    // ENXIO: it is not there yet.
    let descriptor = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      stop()
      return nil
    }
    defer { close(descriptor) }
    // Whoever opened it once more would wait for ever.
    guard (try? Files.replace(fifo, text)) != nil, write(descriptor, text, text.count) == text.count else {
      stop()
      return nil
    }
    output.receive = receive
    output.ended = ended
    return child
  }

  func stop() { child?.kill() }
}

import Glibc
import WebIOPosix

/// A program that is started before it is needed: it has loaded itself and waits for what it is to read, which is a fifo(7)
/// until then.
@EventLoop
final class WaitingProgram {
  private let fifo: String
  private let output: Output
  private(set) var child: ChildProcess!

  /// Who hears of it, once it is released.
  private final class Output {
    var receive: (@EventLoop (UnsafeRawBufferPointer) -> Void)?
    var ended: (@EventLoop (ChildStatus) -> Void)?
  }

  /// What fits into a pipe at once: see pipe(7).
  static let sizeLimit = 60 << 10

  /// Starts `words`, which name `fifo` as a file to read. Nil when this machine cannot.
  init?(_ words: [String], fifo: String, environment: [String], directory: String) {
    self.fifo = fifo
    output = Output()
    unlink(fifo)
    guard let path = words.first, mkfifo(fifo, 0o600) == 0 else { return nil }
    do {
      child = try ChildProcess(
        path, Array(words.dropFirst()), environment: environment, directory: directory,
        output: .pipe { [output] in output.receive?($0) }
      ) { [weak self, output] status in
        self?.child = nil
        output.ended?(status)
      }
    } catch { return nil }
  }

  /// Lets it read `text`. Nil when it cannot: then it is ended, and another is to be started.
  func release(
    _ text: [UInt8]?, receive: @escaping @EventLoop (UnsafeRawBufferPointer) -> Void,
    ended: @escaping @EventLoop (ChildStatus) -> Void
  ) -> ChildProcess? {
    // ENXIO: it is not there yet.
    let descriptor = child == nil ? -1 : open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      stop()
      return nil
    }
    defer { close(descriptor) }
    // Whoever opened it once more would wait for ever.
    guard let text, text.count < Self.sizeLimit, (try? Files.replace(fifo, text)) != nil,
      write(descriptor, text, text.count) == text.count
    else {
      stop()
      return nil
    }
    output.receive = receive
    output.ended = ended
    return child
  }

  func stop() { child?.kill() }
}

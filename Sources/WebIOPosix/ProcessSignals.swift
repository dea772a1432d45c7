import CWebIOLinux
import Glibc

/// Signals for a library, which does not own `main` and cannot block them before the first thread: a handler that writes
/// a byte to a pipe of the loop. See signal-safety(7).
@EventLoop
package final class ProcessSignals: EventSource {
  private static var shared: ProcessSignals?

  private let reading: Int32
  private let writing: Int32
  private var handlers: [Int32: [@EventLoop () -> Void]] = [:]

  /// Calls `body` at each `signal`, from then on. With `once` the next one has its default action again, so that a second
  /// Ctrl-C ends what hangs. Does nothing when the program handles or ignores the signal itself.
  package static func observe(_ signal: Int32, once: Bool = false, _ body: @escaping @EventLoop () -> Void) throws {
    let signals = try shared ?? ProcessSignals()
    shared = signals
    guard signals.handlers[signal] != nil || webio_has_default_action(signal) != 0 else { return }
    signals.handlers[signal, default: []].append(body)
    webio_forward_signal(signal, signals.writing, once ? 1 : 0)
  }

  private init() throws {
    (reading, writing) = try makePipe()
    for end in [reading, writing] { _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK) }
    _ = try Reactor.shared.add(reading, [.readable], self)
  }

  package func descriptorIsReady(_ readiness: Readiness) {
    var signal: UInt8 = 0
    while read(reading, &signal, 1) == 1 {
      for body in handlers[Int32(signal)] ?? [] { body() }
    }
  }
}

import CWebIOLinux
import Glibc

/// Signals as events of the loop. See signalfd(2).
@EventLoop
package final class Signals: EventSource {
  private let descriptor: Int32
  private let receive: @EventLoop (Int32) -> Void

  /// Blocks `signals` in the calling thread: in `main`, before a second thread exists.
  package nonisolated static func block(_ signals: [Int32]) {
    var set = sigset(signals)
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Delivers blocked signals to `receive`, for the life of the process.
  @discardableResult
  package init(_ signals: [Int32], _ receive: @escaping @EventLoop (Int32) -> Void) throws {
    var set = Self.sigset(signals)
    descriptor = signalfd(-1, &set, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
    self.receive = receive
    guard descriptor >= 0 else { throw SystemError("signalfd") }
    _ = try Reactor.shared.add(descriptor, [.readable], self)
  }

  package func descriptorIsReady(_ readiness: Readiness) {
    var info = signalfd_siginfo()
    while read(descriptor, &info, MemoryLayout<signalfd_siginfo>.size) == MemoryLayout<signalfd_siginfo>.size {
      receive(Int32(info.ssi_signo))
    }
  }

  private nonisolated static func sigset(_ signals: [Int32]) -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    signals.forEach { sigaddset(&set, $0) }
    return set
  }

  package nonisolated static func name(of signal: Int32) -> String {
    switch signal {
    case SIGHUP: "SIGHUP"
    case SIGINT: "SIGINT"
    case SIGQUIT: "SIGQUIT"
    case SIGILL: "SIGILL"
    case SIGTRAP: "SIGTRAP"
    case SIGABRT: "SIGABRT"
    case SIGBUS: "SIGBUS"
    case SIGFPE: "SIGFPE"
    case SIGKILL: "SIGKILL"
    case SIGSEGV: "SIGSEGV"
    case SIGPIPE: "SIGPIPE"
    case SIGTERM: "SIGTERM"
    default: "signal \(signal)"
    }
  }
}

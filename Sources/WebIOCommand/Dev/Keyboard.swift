import Glibc
import WebIOPosix

/// Lines that a person types in the terminal, while this process is in its foreground.
///
/// A shell's background job that reads from its terminal is stopped by SIGTTIN; so it looks first whose turn it is, and
/// waits until it is its own. The terminal stays as it is: its own line editing, Ctrl-C and Ctrl-Z work as ever.
/// See tcgetpgrp(3), termios(3).
@EventLoop
final class Keyboard: EventSource {
  private let typed: @EventLoop (String) -> Void
  private var registration: Registration?
  private var line: [UInt8] = []

  /// Whether somebody may type: a script's input, a pipe and CI have no keys.
  nonisolated static var isPresent: Bool { isatty(0) == 1 && (Environment["CI"] ?? "").isEmpty }

  init(_ typed: @escaping @EventLoop (String) -> Void) {
    self.typed = typed
    listen()
  }

  private var isForeground: Bool { tcgetpgrp(0) == getpgrp() }

  private func listen() {
    guard isForeground else { return wait() }
    registration = try? Reactor.shared.add(0, [.readable], self)
  }

  /// No signal tells that `fg` was typed.
  private func wait() {
    Reactor.shared.schedule(after: .seconds(1)) { [weak self] in self?.listen() }
  }

  func stop() {
    if let registration { Reactor.shared.remove(registration) }
    registration = nil
  }

  func descriptorIsReady(_ readiness: Readiness) {
    guard isForeground else {
      stop()
      return wait()
    }
    var buffer = [UInt8](repeating: 0, count: 1024)
    let count = read(0, &buffer, buffer.count)
    guard count > 0 else {
      let isOver = count == 0 || ![EINTR, EAGAIN, EIO].contains(errno)
      if isOver || errno == EIO { stop() }
      // EIO: it was put into the background just now, for SIGTTIN is blocked.
      return isOver ? () : errno == EIO ? wait() : ()
    }
    for byte in buffer[..<count] {
      if byte == UInt8(ascii: "\n") {
        typed(String(decoding: line, as: UTF8.self))
        line = []
      } else if line.count < 256 {
        line.append(byte)
      }
    }
  }
}

import Glibc
import WebIOPosix

// Signals become events of the loop; they must be blocked before the first thread exists. The terminal's two would stop a
// background job that reads or writes.
Signals.block([SIGINT, SIGTERM, SIGHUP, SIGTTIN, SIGTTOU])

let words = Array(CommandLine.arguments.dropFirst())
do {
  try Command.run(words)
} catch {
  Command.fail(error)
}

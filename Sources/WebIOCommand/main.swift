import Glibc
import WebIOPosix

// Signals become events of the loop; they must be blocked before the first thread exists.
Signals.block([SIGINT, SIGTERM, SIGHUP])

let words = Array(CommandLine.arguments.dropFirst())
do {
  try Command.run(words)
} catch {
  Command.fail(error)
}

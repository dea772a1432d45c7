import Glibc
import WebIOHTTP
import WebIOPosix

/// Keeps two dev sessions from building one product into one place: two compilers would write the same objects.
///
/// The kernel gives the lock back when its process ends, however it ends. See flock(2).
final class ProjectLock {
  private let descriptor: Int32

  /// Throws `DevError` when another process has it, and tells which, and where it serves.
  init(_ project: Project) throws {
    let directory = project.renamed.isEmpty ? project.scratchPath : project.directory
    try? Files.makeDirectories(directory)
    let path = Path.join(directory, "webio-\(project.product).lock")
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError("open \(path)") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let words = ((try? Files.readText(path)) ?? "").split(separator: " ").map(String.init)
      close(descriptor)
      let who = words.first.map { " (process \($0))" } ?? ""
      let address = words.count > 1 ? " It serves at \(words[1])." : ""
      throw DevError(
        .alreadyRunning, "\(project.name) is being run by another webio\(who).\(address)",
        advice: "Use that one, or end it first.")
    }
  }

  /// For whoever comes second.
  func tell(url: String) {
    let text = Array("\(getpid()) \(url)".utf8)
    guard ftruncate(descriptor, 0) == 0 else { return }
    _ = text.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
  }

  deinit { close(descriptor) }
}

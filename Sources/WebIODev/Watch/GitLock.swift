import Glibc
import WebIOPosix

/// Whether git is changing a work tree right now: a build in the middle of a checkout is wasted.
struct GitLock {
  /// `index.lock` of the repository; git(1) holds it as long as it writes files.
  private let path: String

  /// Nil when `directory` is in no work tree.
  init?(of directory: String) {
    var parent = directory
    while true {
      let entry = Path.join(parent, ".git")
      if Files.isDirectory(entry) {
        path = Path.join(entry, "index.lock")
        return
      }
      // A linked work tree: the file names its part of the repository.
      if let text = try? Files.readText(entry), text.hasPrefix("gitdir: "), let line = text.split(separator: "\n").first {
        path = Path.join(Path.join(parent, String(line.dropFirst(8))), "index.lock")
        return
      }
      guard parent != "/", parent != "." else { return nil }
      parent = Path.directory(of: parent)
    }
  }

  /// A lock of minutes ago was left by a git that was killed.
  var isHeld: Bool { Files.status(path).map { time(nil) - $0.st_mtim.tv_sec < 60 } ?? false }
}

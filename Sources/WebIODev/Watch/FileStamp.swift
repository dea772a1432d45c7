import Glibc
import WebIOPosix

/// What stat(2) says about a file: cheap to take, and other whenever the file was written.
struct FileStamp: Sendable, Hashable {
  let inode: UInt
  let size: Int
  let seconds: Int
  let nanoseconds: Int

  init(inode: UInt, size: Int, seconds: Int, nanoseconds: Int) {
    (self.inode, self.size, self.seconds, self.nanoseconds) = (inode, size, seconds, nanoseconds)
  }

  /// Nil when there is no such file.
  init?(_ path: String) {
    guard let status = Files.status(path) else { return nil }
    (inode, size) = (status.st_ino, status.st_size)
    (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
  }
}

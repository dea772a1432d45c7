import Glibc
import Synchronization

/// A file without a name, which is gone with its last descriptor, however the process ends. See O_TMPFILE in open(2).
///
/// All of its functions block. Reads and writes at positions may be made from several threads at once.
package final class TemporaryFile: Sendable {
  private let descriptor: Int32
  /// Only a file that never had a name, and has none yet, can be given one.
  private let isLinkable: Mutex<Bool>

  /// `O_TMPFILE` of open(2): a macro behind `_GNU_SOURCE`, which the Glibc module is built without.
  private static let nameless = 0o20_000_000 | O_DIRECTORY

  /// Where large files belong: `TMPDIR`, else `/var/tmp`, because `/tmp` is often memory.
  package static var directory: String {
    Environment["TMPDIR"] ?? (access("/var/tmp", W_OK) == 0 ? "/var/tmp" : "/tmp")
  }

  package convenience init(in directory: String = TemporaryFile.directory) throws {
    let descriptor = open(directory, Self.nameless | O_RDWR | O_CLOEXEC, 0o600)
    if descriptor >= 0 {
      self.init(descriptor: descriptor, isLinkable: true)
      return
    }
    // Some file systems have no nameless files: there the name goes as soon as the file is open.
    let path = Path.join(directory, ".webio-\(randomToken(16))")
    let named = try retryingInterrupts("create a temporary file in \(directory)") {
      open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    }
    unlink(path)
    self.init(descriptor: named, isLinkable: false)
  }

  /// Takes the descriptor over.
  package init(descriptor: Int32, isLinkable: Bool = false) {
    self.descriptor = descriptor
    self.isLinkable = Mutex(isLinkable)
  }

  deinit {
    // Giving the blocks of a large file back takes a while.
    WorkerThread.disk.run { [descriptor] in close(descriptor) }
  }

  package func write(_ bytes: [UInt8], at offset: Int) throws {
    try bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        done += try retryingInterrupts("write a temporary file") {
          pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
        }
      }
    }
  }

  /// Fewer bytes than `count` at the end of the file.
  package func read(at offset: Int, count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let size = try bytes.withUnsafeMutableBytes { bytes in
        try retryingInterrupts("read a temporary file") {
          pread(descriptor, bytes.baseAddress! + done, count - done, off_t(offset + done))
        }
      }
      if size == 0 { break }
      done += size
    }
    return done == count ? bytes : Array(bytes[..<done])
  }

  /// What this user may still write to the file's disk, in bytes.
  package var freeSpace: Int? {
    var status = statvfs()
    guard fstatvfs(descriptor, &status) == 0 else { return nil }
    return Int(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
  }

  /// Gives the file a name: on its own file system at once, elsewhere by a copy. Both appear whole or not at all.
  package func save(to path: String, replacing: Bool, mode: mode_t = 0o644) throws {
    let part = "\(path).\(randomToken(12)).part"
    let wasLinkable = isLinkable.withLock { isLinkable in
      defer { isLinkable = false }
      return isLinkable
    }
    do {
      if wasLinkable, fchmod(descriptor, mode) == 0,
        linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, part, AT_SYMLINK_FOLLOW) == 0
      {
        return try name(part, path, replacing)
      }
      try copy(to: part, mode)
      try name(part, path, replacing)
    } catch {
      unlink(part)
      throw error
    }
  }

  private func name(_ part: String, _ path: String, _ replacing: Bool) throws {
    if replacing { return try Files.rename(part, to: path) }
    guard link(part, path) == 0 else { throw SystemError("create \(path)") }
    unlink(part)
  }

  private func copy(to path: String, _ mode: mode_t) throws {
    let target = try retryingInterrupts("create \(path)") {
      open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    }
    let copy = TemporaryFile(descriptor: target)
    var offset = 0
    while true {
      let bytes = try read(at: offset, count: 1 << 20)
      if bytes.isEmpty { return }
      try copy.write(bytes, at: offset)
      offset += bytes.count
    }
  }
}

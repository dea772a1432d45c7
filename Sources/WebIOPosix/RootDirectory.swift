import CWebIOLinux
import Glibc

/// A directory out of which nothing can be opened but regular files beneath it: no `..`, no absolute path, no symbolic
/// link on the way, no device, no FIFO. The kernel checks that while it opens. See openat2(2).
package final class RootDirectory: Sendable {
  /// openat2(2), or for tests a kernel that lacks it.
  package typealias Openat2 = @Sendable (Int32, UnsafePointer<CChar>, UInt64, UInt64) -> Int32

  private let descriptor: Int32
  private let openat2: Openat2

  package init(_ path: String, openat2: @escaping Openat2 = { webio_openat2($0, $1, $2, $3) }) throws {
    self.openat2 = openat2
    descriptor = try retryingInterrupts("open directory \(path)") {
      Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
  }

  deinit { close(descriptor) }

  /// Opens the file at the relative `path`; nil whatever the reason, so that nobody can tell reasons apart.
  package func open(_ path: [UInt8]) -> RegularFile? {
    guard !path.isEmpty, !path.contains(0) else { return nil }
    let file = (path + [0]).withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { open($0.baseAddress!) }
    }
    return file < 0 ? nil : RegularFile(descriptor: file)
  }

  private static let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY

  private func open(_ path: UnsafePointer<CChar>) -> Int32 {
    let file = openat2(descriptor, path, UInt64(Self.flags), webio_resolve_beneath())
    // Kernels before 5.6 lack the call, and some sandboxes forbid it.
    guard file < 0, errno == ENOSYS || errno == EPERM else { return file }
    return openBySegments(String(cString: path))
  }

  /// The same without openat2(2): one openat(2) for each segment, none of which may be a link.
  private func openBySegments(_ path: String) -> Int32 {
    let segments = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
      String(decoding: Array($0), as: UTF8.self)
    }
    guard segments.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return -1 }
    var directory = descriptor
    for (index, segment) in segments.enumerated() {
      let kind = index == segments.count - 1 ? Self.flags : pathOnly | O_DIRECTORY | O_CLOEXEC
      let next = openat(directory, segment, kind | O_NOFOLLOW)
      if directory != descriptor { close(directory) }
      if next < 0 { return -1 }
      directory = next
    }
    return directory
  }
}

/// An open regular file. Reading blocks, which on local disks is short.
package final class RegularFile: Sendable {
  private let descriptor: Int32
  package let size: Int
  /// Since 1970.
  package let modifiedSeconds: Int
  package let modifiedNanoseconds: Int

  fileprivate init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
    size = Int(status.st_size)
    modifiedSeconds = status.st_mtim.tv_sec
    modifiedNanoseconds = status.st_mtim.tv_nsec
  }

  deinit { close(descriptor) }

  /// Up to `count` bytes at `offset`; fewer at the file's end, nil on an error. See pread(2).
  package func read(at offset: Int, count: Int) -> [UInt8]? {
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while initialized < count {
        let got = pread(descriptor, buffer.baseAddress! + initialized, count - initialized, off_t(offset + initialized))
        if got < 0, errno == EINTR { continue }
        if got < 0 { failed = true }
        if got <= 0 { return }
        initialized += got
      }
    }
    return failed ? nil : bytes
  }
}

import Glibc
import WebIOPosix

/// The files of one certificate, and the state they were read in.
struct TLSFiles: Sendable, Equatable {
  /// PEM: the server's own certificate first, then the chain.
  let certificate: String
  let key: String

  /// Changes when a file is written or replaced. See stat(2).
  struct State: Equatable, Sendable {
    private struct File: Equatable, Sendable {
      let inode: UInt
      let size: Int
      let seconds: Int
      let nanoseconds: Int
    }

    private let files: [File?]

    fileprivate init(_ paths: [String]) {
      files = paths.map { path in
        Files.status(path).map {
          File(
            inode: $0.st_ino, size: Int($0.st_size), seconds: $0.st_mtim.tv_sec, nanoseconds: Int($0.st_mtim.tv_nsec))
        }
      }
    }
  }

  var state: State { State([certificate, key]) }

  /// The bytes of both, or the error that says which cannot be read and why.
  func read() throws -> (certificate: [UInt8], key: [UInt8]) {
    (try Self.read(certificate), try Self.read(key))
  }

  private static func read(_ path: String) throws -> [UInt8] {
    do {
      return try Files.read(path, limit: 1 << 20)
    } catch let error as SystemError {
      let reason =
        switch error.code {
        case ENOENT: "there is no such file"
        case EACCES: "it cannot be read by this user"
        case EISDIR: "it is a directory"
        case EFBIG: "it is larger than a mebibyte"
        default: SystemError.text(of: error.code)
        }
      throw TLSError(file: path, reason: reason)
    }
  }
}

import WebIOHTTP
import WebIOPosix

/// A file that a visitor has sent.
///
///     if let film = try await fileUpload("A film", maxSize: 4 << 30) {
///       try await film.save(to: "films/\(UUID())")
///     }
///
/// It lies on the server's disk, in a file without a name below `TMPDIR` or `/var/tmp`, and is gone with the last copy of
/// this value unless it was saved. From pages that send a form in one message it is in memory instead.
public struct FileUpload: Sendable {
  /// The name without directories; it is the visitor's word, not a path for this machine.
  public let filename: String
  /// As the browser guessed it from the name; empty where it could not.
  public let mimeType: String
  /// Seconds since 1970.
  public let lastModified: Double
  /// In bytes.
  public let size: Int
  let storage: Storage

  enum Storage: Sendable {
    case memory([UInt8])
    case disk(TemporaryFile)
  }

  init(filename: String, mimeType: String, lastModified: Double, size: Int, storage: Storage) {
    // What stands behind the last slash of either kind.
    let parts = filename.utf8.split { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
    self.filename = parts.last.map { String(decoding: Array($0), as: UTF8.self) } ?? ""
    self.mimeType = mimeType
    self.lastModified = lastModified
    self.size = size
    self.storage = storage
  }

  /// The whole contents.
  ///
  /// Throws ``WebIOError/invalidArgument(_:)`` for a file of more than `limit` bytes, by default 64 MiB: read such a one by
  /// ``chunks(of:)``.
  public func bytes(limit: Int = 64 << 20) async throws -> [UInt8] {
    try await Thread.value(name: "webio-read") { try contents(limit) }
  }

  /// The whole contents, for a task function with a thread of its own.
  public func bytes(limit: Int = 64 << 20) throws -> [UInt8] { try contents(limit) }

  /// A part of the contents: fewer bytes than `count` at the end, none behind it.
  public func read(at offset: Int, count: Int) async throws -> [UInt8] {
    try await Thread.value(name: "webio-read") { try part(offset, count) }
  }

  /// A part of the contents, for a task function with a thread of its own.
  public func read(at offset: Int, count: Int) throws -> [UInt8] { try part(offset, count) }

  /// The contents piece by piece, each of `size` bytes but for the last.
  ///
  ///     for try await chunk in film.chunks() { hash.update(chunk) }
  public func chunks(of size: Int = 256 << 10) -> Chunks { Chunks(file: self, size: Swift.max(1, size)) }

  /// Keeps the file under a name. On the file system of `/var/tmp` (or `TMPDIR`) this takes no time, elsewhere the
  /// file is copied; either way the name appears with the whole contents or not at all.
  ///
  /// The file can be read by everybody on this machine (mode 644). Throws when there is a file of that name and
  /// `replacing` is false, when the directory does not exist, or the disk is full.
  public func save(to path: String, replacing: Bool = false) async throws {
    try await Thread.value(name: "webio-save") { try keep(path, replacing) }
  }

  /// Keeps the file under a name, for a task function with a thread of its own.
  public func save(to path: String, replacing: Bool = false) throws { try keep(path, replacing) }

  private func contents(_ limit: Int) throws -> [UInt8] {
    guard size <= limit else {
      throw WebIOError.invalidArgument(
        "\"\(filename)\" has \(size) bytes, more than the limit of \(limit): read it by chunks, or give a larger limit.")
    }
    return try part(0, size)
  }

  private func part(_ offset: Int, _ count: Int) throws -> [UInt8] {
    let start = min(Swift.max(0, offset), size)
    let count = min(Swift.max(0, count), size - start)
    switch storage {
    case .memory(let bytes): return Array(bytes[start..<start + count])
    case .disk(let file): return try file.read(at: start, count: count)
    }
  }

  private func keep(_ path: String, _ replacing: Bool) throws {
    switch storage {
    case .disk(let file): try file.save(to: path, replacing: replacing)
    case .memory(let bytes):
      if replacing { try Files.replace(path, bytes) } else { try Files.create(path, bytes) }
    }
  }

  /// See ``FileUpload/chunks(of:)``.
  public struct Chunks: AsyncSequence, Sendable {
    let file: FileUpload
    let size: Int

    public struct AsyncIterator: AsyncIteratorProtocol {
      let file: FileUpload
      let size: Int
      private var offset = 0

      init(_ file: FileUpload, _ size: Int) {
        self.file = file
        self.size = size
      }

      public mutating func next() async throws -> [UInt8]? {
        guard offset < file.size else { return nil }
        let bytes = try await file.read(at: offset, count: size)
        offset += bytes.count
        return bytes.isEmpty ? nil : bytes
      }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(file, size) }
  }
}

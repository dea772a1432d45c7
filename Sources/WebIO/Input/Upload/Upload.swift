import Glibc
import WebIOHTTP
import WebIOPosix

/// A file on its way from a page to the disk. PROTOCOL.md, section 2.3.
///
/// The page sends at most `window` bytes more than were acknowledged, which bounds the memory on both sides; what was
/// acknowledged is written.
@EventLoop
final class Upload {
  /// The pieces in which a page sends it.
  nonisolated static let chunkSize = 256 << 10
  /// Bytes that may be on their way.
  nonisolated static let window = 1 << 20

  let id: String
  let task: String
  let field: String
  let size: Int
  private let filename: String
  private let mimeType: String
  private let lastModified: Double
  private let report: @EventLoop (Upload) -> Void
  private var file: TemporaryFile?
  private var received = 0
  private var written = 0
  /// The sentence that the visitor reads.
  private(set) var failure: String?
  private var isDropped = false

  /// What the page announces: `{"id", "name", "filename", "size", "mime_type", "last_modified"}`.
  init?(_ description: JSONValue, task: String, report: @escaping @EventLoop (Upload) -> Void) {
    guard let id = description["id"]?.string, id.utf8.count <= 40, (try? validateName(id)) != nil,
      let field = description["name"]?.string, let size = description["size"]?.int, size >= 0,
      let filename = description["filename"]?.string, filename.utf8.count <= UploadMessage.headerLimit
    else { return nil }
    let mimeType = description["mime_type"]?.string ?? ""
    guard mimeType.utf8.count <= UploadMessage.headerLimit else { return nil }
    self.id = id
    self.task = task
    self.field = field
    self.size = size
    self.filename = filename
    self.mimeType = mimeType
    lastModified = description["last_modified"]?.double ?? 0
    self.report = report
  }

  var isWhole: Bool { file != nil && failure == nil && written == size }

  /// Opens the file, and tells when it is ready, or why not.
  func start(_ open: @escaping @Sendable () throws -> TemporaryFile = { try TemporaryFile() }) {
    WorkerThread.disk.run { [self] in
      let result = Result(catching: open)
      EventLoop.run { self.opened(result) }
    }
  }

  private func opened(_ result: Result<TemporaryFile, any Error>) {
    guard !isDropped else { return }
    switch result {
    case .failure(let error): return fail("The server cannot store the file", error)
    case .success(let file):
      self.file = file
      if let free = file.freeSpace, free < size {
        return fail("There is not enough room for the file on the server", "\(free) of \(size) bytes are free")
      }
    }
    report(self)
  }

  /// A piece of the file. False for what a page of ours does not send.
  func receive(at offset: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let file, failure == nil else { return true }
    // After a lost link a piece may come a second time.
    if offset < received { return true }
    guard offset == received, !bytes.isEmpty, bytes.count <= Self.chunkSize, bytes.count <= size - received,
      received + bytes.count - written <= Self.window
    else { return false }
    received += bytes.count
    let chunk = Array(bytes)
    WorkerThread.disk.run { [self] in
      let result = Result { try file.write(chunk, at: offset) }
      EventLoop.run { self.wrote(chunk.count, result) }
    }
    return true
  }

  private func wrote(_ count: Int, _ result: Result<Void, any Error>) {
    guard failure == nil, !isDropped else { return }
    switch result {
    case .success:
      written += count
      report(self)
    case .failure(let error):
      let isFull = (error as? SystemError).map { [ENOSPC, EDQUOT, EFBIG].contains($0.code) } ?? false
      fail(isFull ? "There is no room left for the file on the server" : "The server cannot store the file", error)
    }
  }

  /// `upload_ack`; nil while the file is not open. A page that has come back goes on behind all that is here, though it
  /// may not be on the disk yet.
  func acknowledgement(isResumed: Bool) -> Spec? {
    guard file != nil || failure != nil else { return nil }
    var spec = Spec()
    spec.set("id", id)
    spec.set("offset", isResumed ? received : written)
    if isWhole { spec.set("done", true) }
    spec.set("error", failure)
    return spec
  }

  private func fail(_ sentence: String, _ reason: any Error) { fail(sentence, "\(reason)") }

  private func fail(_ sentence: String, _ reason: String) {
    Log.error("an upload of \(size) bytes to \(TemporaryFile.directory) failed: \(reason)")
    failure = sentence
    file = nil
    report(self)
  }

  func drop() {
    isDropped = true
    file = nil
  }

  /// The file, when it is whole.
  var result: FileUpload? {
    guard isWhole, let file else { return nil }
    return FileUpload(
      filename: filename, mimeType: mimeType, lastModified: lastModified, size: size, storage: .disk(file))
  }
}

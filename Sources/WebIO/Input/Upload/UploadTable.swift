import WebIOHTTP
import WebIOPosix

/// The uploads of a session by id: what has begun to come for forms that are still open.
@EventLoop
struct UploadTable {
  private var uploads: [String: Upload] = [:]
  /// How many files a visitor may have on their way or waiting for a form's answer.
  private static let limit = 1000

  nonisolated init() {}

  /// An announced file. The result is why it is refused, in a sentence for the visitor.
  mutating func start(_ upload: Upload, _ limits: FileLimits) -> String? {
    guard uploads[upload.id] == nil else { return nil }
    guard upload.size <= limits.one else { return "The file is larger than \(limits.one) bytes" }
    let total = uploads.values.filter { $0.task == upload.task && $0.field == upload.field }.reduce(0) { $0 + $1.size }
    guard total <= limits.all, upload.size <= limits.all - total else {
      return "Together the files are larger than \(limits.all) bytes"
    }
    guard uploads.count < Self.limit else { return "These are too many files" }
    uploads[upload.id] = upload
    upload.start()
    return nil
  }

  subscript(id: String) -> Upload? { uploads[id] }

  mutating func drop(_ id: String) { uploads.removeValue(forKey: id)?.drop() }

  mutating func drop(task: String) {
    for upload in all where upload.task == task { drop(upload.id) }
  }

  mutating func dropAll() {
    for upload in uploads.values { upload.drop() }
    uploads = [:]
  }

  var all: [Upload] { uploads.values.sorted { $0.id < $1.id } }

  /// The files of a task that are whole, by id.
  func results(task: String) -> [String: FileUpload] {
    uploads.values.filter { $0.task == task }.reduce(into: [:]) { $0[$1.id] = $1.result }
  }
}

/// How large a field's files may be, in bytes.
struct FileLimits: Sendable {
  var one: Int
  var all: Int

  /// Nil is PyWebIO's 0: what fits into one message.
  init(one: Int?, all: Int?, default standard: Int) {
    self.one = one ?? Swift.max(standard, all ?? 0)
    self.all = all ?? Swift.max(standard, one ?? 0)
  }
}

import WebIOHTTP

/// A form's answer as a journal keeps it: with the files in it, up to a size.
struct RecordedAnswer: Sendable, Equatable {
  struct File: Sendable, Equatable {
    var filename: String
    var mimeType: String
    var lastModified: Double
    var content: [UInt8]
  }

  /// Nil: the form was given up.
  var data: JSONValue?
  var files: [String: [File]] = [:]

  /// 8 MiB: larger files have to be chosen again.
  private static let limit = 8 << 20

  init(data: JSONValue?, files: [String: [File]] = [:]) {
    self.data = data
    self.files = files
  }

  /// Of an event that answered a form; nil for one that was given up.
  init(_ event: Event?, _ question: Question) {
    data = event?.data
    guard let event, var object = event.data.object else { return }
    for field in question.fields where field.type == "file" {
      let ids = event.data[field.name]?["uploads"]?.array ?? []
      let sent = (event.files[field.name] ?? []) + ids.compactMap { $0.string.flatMap { event.uploads[$0] } }
      guard !sent.isEmpty, sent.reduce(0, { $0 + $1.size }) <= Self.limit,
        let files = try? sent.map({ try File($0, limit: Self.limit) })
      else { continue }
      self.files[field.name] = files
      object[field.name] = field.multiple ? [] : .null
    }
    data = .object(object)
  }

  func event(task: String) -> Event {
    guard let data else { return Event(.cancel, task: task, data: .null) }
    return Event(.submit, task: task, data: data, files: files.mapValues { $0.map(\.upload) })
  }
}

extension RecordedAnswer.File {
  fileprivate init(_ upload: FileUpload, limit: Int) throws {
    filename = upload.filename
    mimeType = upload.mimeType
    lastModified = upload.lastModified
    content = try upload.bytes(limit: limit)
  }

  fileprivate var upload: FileUpload {
    FileUpload(
      filename: filename, mimeType: mimeType, lastModified: lastModified, size: content.count, storage: .memory(content))
  }

  init?(_ json: JSONValue) {
    guard let name = json["filename"]?.string, let bytes = json["content"]?.string.flatMap({ Base64.decode($0) }) else {
      return nil
    }
    filename = name
    mimeType = json["mime_type"]?.string ?? ""
    lastModified = json["last_modified"]?.double ?? 0
    content = bytes
  }

  var json: JSONValue {
    [
      "filename": .string(filename), "mime_type": .string(mimeType), "last_modified": .double(lastModified),
      "content": .string(Base64.encode(content)),
    ]
  }
}

import WebIOHTTP

/// Segments of an 8-byte big-endian length and as many bytes: what binary frames consist of. PROTOCOL.md, section 2.3.
struct Segments {
  private var rest: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

  var isEmpty: Bool { rest.isEmpty }

  /// Nil when there is none, or its length is not that of what follows.
  mutating func next() -> UnsafeRawBufferPointer? {
    guard rest.count >= 8 else { return nil }
    let length = (0..<8).reduce(UInt64(0)) { $0 << 8 | UInt64(rest[$1]) }
    guard length <= UInt64(rest.count - 8) else { return nil }
    let end = 8 + Int(length)
    defer { rest = UnsafeRawBufferPointer(rebasing: rest[end...]) }
    return UnsafeRawBufferPointer(rebasing: rest[8..<end])
  }
}

/// An event with files: the event, then for each file its header and its contents.
struct UploadMessage {
  let event: JSONValue
  /// By the name of their input.
  let files: [String: [FileUpload]]

  /// A message of headers only would be many times its size in memory.
  static let fileLimit = 1_000
  static let headerLimit = 10 << 10

  /// Nil when lengths do not add up, a header is none or too long, or there are too many files.
  init?(_ bytes: UnsafeRawBufferPointer) {
    var segments = Segments(bytes)
    guard let head = segments.next(), let event = try? JSONParser.parse(head) else { return nil }
    var files: [String: [FileUpload]] = [:]
    var count = 0
    while !segments.isEmpty {
      count += 1
      guard count <= Self.fileLimit, let header = segments.next(), header.count <= Self.headerLimit,
        let content = segments.next(), let json = try? JSONParser.parse(header), let input = json["input_name"]?.string,
        let name = json["filename"]?.string
      else { return nil }
      files[input, default: []].append(
        FileUpload(
          filename: name, mimeType: json["mime_type"]?.string ?? "", lastModified: json["last_modified"]?.double ?? 0,
          size: content.count, storage: .memory(Array(content))))
    }
    self.event = event
    self.files = files
  }
}

/// A piece of a file: `{"event": "upload_chunk", "data": {"id", "offset"}}`, then the bytes.
struct UploadChunk {
  let id: String
  let offset: Int
  /// Those of the message, valid as long as it is.
  let bytes: UnsafeRawBufferPointer

  /// Nil for another event.
  init?(_ message: UnsafeRawBufferPointer) {
    var segments = Segments(message)
    guard let head = segments.next(), head.count <= 512, let event = try? JSONParser.parse(head),
      event["event"]?.string == "upload_chunk", let id = event["data"]?["id"]?.string,
      let offset = event["data"]?["offset"]?.int, let bytes = segments.next(), segments.isEmpty
    else { return nil }
    self.id = id
    self.offset = offset
    self.bytes = bytes
  }
}

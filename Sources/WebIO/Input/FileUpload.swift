import WebIOHTTP

/// A file that a visitor has sent.
public struct FileUpload: Sendable {
  /// The name without directories; it is the visitor's word, not a path for this machine.
  public let filename: String
  public let mimeType: String
  public let content: [UInt8]
  /// Seconds since 1970.
  public let lastModified: Double
  public var size: Int { content.count }
}

extension InputItem where Value == FileUpload? {
  /// A file; nil when none was chosen and `required` is false. `accept` has types and suffixes such as `image/*` and
  /// `.csv`. `maxSize` is in bytes; the message with all files must also fit the server's `maxPayloadSize`.
  public static func file(
    _ label: String = "", name: String? = nil, accept: [String] = [], placeholder: String = "Choose file",
    maxSize: Int? = nil, required: Bool = false, help: String? = nil
  ) -> InputItem<FileUpload?> {
    let spec = fileSpec(accept, placeholder, multiple: false, maxSize, nil, required, help)
    return InputItem(spec, label: label, name: name) { answer in
      guard let file = answer.files.first else {
        return required || answer.data != .null ? .invalid("Choose a file") : .valid(nil)
      }
      if let maxSize, file.size > maxSize { return .invalid("The file is larger than \(maxSize) bytes") }
      return .valid(file)
    }
  }
}

extension InputItem where Value == [FileUpload] {
  /// Any number of files. Sizes are in bytes, of each and of all together.
  public static func files(
    _ label: String = "", name: String? = nil, accept: [String] = [], placeholder: String = "Choose files",
    maxSize: Int? = nil, maxTotalSize: Int? = nil, required: Bool = false, help: String? = nil
  ) -> InputItem<[FileUpload]> {
    let spec = fileSpec(accept, placeholder, multiple: true, maxSize, maxTotalSize, required, help)
    return InputItem(spec, label: label, name: name) { answer in
      let files = answer.files
      if required, files.isEmpty { return .invalid("Choose a file") }
      if let maxSize, let large = files.first(where: { $0.size > maxSize }) {
        return .invalid("\(large.filename) is larger than \(maxSize) bytes")
      }
      if let maxTotalSize, files.reduce(0, { $0 + $1.size }) > maxTotalSize {
        return .invalid("Together the files are larger than \(maxTotalSize) bytes")
      }
      return .valid(files)
    }
  }
}

private func fileSpec(
  _ accept: [String], _ placeholder: String, multiple: Bool, _ maxSize: Int?, _ maxTotalSize: Int?,
  _ required: Bool, _ help: String?
) -> Spec {
  var spec = Spec()
  spec.set("type", "file")
  if !accept.isEmpty { spec["accept"] = .array(accept.map { .json(.string($0)) }) }
  spec.set("placeholder", placeholder)
  spec.set("multiple", multiple)
  spec.set("max_size", maxSize)
  spec.set("max_total_size", maxTotalSize)
  if required { spec.set("required", true) }
  spec.set("help_text", help)
  return spec
}

/// Asks for a file; nil when none was chosen. PyWebIO: `file_upload`.
///
///     if let photo = try await fileUpload("A photo", accept: ["image/*"], maxSize: 5 << 20) { putImage(photo.content) }
public func fileUpload(
  _ label: String = "", accept: [String] = [], placeholder: String = "Choose file", maxSize: Int? = nil,
  required: Bool = false, help: String? = nil, scope: String? = nil
) async throws -> FileUpload? {
  try await answer(
    .file(label, accept: accept, placeholder: placeholder, maxSize: maxSize, required: required, help: help), scope)
}

/// Asks for any number of files. PyWebIO: `file_upload(multiple=True)`.
public func filesUpload(
  _ label: String = "", accept: [String] = [], placeholder: String = "Choose files", maxSize: Int? = nil,
  maxTotalSize: Int? = nil, required: Bool = false, help: String? = nil, scope: String? = nil
) async throws -> [FileUpload] {
  try await answer(
    .files(
      label, accept: accept, placeholder: placeholder, maxSize: maxSize, maxTotalSize: maxTotalSize,
      required: required, help: help), scope)
}

/// Asks for a file and blocks the thread; nil when none was chosen. PyWebIO: `file_upload`.
public func fileUpload(
  _ label: String = "", accept: [String] = [], placeholder: String = "Choose file", maxSize: Int? = nil,
  required: Bool = false, help: String? = nil, scope: String? = nil
) throws -> FileUpload? {
  try answerBlocking(
    .file(label, accept: accept, placeholder: placeholder, maxSize: maxSize, required: required, help: help), scope)
}

/// An event with files: segments of an 8-byte big-endian length and as many bytes. First the event, then for each file
/// its header and its contents. See PROTOCOL.md, section 2.3.
struct UploadMessage {
  let event: JSONValue
  /// By the name of their input.
  let files: [String: [FileUpload]]

  /// Nil when lengths do not add up, or a header is none.
  init?(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    func segment() -> Slice<UnsafeRawBufferPointer>? {
      guard rest.count >= 8 else { return nil }
      let length = rest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      rest = rest.dropFirst(8)
      guard length <= UInt64(rest.count) else { return nil }
      defer { rest = rest.dropFirst(Int(length)) }
      return rest.prefix(Int(length))
    }
    guard let head = segment(), let event = try? JSONParser.parse(Array(head)) else { return nil }
    var files: [String: [FileUpload]] = [:]
    while !rest.isEmpty {
      guard let header = segment(), let content = segment(), let json = try? JSONParser.parse(Array(header)),
        let input = json["input_name"]?.string, let name = json["filename"]?.string
      else { return nil }
      files[input, default: []].append(
        FileUpload(
          filename: Self.baseName(name), mimeType: json["mime_type"]?.string ?? "", content: Array(content),
          lastModified: json["last_modified"]?.double ?? 0))
    }
    self.event = event
    self.files = files
  }

  /// What stands behind the last slash of either kind.
  private static func baseName(_ name: String) -> String {
    let parts = name.utf8.split { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
    return parts.last.map { String(decoding: Array($0), as: UTF8.self) } ?? ""
  }
}

import WebIOHTTP

extension InputItem where Value == FileUpload? {
  /// A file; nil when none was chosen and `required` is false. `accept` has types and suffixes such as `image/*` and
  /// `.csv`. `maxSize` is in bytes; without one it is the server's `maxPayloadSize`.
  public static func file(
    _ label: String = "", name: String? = nil, accept: [String] = [], placeholder: String = "Choose file",
    maxSize: Int? = nil, required: Bool = false, help: String? = nil
  ) -> InputItem<FileUpload?> {
    let spec = fileSpec(accept, placeholder, multiple: false, maxSize, maxSize, required, help)
    var item = InputItem<FileUpload?>(spec, label: label, name: name) { answer in
      guard let files = answer.sentFiles, let file = files.first else {
        return required || answer.data != .null ? .invalid("Choose a file") : .valid(nil)
      }
      if let maxSize, file.size > maxSize { return .invalid("The file is larger than \(maxSize) bytes") }
      return .valid(file)
    }
    item.field.limits = (one: maxSize, all: maxSize)
    return item
  }
}

extension InputItem where Value == [FileUpload] {
  /// Any number of files. Sizes are in bytes, of each and of all together.
  public static func files(
    _ label: String = "", name: String? = nil, accept: [String] = [], placeholder: String = "Choose files",
    maxSize: Int? = nil, maxTotalSize: Int? = nil, required: Bool = false, help: String? = nil
  ) -> InputItem<[FileUpload]> {
    let spec = fileSpec(accept, placeholder, multiple: true, maxSize, maxTotalSize, required, help)
    var item = InputItem<[FileUpload]>(spec, label: label, name: name) { answer in
      guard let files = answer.sentFiles else { return .invalid("Choose a file") }
      if required, files.isEmpty { return .invalid("Choose a file") }
      if let maxSize, let large = files.first(where: { $0.size > maxSize }) {
        return .invalid("\(large.filename) is larger than \(maxSize) bytes")
      }
      if let maxTotalSize, files.reduce(0, { $0 + $1.size }) > maxTotalSize {
        return .invalid("Together the files are larger than \(maxTotalSize) bytes")
      }
      return .valid(files)
    }
    item.field.limits = (one: maxSize, all: maxTotalSize)
    return item
  }
}

extension Answer {
  /// The files of a field: sent before, or with the event. Nil when it names one that did not come.
  fileprivate var sentFiles: [FileUpload]? {
    guard case .object = data else { return files }
    guard let ids = data["uploads"]?.array else { return nil }
    let sent = ids.compactMap { $0.string.flatMap { uploads[$0] } }
    return sent.count == ids.count ? sent : nil
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
///     if let photo = try await fileUpload("A photo", accept: ["image/*"], maxSize: 5 << 20) { try await putImage(photo.bytes()) }
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

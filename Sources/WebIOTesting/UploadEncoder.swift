import WebIO

/// An event with files as a page sends it: segments of an 8-byte big-endian length and as many bytes. PROTOCOL.md 2.3.
enum UploadEncoder {
  /// Each file with the name of its field; files that no field takes are left out.
  static func assign(_ files: [TestFile], to fields: [TestField]) -> [(field: String, file: TestFile)] {
    var rest = files[...]
    var named: [(field: String, file: TestFile)] = []
    for field in fields where field.isFile && !rest.isEmpty {
      let count = field.takesManyFiles ? rest.count : 1
      named += rest.prefix(count).map { (field.name, $0) }
      rest = rest.dropFirst(count)
    }
    return named
  }

  static func message(_ event: JSON, _ files: [(field: String, file: TestFile)]) -> [UInt8] {
    var message: [UInt8] = []
    append(event.serialized, to: &message)
    for (field, file) in files {
      let header: JSON = [
        "filename": .string(file.name), "size": .int(Int64(file.content.count)), "mime_type": .string(file.mimeType),
        "last_modified": 0, "input_name": .string(field),
      ]
      append(header.serialized, to: &message)
      append(file.content, to: &message)
    }
    return message
  }

  private static func append(_ segment: [UInt8], to message: inout [UInt8]) {
    for shift in stride(from: 56, through: 0, by: -8) { message.append(UInt8(truncatingIfNeeded: segment.count >> shift)) }
    message += segment
  }
}

/// The one way from a request's bytes to a file's name: what is checked is what is opened.
package enum StaticPath {
  /// Decodes `%` once, and refuses everything that is not plainly a name beneath the root: an empty segment, one that
  /// starts with a dot, a backslash, a control character, anything that is not UTF-8.
  package static func decode(_ path: UnsafeRawBufferPointer) -> [UInt8]? {
    guard path.count <= 1_024, let name = PercentEncoding.decode(path), !name.isEmpty,
      String(validating: name, as: UTF8.self) != nil
    else { return nil }
    var isStart = true
    for byte in name {
      if byte < 0x20 || byte == 0x7f || byte == UInt8(ascii: "\\") { return nil }
      if isStart, byte == UInt8(ascii: ".") || byte == UInt8(ascii: "/") { return nil }
      isStart = byte == UInt8(ascii: "/")
    }
    return isStart ? nil : name
  }
}

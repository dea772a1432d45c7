/// Cuts a stream of bytes into JSON values, one a line. A line that is no JSON is left out.
package struct JSONLines {
  private var rest: [UInt8] = []

  package init() {}

  /// The values that `bytes` complete.
  package mutating func receive(_ bytes: UnsafeRawBufferPointer) -> [JSONValue] {
    var values: [JSONValue] = []
    var start = bytes.startIndex
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      rest.append(contentsOf: bytes[start..<end])
      if let value = try? JSONParser.parse(rest) { values.append(value) }
      rest.removeAll(keepingCapacity: rest.count < 1 << 20)
      start = end + 1
    }
    rest.append(contentsOf: bytes[start...])
    return values
  }
}

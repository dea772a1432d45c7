import Glibc

/// Cuts a stream of bytes into lines, without their ends. A line longer than `limit` bytes is cut there.
struct LineSplitter {
  private var rest: [UInt8] = []
  private let limit: Int

  init(limit: Int = 64 * 1024) { self.limit = limit }

  /// The lines that `bytes` complete.
  mutating func receive(_ bytes: UnsafeRawBufferPointer) -> [String] {
    var lines: [String] = []
    var start = bytes.startIndex
    while start < bytes.count, let base = bytes.baseAddress,
      let newline = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
    {
      let end = UnsafeRawPointer(newline) - base
      rest.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
      cut(into: &lines)
      lines.append(takeLine())
      start = end + 1
    }
    rest.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start...]))
    cut(into: &lines)
    return lines
  }

  private mutating func cut(into lines: inout [String]) {
    while rest.count > limit {
      lines.append(String(decoding: rest[..<limit], as: UTF8.self))
      rest.removeFirst(limit)
    }
  }

  /// What is left when the stream has ended.
  mutating func finish() -> String? { rest.isEmpty ? nil : takeLine() }

  private mutating func takeLine() -> String {
    if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
    defer { rest.removeAll(keepingCapacity: true) }
    return String(decoding: rest, as: UTF8.self)
  }
}

/// Cuts a stream of bytes into lines at LF, without CR. A line over the limit is dropped whole, not cut.
struct LineBuffer {
  /// localhost.run puts a QR code of escape sequences into one JSON line, which is far under this.
  static let limit = 512 * 1024

  private var line: [UInt8] = []
  private var isTooLong = false

  mutating func receive(_ bytes: some Sequence<UInt8>, _ body: ([UInt8]) -> Void) {
    for byte in bytes {
      if byte == UInt8(ascii: "\n") {
        emit(body)
      } else if line.count < Self.limit {
        line.append(byte)
      } else {
        isTooLong = true
      }
    }
  }

  /// What came without a line end.
  mutating func finish(_ body: ([UInt8]) -> Void) { if !line.isEmpty { emit(body) } }

  private mutating func emit(_ body: ([UInt8]) -> Void) {
    defer {
      line.removeAll(keepingCapacity: line.capacity < 4096)
      isTooLong = false
    }
    if isTooLong { return }
    while line.last == UInt8(ascii: "\r") { line.removeLast() }
    body(line)
  }
}

import Glibc

/// What `webio build` appends to an executable, behind all that the loader reads: the descriptions of its apps. strip(1) takes it
/// away, and the app then has none.
///
/// The text, its length as eight bytes with the lowest first, and a mark.
package enum ExecutableTrailer {
  private static let mark = Array("webio:described\n".utf8)
  private static let lengthSize = 8
  private static let sizeLimit = 1 << 20

  package static func append(_ text: String, to executable: inout [UInt8]) {
    let bytes = Array(text.utf8)
    executable += bytes
    executable += (0..<lengthSize).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) }
    executable += mark
  }

  /// Of this process's executable.
  static let own: String? = read("/proc/self/exe")

  /// Nil when there is none.
  static func read(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let end = Int(lseek(descriptor, 0, SEEK_END)) - lengthSize - mark.count
    guard let tail = bytes(descriptor, at: end, lengthSize + mark.count), tail[lengthSize...].elementsEqual(mark) else {
      return nil
    }
    let length = tail[..<lengthSize].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= sizeLimit, let text = bytes(descriptor, at: end - Int(length), Int(length)) else { return nil }
    return String(validating: text, as: UTF8.self)
  }

  private static func bytes(_ descriptor: Int32, at offset: Int, _ count: Int) -> [UInt8]? {
    guard offset >= 0 else { return nil }
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = max(0, pread(descriptor, buffer.baseAddress, count, off_t(offset)))
    }
    return bytes.count == count ? bytes : nil
  }
}

import Glibc

/// Lines for the developer on standard error. See write(2): one call a line, so that lines do not mix.
enum Log {
  static func error(_ text: String) { write("webio: error: \(text)\n") }
  static func warning(_ text: String) { write("webio: warning: \(text)\n") }
  static func note(_ text: String) { write("\(text)\n") }

  private static func write(_ line: String) {
    let bytes = Array(line.utf8)
    _ = Glibc.write(2, bytes, bytes.count)
  }
}

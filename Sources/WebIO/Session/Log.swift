import WebIOPosix

/// Lines for the developer on standard error.
enum Log {
  static func error(_ text: String) { StandardError.write("webio: error: \(text)\n") }
  static func warning(_ text: String) { StandardError.write("webio: warning: \(text)\n") }
  static func note(_ text: String) { StandardError.write("\(text)\n") }
}

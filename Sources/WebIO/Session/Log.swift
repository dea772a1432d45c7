import WebIOHTTP
import WebIOPosix

/// Lines for the developer on standard error; with `WEBIO_LOG=json` each is a JSON object.
enum Log {
  static func error(_ text: String) { write("error", text) }
  static func warning(_ text: String) { write("warning", text) }
  static func note(_ text: String) { write("note", text) }

  private static let isJSON = Environment["WEBIO_LOG"] == "json"

  private static func write(_ level: String, _ text: String) {
    guard !isJSON else {
      return StandardError.write(String(decoding: LogRecord.message(level, text), as: UTF8.self) + "\n")
    }
    StandardError.write(level == "note" ? "\(text)\n" : "webio: \(level): \(text)\n")
  }
}

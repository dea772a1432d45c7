import Synchronization
import WebIOHTTP
import WebIOPosix

/// Lines for the developer on standard error; with `WEBIO_LOG=json` each is a JSON object.
enum Log {
  static func error(_ text: String) { write("error", text) }
  static func warning(_ text: String) { write("warning", text) }
  static func note(_ text: String) { write("note", text) }

  /// Of what a page brings about, which may be hostile and do so thousands of times: one line a second, ten at once.
  static func warning(_ text: String, ofPage session: String) {
    let (isAdmitted, leftOut) = ofPages.withLock { $0.admits(.now) }
    guard isAdmitted else { return }
    warning("session \(session.prefix(6)): \(text)" + (leftOut > 0 ? " (and \(leftOut) such lines were left out)" : ""))
  }

  private static let ofPages = Mutex(LineBudget(burst: 10))

  private static let isJSON = Environment["WEBIO_LOG"] == "json"

  private static func write(_ level: String, _ text: String) {
    guard !isJSON else {
      return StandardError.write(String(decoding: LogRecord.message(level, text), as: UTF8.self) + "\n")
    }
    StandardError.write(level == "note" ? "\(text)\n" : "webio: \(level): \(text)\n")
  }
}

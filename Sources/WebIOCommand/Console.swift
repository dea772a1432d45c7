import Glibc
import Synchronization
import WebIOHTTP
import WebIOPosix

/// What a person reads goes to standard error; standard output carries results and, with `--json`, events.
struct Console: Sendable {
  let isJSON: Bool
  let isInteractive: Bool
  let usesColor: Bool

  init(json: Bool = false) {
    isJSON = json
    isInteractive = isatty(2) == 1 && Environment["CI"] == nil && Environment["TERM"] != "dumb"
    usesColor = isInteractive && (Environment["NO_COLOR"] ?? "").isEmpty
  }

  enum Style: String, Sendable {
    case plain = "0"
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case blue = "34"
    case cyan = "36"
  }

  func styled(_ text: String, _ style: Style) -> String {
    usesColor && style != .plain ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// A line for a person. With `--json` there is no person.
  func note(_ text: String) {
    if !isJSON { write(2, text + "\n") }
  }

  /// The terminal's width; nil where there is none.
  var columns: Int? {
    var size = winsize()
    return ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : nil
  }

  func warning(_ text: String) { note("\(styled("warning:", .yellow)) \(text)") }

  func error(_ error: CommandError) {
    write(2, "\(styled("webio:", .red)) \(error.description)\n")
    if let advice = error.advice { write(2, "  \(advice)\n") }
  }

  /// A line that the next one overwrites, on a terminal only.
  func progress(_ text: String) {
    if isInteractive, !isJSON { write(2, "\r\u{1B}[K\(text)") }
  }

  func endProgress() {
    if isInteractive, !isJSON { write(2, "\r\u{1B}[K") }
  }

  /// A result on standard output.
  func result(_ text: String) { write(1, text + "\n") }

  /// One line `{"event":…}` on standard output, with `--json` only.
  func event(_ name: String, _ members: JSONObject = [:]) {
    guard isJSON else { return }
    var object: JSONObject = ["event": .string(name)]
    for (name, value) in members.members { object[name] = value }
    write(1, String(decoding: JSONValue.object(object).serialized, as: UTF8.self) + "\n")
  }

  private func write(_ descriptor: Int32, _ text: String) {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        return
      }
      done += count
    }
  }
}

import Glibc
import Synchronization
import WebIOHTTP
import WebIOPosix

/// What a person reads goes to standard error; standard output carries results and, with `--json`, events.
struct Console: Sendable {
  let isJSON: Bool
  let isInteractive: Bool
  let usesColor: Bool
  private let row = Row()

  init(json: Bool = false) {
    isJSON = json
    isInteractive = isatty(2) == 1 && Environment["CI"] == nil && Environment["TERM"] != "dumb"
    usesColor = isInteractive && (Environment["NO_COLOR"] ?? "").isEmpty
  }

  /// Its colours are those of standard output, where results go.
  init(standardOutput: ()) {
    isJSON = false
    isInteractive = isatty(1) == 1 && Environment["CI"] == nil && Environment["TERM"] != "dumb"
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

  /// A line for a person. With `--json` there is no person. An optional one may be left out while nobody reads.
  func note(_ text: String, isOptional: Bool = false) { line(text, isOptional: isOptional) }

  /// A line of which the next one of the same `kind` takes the place, on a terminal only: it then says how many there were.
  func line(_ text: String, kind: String? = nil, isOptional: Bool = false) {
    guard !isJSON else { return }
    row.text.withLock { row in
      let written = row.add(text, kind: kind, columns: isInteractive ? columns : nil) { styled($0, .yellow) }
      write(2, written, isOptional: isOptional)
    }
  }

  /// More about the event of the last line, if that is of this `kind`; otherwise a line of its own. In a pipe `alone` is.
  func amend(_ text: String, kind: String, alone: String) {
    guard !isJSON else { return }
    row.text.withLock { row in
      let columns = isInteractive ? columns : nil
      write(
        2,
        row.amend(text, kind: kind, columns: columns) { styled($0, .yellow) }
          ?? row.add(alone, kind: nil, columns: columns) { $0 })
    }
  }

  /// Somebody else has written to the terminal: the keys that a person types are echoed there.
  func interrupted() { row.text.withLock { $0.interrupted() } }

  /// The terminal's width; nil where there is none.
  var columns: Int? {
    var size = winsize()
    return ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : nil
  }

  func warning(_ text: String) { note("\(styled("warning:", .yellow)) \(text)") }

  /// Also with `--json`: a person may look for the reason.
  func error(_ error: CommandError) {
    let advice = error.advice.map { "\n  \($0)" } ?? ""
    row.text.withLock { row in
      let text = "\(styled("webio:", .red)) \(error.description)\(advice)"
      write(2, row.add(text, kind: nil, columns: isInteractive ? columns : nil) { $0 })
    }
  }

  /// A line that the next one overwrites, on a terminal only. It is cut at the terminal's edge: a second row would stay.
  func progress(_ text: String) {
    guard isInteractive, !isJSON else { return }
    row.text.withLock { write(2, $0.progress(Self.cut(text, to: (columns ?? 80) - 1), style: { styled($0, .dim) })) }
  }

  func endProgress() {
    guard isInteractive, !isJSON else { return }
    row.text.withLock { write(2, $0.endProgress()) }
  }

  /// Empties the terminal's window and what was scrolled out of it.
  func clear() {
    guard isInteractive, !isJSON else { return }
    row.text.withLock { row in
      row.interrupted()
      write(2, "\u{1B}[H\u{1B}[2J\u{1B}[3J")
    }
  }

  private static func cut(_ text: String, to columns: Int) -> String {
    text.count <= columns ? text : String(text.prefix(max(0, columns - 1))) + "…"
  }

  /// A result on standard output.
  func result(_ text: String) { write(1, text + "\n") }

  /// One line `{"event":…,"time":…}` on standard output, with `--json` only. The time is in milliseconds since 1970.
  func event(_ name: String, _ members: JSONObject = [:]) {
    guard isJSON else { return }
    var object: JSONObject = ["event": .string(name), "time": .double(Self.time)]
    for (name, value) in members.members { object[name] = value }
    write(1, JSONValue.object(object).serialized + [UInt8(ascii: "\n")])
  }

  /// Several of them, written out already, in one write; left out while nobody reads.
  func events(lines: [UInt8]) {
    if isJSON { write(1, lines, isOptional: true) }
  }

  /// Milliseconds since 1970, to the microsecond.
  static var time: Double {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return (Double(now.tv_sec) * 1_000_000 + Double(now.tv_nsec / 1_000)) / 1_000
  }

  private func write(_ descriptor: Int32, _ text: String, isOptional: Bool = false) {
    write(descriptor, Array(text.utf8), isOptional: isOptional)
  }

  private func write(_ descriptor: Int32, _ bytes: [UInt8], isOptional: Bool = false) {
    if OutputQueue.isUsed.load(ordering: .relaxed) {
      return OutputQueue.write(descriptor, bytes, isOptional: isOptional)
    }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = BackgroundWriter.write(descriptor, rest)
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }

  /// Shared by all copies of a console: where the cursor is.
  private final class Row: Sendable {
    let text = Mutex(TerminalRow())
  }
}

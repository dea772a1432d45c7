/// What can be typed while `webio dev` runs, each with Enter.
enum DevKey: String, CaseIterable, Sendable {
  case rebuild = "r"
  case restart = "R"
  case back = "b"
  case open = "o"
  case urls = "u"
  case share = "s"
  case clear = "c"
  case quit = "q"
  case help = "h"

  /// Blanks around it do not count; capitals do.
  init?(typed line: String) {
    let bytes = line.utf8.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") && $0 != UInt8(ascii: "\r") }
    self.init(rawValue: String(decoding: bytes, as: UTF8.self))
  }

  var help: String {
    switch self {
    case .rebuild: "build again; visitors keep their place"
    case .restart: "start the app again, with nothing kept"
    case .back: "take back the last answer or click"
    case .open: "open the page in the browser"
    case .urls: "show the addresses"
    case .share: "start or stop sharing by a public address"
    case .clear: "clear the terminal"
    case .quit: "quit"
    case .help: "this list"
    }
  }
}

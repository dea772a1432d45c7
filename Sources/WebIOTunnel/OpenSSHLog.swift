import WebIOHTTP

/// What the lines of ssh's log (`LogLevel=DEBUG1`) say about the connection.
struct OpenSSHLog {
  enum Event: Equatable {
    case authenticated
    /// The port is nil when it is the one that was asked for.
    case bound(UInt16?)
    case forwardRefused
  }

  private(set) var methods: [String] = []
  private(set) var offeredKeys: [String] = []
  private(set) var isHostKeyRefused = false
  private(set) var isLoginRefused = false
  private(set) var isWithoutAlgorithm = false
  /// The last line that is meant for a person.
  private(set) var lastLine: String?

  mutating func receive(_ line: [UInt8]) -> Event? {
    let text = TerminalText.clean(line)
    func contains(_ part: String) -> Bool { line.end(ofASCII: part) != nil }
    if line.starts(withASCII: "debug1: ") {
      if let end = line.end(ofASCII: "Authentications that can continue: ") {
        methods = line[end...].split(separator: UInt8(ascii: ",")).map { TerminalText.clean($0, limit: 40) }
      } else if let end = line.end(ofASCII: "Offering public key: ") {
        offeredKeys.append(TerminalText.clean(line[end...].prefix { $0 > 0x20 }, limit: 200))
      } else if contains("Entering interactive session") || contains("Authenticated to ") {
        return .authenticated
      } else if contains("remote forward success for: listen") {
        return .bound(nil)
      } else if contains("remote forward failure for: listen") {
        return .forwardRefused
      }
      return nil
    }
    if let end = line.end(ofASCII: "Allocated port ") {
      return ASCII.port(line[end...].prefix { ASCII.isDigit($0) }).map { .bound($0) }
    }
    if contains("Host key verification failed") || contains("host key is known") { isHostKeyRefused = true }
    if contains("Permission denied (") { isLoginRefused = true }
    if contains("Unable to negotiate with") { isWithoutAlgorithm = true }
    if contains("remote port forwarding failed for listen port") { return .forwardRefused }
    if !text.isEmpty { lastLine = text }
    return nil
  }
}

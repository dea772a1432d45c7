import WebIOHTTP
import WebIOPosix

/// What the lines of ssh's log (`LogLevel=DEBUG1`) say about the connection.
struct OpenSSHLog {
  enum Event: Equatable {
    /// To `serverAddress`.
    case connected
    /// The port is nil when it is the one that was asked for.
    case bound(UInt16?)
    case forwardRefused
  }

  private(set) var methods: [String] = []
  private(set) var offeredKeys: [String] = []
  private(set) var isHostKeyRefused = false
  private(set) var isLoginRefused = false
  private(set) var isWithoutAlgorithm = false
  private(set) var isAuthenticated = false
  /// The server has not answered for so long that ssh has given it up.
  private(set) var isSilent = false
  /// The server would take one of the keys, if only it were used to sign.
  private(set) var isKeyAccepted = false
  /// Where ssh has found the server; nil behind a proxy of the user's configuration.
  private(set) var serverAddress: SocketAddress?
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
        isAuthenticated = true
      } else if contains("Server accepts key: ") {
        isKeyAccepted = true
      } else if contains("Connection established.") {
        return .connected
      } else if contains("Connecting to ") {
        serverAddress = Self.address(in: line)
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
    if contains("Authenticated to ") { isAuthenticated = true }
    if contains("not responding") || contains("timed out") { isSilent = true }
    if contains("Host key verification failed") || contains("host key is known") { isHostKeyRefused = true }
    if contains("Permission denied (") || contains(": Too many authentication failures") { isLoginRefused = true }
    if contains("Unable to negotiate with") { isWithoutAlgorithm = true }
    if contains("remote port forwarding failed for listen port") { return .forwardRefused }
    if !text.isEmpty { lastLine = text }
    return nil
  }

  /// `Connecting to NAME [ADDRESS] port PORT.`
  private static func address(in line: [UInt8]) -> SocketAddress? {
    guard let start = line.end(ofASCII: " ["), let end = line.end(ofASCII: "] port "), start < end - 7,
      let port = ASCII.port(line[end...].prefix { ASCII.isDigit($0) })
    else { return nil }
    return SocketAddress(numericHost: ASCII.text(line[start..<(end - 7)]), port: port)
  }
}

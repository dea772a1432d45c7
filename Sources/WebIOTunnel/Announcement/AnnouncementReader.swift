/// The session's text of one connection: lines, what they mean, and a limit to how much of it anybody has to read.
struct AnnouncementReader {
  /// A server that talks without end is not listened to for ever.
  private static let noticeLimit = 200

  private let parser: AnnouncementParser
  private var lines = LineBuffer()
  private var notices = 0
  private var lastAddress: PublicAddress?
  /// The server's last line, for the message when there is no address.
  private(set) var lastLine: String?
  /// Whether the session has ended.
  var didEnd = false

  var hasAddress: Bool { lastAddress != nil }

  init(_ configuration: TunnelConfiguration) { parser = AnnouncementParser(configuration) }

  mutating func receive(_ bytes: [UInt8]) -> [Announcement] {
    var complete: [[UInt8]] = []
    lines.receive(bytes) { complete.append($0) }
    return complete.compactMap { announcement($0) }
  }

  mutating func finish() -> [Announcement] {
    var complete: [[UInt8]] = []
    lines.finish { complete.append($0) }
    return complete.compactMap { announcement($0) }
  }

  /// An address counts once, and one without TLS does not replace its twin with it.
  private mutating func announcement(_ line: [UInt8]) -> Announcement? {
    switch parser.receive(line) {
    case .address(let address):
      if address == lastAddress { return nil }
      if let lastAddress, lastAddress.isSecure, !address.isSecure, lastAddress.host == address.host { return nil }
      lastAddress = address
      return .address(address)
    case .notice(let text):
      lastLine = text
      notices += 1
      return notices <= Self.noticeLimit ? .notice(text) : nil
    case .refused(let text):
      lastLine = text
      return .refused(text)
    case Announcement.none?: return Announcement.none
    case nil: return nil
    }
  }
}

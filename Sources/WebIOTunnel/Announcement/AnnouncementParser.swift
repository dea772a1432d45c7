import WebIOHTTP

/// What one line of a server's session means.
enum Announcement: Equatable {
  case address(PublicAddress)
  /// A plain server's shell has nothing to say: the address is its own.
  case none
  /// The server says no, in its own words.
  case refused(String)
  /// Something to show, cleaned.
  case notice(String)
}

/// Finds the public address in what a server writes, JSON or text, and takes nothing of it on trust.
struct AnnouncementParser {
  private let provider: Provider
  private let rule: PublicAddress.Rule
  private let isOwnServer: Bool

  init(_ configuration: TunnelConfiguration) {
    provider = configuration.target.provider
    rule = PublicAddress.Rule(configuration)
    isOwnServer = configuration.target.isOwnServer
  }

  /// Nil for a line that says nothing.
  func receive(_ line: [UInt8]) -> Announcement? {
    if line.count <= LineBuffer.limit, case .object(let fields)? = try? JSONParser.parse(line, depthLimit: 16) {
      return announcement(fields)
    }
    let text = TerminalText.withoutEscapes(line)
    if provider == .plain, text.elementsEqual(Provider.shellGreeting.utf8) { return Announcement.none }
    if let address = address(inText: text) { return .address(address) }
    return notice(text)
  }

  // MARK: JSON

  /// localhost.run has written three generations of it, and PyWebIO's own server a fourth.
  private func announcement(_ fields: JSONObject) -> Announcement? {
    if let type = fields.bytes("type"), type.end(ofASCII: "tcpip_forward.register.") != nil {
      return cloudEvent(fields, isAccepted: type.reversed().starts(with: "accepted".utf8.reversed()))
    }
    let message = fields.bytes("message") ?? fields.bytes("data") ?? []
    if let address = fields.bytes("address") {
      let isOpen = fields["status"] == "success"
      guard isOpen else { return refusal(message) }
      let isSecure = fields["tls_termination"] != false
      return jsonAddress(address, isSecure: isSecure).map { .address($0) }
    }
    if let status = fields["status"]?.string, status != "success" { return refusal(message) }
    return notice(message)
  }

  private func cloudEvent(_ fields: JSONObject, isAccepted: Bool) -> Announcement? {
    let text = TerminalText.withoutEscapes(fields.bytes("data") ?? [])
    guard isAccepted else { return refusal(text) }
    if let address = address(inText: text) { return .address(address) }
    guard let id = fields.bytes("id"), let slash = id.firstIndex(of: UInt8(ascii: "/")) else { return notice(text) }
    return jsonAddress(Array(id[(slash + 1)...]), isSecure: true).map { .address($0) }
  }

  /// A server of the user's own may name any host in JSON, which nothing but its operator writes.
  private func jsonAddress(_ text: [UInt8], isSecure: Bool) -> PublicAddress? {
    var rule = rule
    rule.allowsAnyHost = isOwnServer
    return PublicAddress(text, isSecure: isSecure, rule: rule)
  }

  // MARK: Text

  private func address(inText text: [UInt8]) -> PublicAddress? {
    for marker in provider.markers {
      guard let end = text.end(ofASCII: marker) else { continue }
      if let address = PublicAddress(word(text[end...]), rule: rule) { return address }
    }
    guard provider.writesBareAddress || isOwnServer else { return nil }
    let line = text[...].trimmingASCIISpaces
    if provider.writesBareAddress { return PublicAddress(line, rule: rule) }
    // A server nobody wrote a row for: the first https address below its own domain.
    guard let start = text.end(ofASCII: "https://") else { return nil }
    return PublicAddress(word(text[(start - 8)...]), rule: rule)
  }

  private func word(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    text.prefix { $0 > 0x20 && $0 != UInt8(ascii: ",") }
  }

  private func notice(_ text: [UInt8]) -> Announcement? {
    let line = TerminalText.clean(text.prefix { $0 != UInt8(ascii: "\n") })
    return line.utf8.contains { ASCII.isLetter($0) || ASCII.isDigit($0) } ? .notice(line) : nil
  }

  private func refusal(_ text: [UInt8]) -> Announcement {
    let line = TerminalText.clean(text.prefix { $0 != UInt8(ascii: "\n") })
    return .refused(line.isEmpty ? "the server refused without a reason" : line)
  }
}

extension JSONObject {
  fileprivate func bytes(_ name: String) -> [UInt8]? { self[name]?.string.map { Array($0.utf8) } }
}

import WebIOHTTP
import WebIOPosix

/// From where a request comes, which decides what it may reach.
package enum GatewaySide: Sendable, Equatable {
  /// The developer's machine or network.
  case local
  /// A tunnel: everybody.
  case `public`

  init(_ origin: StreamOrigin) { self = origin == .tunnel ? .public : .local }
}

/// The fields that go with a request to the app, and with its response to the client. RFC 9110 section 7.6.
struct ForwardedFields {
  let side: GatewaySide
  /// Of the gateway itself.
  let peerAddress: String
  let isSecure: Bool
  /// Marks the developer's own browser for the app; nil for anybody else.
  let developerToken: String?
  /// What the app is to see as `Host`; nil leaves it.
  var host: String?
  /// A password that the gateway has asked for is not the app's to see.
  var hidesAuthorization = false
  /// The connection to the app may serve the next request.
  var keepsConnection = false
  /// Compressed frames would be unreadable for the inspector.
  var hidesExtensions = false

  /// `upgrade` is the protocol that an upgrade asks for.
  func request(_ head: HTTPRequestHead, upgrade: String?) -> HTTPFields {
    var fields = HTTPFields()
    fields.reserveCapacity(bytes: head.fields.byteCount + 256, fields: head.fields.count + 6)
    let hop = HopByHop(head.fields)
    if let host = host ?? head.host { fields.append("Host", host) }
    var hasProto = false
    var hasHost = false
    head.fields.forEach { name, value in
      guard Self.isSpecial(name) || hop.namesMore else { return fields.appendParsed(name, value) }
      func isField(_ other: StaticString) -> Bool { ASCII.equalsIgnoringCase(name, other) }
      if isField("Host") || isField("Expect") || Self.isOurs(name) || hop.contains(name) { return }
      if hidesAuthorization, isField("Authorization") { return }
      if hidesExtensions, isField("Sec-WebSocket-Extensions") { return }
      if side == .local, Self.isForwarding(name) { return }
      if isField("X-Forwarded-Proto") { hasProto = true }
      if isField("X-Forwarded-Host") { hasHost = true }
      fields.appendParsed(name, value)
    }
    switch side {
    case .local:
      fields.append("X-Forwarded-For", peerAddress)
      fields.append("X-Forwarded-Proto", isSecure ? "https" : "http")
      if let host = head.host { fields.append("X-Forwarded-Host", host) }
      if let developerToken { fields.append("Webio-Developer", developerToken) }
    case .public:
      if !hasProto { fields.append("X-Forwarded-Proto", "https") }
      if !hasHost, let host = head.host { fields.append("X-Forwarded-Host", host) }
      fields.append("Webio-Public", "1")
    }
    if let upgrade {
      fields.append("Connection", "Upgrade")
      fields.append("Upgrade", upgrade)
    } else if !keepsConnection {
      fields.append("Connection", "close")
    }
    return fields
  }

  func response(_ head: HTTPResponseHead) -> HTTPFields {
    var fields = HTTPFields()
    fields.reserveCapacity(bytes: head.fields.byteCount + 32, fields: head.fields.count + 1)
    let hop = HopByHop(head.fields)
    head.fields.forEach { name, value in
      guard Self.isSpecial(name) || hop.namesMore else { return fields.appendParsed(name, value) }
      if ASCII.equalsIgnoringCase(name, "Content-Length") || Self.isOurs(name) || hop.contains(name) { return }
      if side == .public, ASCII.equalsIgnoringCase(name, "X-Robots-Tag") { return }
      fields.appendParsed(name, value)
    }
    // A share is not to be found by search engines.
    if side == .public { fields.append("X-Robots-Tag", "noindex") }
    return fields
  }

  /// Whether it may be one of the names that are looked for here. Most are not, by their first letter.
  private static func isSpecial(_ name: UnsafeRawBufferPointer) -> Bool {
    switch ASCII.lower(name.first ?? 0) {
    // Authorization, Connection, Content-Length, Expect, Forwarded, Host, Keep-Alive, Proxy-*, Sec-WebSocket-Extensions,
    // TE, Trailer, Transfer-Encoding, Upgrade, Webio-*, X-*.
    case UInt8(ascii: "a"): name.count == 13
    case UInt8(ascii: "c"): name.count == 10 || name.count == 14
    case UInt8(ascii: "e"), UInt8(ascii: "h"), UInt8(ascii: "f"), UInt8(ascii: "k"), UInt8(ascii: "p"),
      UInt8(ascii: "t"), UInt8(ascii: "u"), UInt8(ascii: "w"), UInt8(ascii: "x"):
      true
    case UInt8(ascii: "s"): name.count == 24
    default: false
    }
  }

  /// What only the gateway says: from outside it would be a lie, and towards outside it would be a leak.
  private static func isOurs(_ name: UnsafeRawBufferPointer) -> Bool {
    ASCII.equalsIgnoringCase(name, "Webio-Public") || ASCII.equalsIgnoringCase(name, "Webio-Developer")
      || ASCII.equalsIgnoringCase(name, Gateway.replayName)
  }

  private static func isForwarding(_ name: UnsafeRawBufferPointer) -> Bool {
    ASCII.equalsIgnoringCase(UnsafeRawBufferPointer(rebasing: name.prefix(12)), "X-Forwarded-")
      || ASCII.equalsIgnoringCase(name, "Forwarded") || ASCII.equalsIgnoringCase(name, "X-Real-IP")
  }
}

/// The fields of this connection alone: the known ones, and those that `Connection` names. RFC 9110 section 7.6.1.
private struct HopByHop {
  private static let known: [StaticString] = [
    "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer",
    "Transfer-Encoding", "Upgrade",
  ]

  private var named: [[UInt8]] = []
  /// `Connection` names others than the known ones.
  var namesMore: Bool { !named.isEmpty }

  init(_ fields: HTTPFields) {
    fields.forEach { name, value in
      guard ASCII.equalsIgnoringCase(name, "Connection") else { return }
      ASCII.forEachElement(value) { element in
        if !Self.isKnown(element), !ASCII.equalsIgnoringCase(element, "close") { named.append(Array(element)) }
      }
    }
  }

  private static func isKnown(_ name: UnsafeRawBufferPointer) -> Bool {
    known.contains { ASCII.equalsIgnoringCase(name, $0) }
  }

  func contains(_ name: UnsafeRawBufferPointer) -> Bool {
    Self.isKnown(name)
      || named.contains { named in named.withUnsafeBytes { ASCII.equalsIgnoringCase(name, $0) } }
  }
}

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
    let hop = Self.hopByHop(head.fields)
    if let host = host ?? head.host { fields.append("Host", host) }
    for (name, value) in head.fields.list {
      if hop.contains(where: { ASCII.equalsIgnoringCase($0, name) }) || Self.isOurs(name) { continue }
      if ["Host", "Expect"].contains(where: { ASCII.equalsIgnoringCase($0, name) }) { continue }
      if hidesAuthorization, ASCII.equalsIgnoringCase(name, "Authorization") { continue }
      if hidesExtensions, ASCII.equalsIgnoringCase(name, "Sec-WebSocket-Extensions") { continue }
      if side == .local, Self.isForwarding(name) { continue }
      fields.append(name, value)
    }
    switch side {
    case .local:
      fields.append("X-Forwarded-For", peerAddress)
      fields.append("X-Forwarded-Proto", isSecure ? "https" : "http")
      if let host = head.host { fields.append("X-Forwarded-Host", host) }
      if let developerToken { fields.append("Webio-Developer", developerToken) }
    case .public:
      if !fields.contains("X-Forwarded-Proto") { fields.append("X-Forwarded-Proto", "https") }
      if !fields.contains("X-Forwarded-Host"), let host = head.host { fields.append("X-Forwarded-Host", host) }
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
    let hop = Self.hopByHop(head.fields)
    for (name, value) in head.fields.list {
      if hop.contains(where: { ASCII.equalsIgnoringCase($0, name) }) || Self.isOurs(name) { continue }
      if ASCII.equalsIgnoringCase(name, "Content-Length") { continue }
      fields.append(name, value)
    }
    // A share is not to be found by search engines.
    if side == .public { fields.set("X-Robots-Tag", "noindex") }
    return fields
  }

  /// The fields of this connection alone: the known ones, and those that `Connection` names.
  private static func hopByHop(_ fields: HTTPFields) -> [String] {
    var names = [
      "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer",
      "Transfer-Encoding", "Upgrade",
    ]
    for value in fields.all("Connection") {
      for element in value.utf8.split(separator: UInt8(ascii: ",")) {
        let name = element.drop(while: ASCII.isBlank).prefix { !ASCII.isBlank($0) }
        if !name.isEmpty { names.append(String(decoding: Array(name), as: UTF8.self)) }
      }
    }
    return names
  }

  /// What only the gateway says: from outside it would be a lie, and towards outside it would be a leak.
  private static func isOurs(_ name: String) -> Bool {
    ["Webio-Public", "Webio-Developer", Gateway.replayField].contains { ASCII.equalsIgnoringCase(name, $0) }
  }

  private static func isForwarding(_ name: String) -> Bool {
    let prefix = "X-Forwarded-"
    return ASCII.equalsIgnoringCase(String(decoding: Array(name.utf8.prefix(prefix.utf8.count)), as: UTF8.self), prefix)
      || ASCII.equalsIgnoringCase(name, "Forwarded") || ASCII.equalsIgnoringCase(name, "X-Real-IP")
  }
}

import WebIOHTTP
import WebIOPosix

/// Who may speak to the server: a Host allow-list on loopback, against DNS rebinding, and the Origin of whatever opens or
/// feeds a session. It is asked once, before any routing.
struct OriginGate: Sendable {
  /// Nil when every host may: the server is bound to more than loopback, or behind a gateway that has checked.
  let allowedHosts: [String]?
  let allowedOrigins: [String]
  let checkOrigin: (@Sendable (String) -> Bool)?

  /// Why a request is refused, or nil.
  func refusal(of request: HTTPRequestHead, origin: StreamOrigin) -> String? {
    if let allowedHosts, origin == .network {
      let host = HostName(request.host ?? "")
      if !host.isLoopback, !allowedHosts.contains(host.name) {
        return "The host \"\(host.name)\" is not allowed here. This server is bound to this machine only; "
          + "pass host: \"0.0.0.0\" to startServer to serve others.\n"
      }
    }
    let isSession = request.wantsUpgrade || request.fields.contains(PollingSessions.field)
    guard isSession || !(request.isGet || request.isHead), !allowsOrigin(of: request) else { return nil }
    return "This page's origin may not open a session here. startServer's allowedOrigins names those that may.\n"
  }

  /// Same origin always, others by pattern or by the app's own check. No Origin means no browser.
  private func allowsOrigin(of request: HTTPRequestHead) -> Bool {
    guard let origin = request.fields["Origin"] else { return true }
    if Self.isSame(origin, request) { return true }
    if let checkOrigin { return checkOrigin(origin) }
    return allowedOrigins.contains { Glob.matches($0, origin) }
  }

  static func isSame(_ origin: String, _ request: HTTPRequestHead) -> Bool {
    let bytes = Array(origin.utf8)
    guard let scheme = bytes.firstRange(of: Array("://".utf8)), let host = request.host else { return false }
    return ASCII.equalsIgnoringCase(String(decoding: bytes[scheme.upperBound...], as: UTF8.self), host)
  }
}

/// What lets a page of another host speak to a session, once the gate has let it pass. See the Fetch standard, section 3.2.
enum CORS {
  static func allow(_ request: HTTPRequestHead, _ fields: inout HTTPFields) {
    guard let origin = request.fields["Origin"] else { return }
    fields.append("Vary", "Origin")
    guard !OriginGate.isSame(origin, request) else { return }
    fields.append("Access-Control-Allow-Origin", origin)
    fields.append("Access-Control-Allow-Methods", "GET, POST")
    fields.append("Access-Control-Allow-Headers", "content-type, webio-session-id")
    fields.append("Access-Control-Expose-Headers", "webio-session-id")
    fields.append("Access-Control-Max-Age", "86400")
  }
}

/// A Host field without its port.
struct HostName {
  let name: String

  init(_ field: String) {
    let bytes = Array(field.utf8)
    if bytes.first == UInt8(ascii: "["), let end = bytes.firstIndex(of: UInt8(ascii: "]")) {
      name = String(decoding: bytes[1..<end], as: UTF8.self)
    } else {
      let end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
      name = String(decoding: bytes[..<end].map(ASCII.lower), as: UTF8.self)
    }
  }

  /// Names and addresses of this machine. Addresses cannot be rebound by DNS.
  var isLoopback: Bool {
    name == "localhost" || name.hasSuffix(".localhost")
      || SocketAddress(numericHost: name, port: 0).map { !name.isEmpty && $0.isLoopback } ?? false
  }
}

/// Shell patterns as in fnmatch(3): `*`, `?`, `[seq]` and `[!seq]`.
enum Glob {
  /// What an Origin can never be is a mistake, and would let nobody in without a word: Origins are `scheme://host:port`. Throws
  /// ``WebIOError/invalidArgument(_:)``.
  static func validate(_ pattern: String) throws {
    let bytes = Array(pattern.utf8)
    func refuse(_ reason: String) -> WebIOError {
      .invalidArgument(
        "allowedOrigins: \"\(pattern)\" \(reason). Write it as \"https://example.org\" or \"https://*.example.org\".")
    }
    if pattern == "*" || pattern == "null" { return }
    guard !bytes.isEmpty, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { throw refuse("is no pattern") }
    // Within a set anything may stand, so that only what is outside of one can be judged.
    var outside: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "[") else {
        outside.append(byte)
        continue
      }
      let set = rest.first == UInt8(ascii: "!") ? rest.dropFirst() : rest
      guard let end = set.dropFirst().firstIndex(of: UInt8(ascii: "]")) else { throw refuse("has a [ without its ]") }
      outside.append(UInt8(ascii: "?"))
      rest = rest[(end + 1)...]
    }
    if let scheme = outside.firstRange(of: Array("://".utf8)) {
      let path = outside[scheme.upperBound...].contains(UInt8(ascii: "/"))
      if path { throw refuse("has a path, which an origin has not") }
    } else if !outside.contains(UInt8(ascii: "*")) {
      throw refuse("has no scheme")
    }
  }

  static func matches(_ pattern: String, _ text: String) -> Bool {
    matches(Array(pattern.utf8)[...], Array(text.utf8)[...])
  }

  private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
    var pattern = pattern
    var text = text
    // Where the last star stood, and how far it has eaten: on a mismatch it eats one byte more.
    var star: (ArraySlice<UInt8>, ArraySlice<UInt8>)?
    while let byte = text.first {
      if pattern.first == UInt8(ascii: "*") {
        pattern = pattern.dropFirst()
        star = (pattern, text)
        continue
      }
      if let rest = matchOne(pattern, byte) {
        pattern = rest
        text = text.dropFirst()
      } else if let (after, eaten) = star {
        pattern = after
        text = eaten.dropFirst()
        star = (after, text)
      } else {
        return false
      }
    }
    return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
  }

  /// The pattern after its first element, if that takes `byte`.
  private static func matchOne(_ pattern: ArraySlice<UInt8>, _ byte: UInt8) -> ArraySlice<UInt8>? {
    guard let first = pattern.first else { return nil }
    let rest = pattern.dropFirst()
    switch first {
    case UInt8(ascii: "?"): return rest
    case UInt8(ascii: "["):
      // A bracket right at the beginning belongs to the set; without an end, `[` stands for itself.
      let isNegated = rest.first == UInt8(ascii: "!")
      let set = isNegated ? rest.dropFirst() : rest
      guard let end = set.dropFirst().firstIndex(of: UInt8(ascii: "]")) else { return byte == first ? rest : nil }
      return contains(set[..<end], byte) != isNegated ? pattern[(end + 1)...] : nil
    default: return byte == first ? rest : nil
    }
  }

  private static func contains(_ set: ArraySlice<UInt8>, _ byte: UInt8) -> Bool {
    var index = set.startIndex
    while index < set.endIndex {
      if index + 2 < set.endIndex, set[index + 1] == UInt8(ascii: "-") {
        if set[index] <= byte, byte <= set[index + 2] { return true }
        index += 3
      } else {
        if set[index] == byte { return true }
        index += 1
      }
    }
    return false
  }
}

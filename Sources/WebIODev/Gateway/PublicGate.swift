import Glibc
import WebIOHTTP
import WebIOPosix

/// Who may come in from a tunnel.
package struct PublicGate: Sendable, Equatable {
  package enum Verdict: Sendable, Equatable {
    case allowed
    /// Asks for the password: 401 with `WWW-Authenticate`.
    case unauthorized
    case forbidden
    /// The share is over: 410.
    case expired
  }

  /// `user:password`. Nil: nobody is asked.
  package var credentials: String?
  /// Empty: from everywhere.
  package var networks: [Network]
  /// On the clock that goes on while the machine sleeps.
  package var expiry: MonotonicTime?

  package init(credentials: String? = nil, networks: [Network] = [], expiry: MonotonicTime? = nil) {
    self.credentials = credentials
    self.networks = networks
    self.expiry = expiry
  }

  /// Everybody is let in, for ever.
  var isOpen: Bool { credentials == nil && networks.isEmpty && expiry == nil }

  /// `authorization` and `forwardedFor` are the fields' values.
  package func verdict(authorization: String?, forwardedFor: String?, at now: MonotonicTime) -> Verdict {
    if let expiry, now >= expiry { return .expired }
    if !networks.isEmpty {
      guard let address = Self.client(of: forwardedFor), networks.contains(where: { $0.contains(address) }) else {
        return .forbidden
      }
    }
    guard let credentials else { return .allowed }
    return isEqualInConstantTime(Self.credentials(in: authorization) ?? "", credentials) ? .allowed : .unauthorized
  }

  /// RFC 7617. A scheme's name has no case.
  private static func credentials(in authorization: String?) -> String? {
    guard let authorization else { return nil }
    let parts = authorization.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, ASCII.equalsIgnoringCase(String(parts[0]), "Basic"),
      let bytes = Base64.decode(String(decoding: Array(parts[1].utf8.drop { $0 == 0x20 }), as: UTF8.self))
    else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  /// The address that the relay saw: the last one, since a client can write whatever it likes before it.
  static func client(of forwardedFor: String?) -> String? {
    guard let last = forwardedFor?.utf8.split(separator: UInt8(ascii: ",")).last else { return nil }
    let trimmed = last.drop(while: ASCII.isBlank).prefix { !ASCII.isBlank($0) }
    return String(decoding: Array(trimmed), as: UTF8.self)
  }

  /// A range of addresses: `203.0.113.0/24`, `2001:db8::/32`, or one address.
  package struct Network: Sendable, Equatable {
    private let bytes: [UInt8]
    private let length: Int

    /// Nil when `text` is none.
    package init?(_ text: String) {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count <= 2, let bytes = Self.bytes(of: String(parts[0])) else { return nil }
      var length = bytes.count * 8
      if parts.count == 2 {
        guard let number = ASCII.decimal(String(parts[1])) else { return nil }
        // Of an IPv4 address in IPv6 clothes the first 96 bits are the clothes.
        let isMapped = bytes.count == 4 && parts[0].utf8.contains(UInt8(ascii: ":"))
        length = isMapped ? number - 96 : number
        guard (0...(bytes.count * 8)).contains(length) else { return nil }
      }
      self.bytes = bytes
      self.length = length
    }

    package func contains(_ address: String) -> Bool {
      guard let other = Self.bytes(of: address), other.count == bytes.count else { return false }
      return (0..<length).allSatisfy { bit in
        let mask: UInt8 = 0x80 >> UInt8(bit % 8)
        return bytes[bit / 8] & mask == other[bit / 8] & mask
      }
    }

    /// An IPv4 address in IPv6 clothes counts as IPv4.
    private static func bytes(of address: String) -> [UInt8]? {
      var v4 = in_addr()
      if inet_pton(AF_INET, address, &v4) == 1 { return withUnsafeBytes(of: v4) { Array($0) } }
      var v6 = in6_addr()
      guard inet_pton(AF_INET6, address, &v6) == 1 else { return nil }
      let bytes = withUnsafeBytes(of: v6) { Array($0) }
      let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
      return bytes.starts(with: mapped) ? Array(bytes[12...]) : bytes
    }
  }
}

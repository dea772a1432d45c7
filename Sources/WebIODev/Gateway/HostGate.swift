import WebIOHTTP

/// Which names a browser may have used to reach the developer's side.
///
/// A foreign page can make a name of its own point to 127.0.0.1 and talk to us under it (DNS rebinding); it cannot make
/// the browser send a `Host` that is ours. A literal address needs no name, so it is safe.
package struct HostGate: Sendable, Equatable {
  /// Further names, as `--host` gives them; compared without regard to case.
  package var extraHosts: [String]

  package init(extraHosts: [String] = []) { self.extraHosts = extraHosts }

  /// `host` is the field's value, with its port.
  package func allows(_ host: String?) -> Bool {
    guard let host, let name = Self.name(of: host) else { return false }
    if Self.isAddress(name) || ASCII.equalsIgnoringCase(name, "localhost") { return true }
    let suffix = ".localhost"
    if name.utf8.count > suffix.utf8.count,
      ASCII.equalsIgnoringCase(String(decoding: Array(name.utf8.suffix(suffix.utf8.count)), as: UTF8.self), suffix)
    {
      return true
    }
    return extraHosts.contains { ASCII.equalsIgnoringCase($0, name) }
  }

  /// Whether this is `localhost`, 127.0.0.1 or ::1, which nobody else's name can be.
  static func isLoopback(_ host: String?) -> Bool {
    guard let host, let name = name(of: host) else { return false }
    return ["localhost", "127.0.0.1", "[::1]"].contains { ASCII.equalsIgnoringCase($0, name) }
  }

  /// Whether a page of ours sent this: `null`, a missing one, and every other name or port are foreign.
  package static func isOwn(origin: String?, host: String?) -> Bool {
    guard let origin, let host, !host.isEmpty else { return false }
    return ["http://", "https://"].contains { ASCII.equalsIgnoringCase(origin, $0 + host) }
  }

  /// Without the port; nil when it is none.
  private static func name(of host: String) -> String? {
    let bytes = Array(host.utf8)
    if bytes.first == UInt8(ascii: "[") {
      guard let end = bytes.firstIndex(of: UInt8(ascii: "]")), isPort(bytes[(end + 1)...]) else { return nil }
      return text(bytes[...end])
    }
    let end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
    guard end > 0, isPort(bytes[end...]) else { return nil }
    return text(bytes[..<end])
  }

  private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.isEmpty || (bytes.first == UInt8(ascii: ":") && bytes.dropFirst().allSatisfy(ASCII.isDigit))
  }

  /// `127.0.0.1` or `[::1]`: four numbers, or anything in brackets that could be IPv6.
  private static func isAddress(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    if bytes.first == UInt8(ascii: "[") {
      let inner = bytes.dropFirst().dropLast()
      return bytes.last == UInt8(ascii: "]") && inner.contains(UInt8(ascii: ":"))
        && inner.allSatisfy { ASCII.hexValue($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
    }
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        part.count <= 3 && ASCII.decimal(text(part)).map { $0 <= 255 } ?? false
      }
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}

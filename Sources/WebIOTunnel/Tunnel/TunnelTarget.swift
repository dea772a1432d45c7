import Glibc
import WebIOHTTP
import WebIOPosix

/// Where a tunnel goes: a provider by name, or a server by URL.
///
/// ```
/// try TunnelTarget.parse("localhost.run")
/// try TunnelTarget.parse("ssh://me@example.com:2222")
/// try TunnelTarget.parse("sish://tunnels.example.com:2222")     // a provider's software on a machine of one's own
/// ```
package struct TunnelTarget: Sendable, Equatable, CustomStringConvertible {
  package let provider: Provider
  /// Nil when it was not given: the provider's, or for a plain server the login name.
  package let user: String?
  /// A name in lower case, or a numeric address without brackets.
  package let host: String
  package let port: UInt16
  /// A server of one's own: the provider's pinned keys and domains are not its.
  package let isOwnServer: Bool

  /// `HOST:PORT`, as messages have it.
  package var endpoint: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }

  package var description: String { isOwnServer ? "\(provider.name)://\(endpoint)" : provider.name }

  /// `PROVIDER`, `USER@PROVIDER`, or `SCHEME://[USER@]HOST[:PORT]` with `ssh` or a provider's name for the scheme.
  package static func parse(_ text: String) throws -> TunnelTarget {
    var rest = Array(text.utf8)[...]
    if let scheme = rest.end(ofASCII: "://") {
      let name = ASCII.text(rest[..<(scheme - 3)])
      guard let provider = Provider.named(name) else { throw unknown(name) }
      rest = rest[scheme...]
      if rest.last == UInt8(ascii: "/") { rest.removeLast() }
      let user = try takeUser(&rest, text)
      let (host, port) = try hostAndPort(rest, text)
      return TunnelTarget(
        provider: provider, user: user, host: host, port: port ?? provider.port, isOwnServer: true)
    }
    let user = try takeUser(&rest, text)
    guard let provider = Provider.named(ASCII.text(rest)), !provider.host.isEmpty else { throw unknown(text) }
    return TunnelTarget(
      provider: provider, user: user, host: provider.host, port: provider.port, isOwnServer: false)
  }

  private static func takeUser(_ rest: inout ArraySlice<UInt8>, _ text: String) throws -> String? {
    guard let at = rest.lastIndex(of: UInt8(ascii: "@")) else { return nil }
    let user = rest[..<at]
    rest = rest[(at + 1)...]
    guard !user.contains(UInt8(ascii: ":")) else {
      throw usage("\(shown(text)) has a password in it", "Use a key: `ssh-copy-id` puts yours on the server.")
    }
    let isFine = user.allSatisfy { ASCII.isDigit($0) || ASCII.isLetter($0) || "._-+@%".utf8.contains($0) }
    guard !user.isEmpty, user.count <= 128, user.first != UInt8(ascii: "-"), isFine else {
      throw usage("\(shown(text)) has no valid user name", "Write ssh://user@host:port.")
    }
    return ASCII.text(user)
  }

  private static func hostAndPort(_ rest: ArraySlice<UInt8>, _ text: String) throws -> (String, UInt16?) {
    var host = rest
    var port: UInt16?
    if rest.first == UInt8(ascii: "["), let close = rest.firstIndex(of: UInt8(ascii: "]")) {
      host = rest[(rest.startIndex + 1)..<close]
      port = try takePort(rest[(close + 1)...], text)
      guard SocketAddress(numericHost: ASCII.text(host), port: 0) != nil, host.contains(UInt8(ascii: ":")) else {
        throw usage("\(shown(text)) has no valid IPv6 address", "Write ssh://user@[::1]:22.")
      }
      return (ASCII.text(ASCII.lowercased(host)), port)
    }
    if let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
      host = rest[..<colon]
      port = try takePort(rest[colon...], text)
    }
    guard ASCII.isHostName(host) else {
      throw usage("\(shown(text)) has no valid host name", "Write ssh://user@host:port.")
    }
    return (ASCII.text(ASCII.lowercased(host)), port)
  }

  private static func takePort(_ rest: ArraySlice<UInt8>, _ text: String) throws -> UInt16? {
    if rest.isEmpty { return nil }
    guard rest.first == UInt8(ascii: ":"), let port = ASCII.port(rest.dropFirst()) else {
      throw usage("\(shown(text)) has no valid port", "A port is a number from 1 to 65535.")
    }
    return port
  }

  private static func unknown(_ name: String) -> TunnelError {
    let names = Provider.all.filter { !$0.host.isEmpty }.map(\.name).joined(separator: ", ")
    return usage(
      "there is no tunnel provider named \(shown(name))", "There are \(names), and ssh://[user@]host[:port].")
  }

  private static func shown(_ text: String) -> String { TerminalText.clean(text.utf8, limit: 100) }

  private static func usage(_ problem: String, _ advice: String) -> TunnelError {
    TunnelError(.usage, problem, advice: advice)
  }
}

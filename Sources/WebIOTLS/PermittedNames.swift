import WebIOHTTP
import WebIOPosix

/// The names and addresses that a local authority may vouch for: those that mean something else on each network, so that
/// none is a site's on the internet. RFC 1918, RFC 4193, RFC 6761, RFC 6762, RFC 8375.
enum PermittedNames {
  static let domains = ["localhost", "local", "test", "internal", "lan", "home.arpa"]

  /// Address and mask, as x509v3_config(5) wants them.
  static let networks = [
    "127.0.0.0/255.0.0.0", "10.0.0.0/255.0.0.0", "172.16.0.0/255.240.0.0", "192.168.0.0/255.255.0.0",
    "169.254.0.0/255.255.0.0", "0:0:0:0:0:0:0:1/FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF",
    "FC00:0:0:0:0:0:0:0/FE00:0:0:0:0:0:0:0", "FE80:0:0:0:0:0:0:0/FFC0:0:0:0:0:0:0:0",
  ]

  static func contain(_ host: String) -> Bool {
    if let address = SocketAddress(numericHost: host, port: 0), !host.isEmpty {
      return networks.contains { matches(address, $0) }
    }
    let name = host.utf8.map(ASCII.lower)
    return name == Array(LocalHost.name.utf8).map(ASCII.lower)
      || domains.contains { domain in
        let domain = Array(domain.utf8)
        return name == domain || name.count > domain.count && name.suffix(domain.count + 1) == ([0x2e] + domain)[...]
      }
  }

  private static func matches(_ address: SocketAddress, _ network: String) -> Bool {
    let parts = network.utf8.split(separator: UInt8(ascii: "/")).map {
      SocketAddress(numericHost: String(decoding: Array($0), as: UTF8.self), port: 0)?.bytes ?? []
    }
    let bytes = address.bytes
    guard parts.count == 2, parts[0].count == bytes.count, parts[1].count == bytes.count else { return false }
    return bytes.indices.allSatisfy { bytes[$0] & parts[1][$0] == parts[0][$0] & parts[1][$0] }
  }
}

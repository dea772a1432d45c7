import WebIOHTTP

/// An address a server claims to have given us, taken apart and checked; what is printed is written anew from the parts.
struct PublicAddress: Equatable {
  let isSecure: Bool
  let host: String
  /// Nil for the scheme's own.
  let port: UInt16?

  var url: String { "\(isSecure ? "https" : "http")://\(host)\(port.map { ":\($0)" } ?? "")" }

  /// What a server may claim.
  struct Rule {
    /// A host must be below one of these, or be one.
    var suffixes: [String]
    /// Or exactly this: the domain that was asked for.
    var domain: String?
    /// Whether any host will do: in JSON from a server of the user's own.
    var allowsAnyHost = false
    /// A server of one's own may listen on any port.
    var allowsPort = false
  }

  /// From `https://host[:port][/]`, or from a host name alone. Nil for everything else: a path, a query, credentials,
  /// another scheme, a foreign host.
  init?(_ text: some Collection<UInt8>, isSecure assumed: Bool? = nil, rule: Rule) {
    guard text.count <= 300 else { return nil }
    var rest = Array(text)[...]
    if rest.starts(withASCII: "https://") {
      isSecure = true
      rest.removeFirst(8)
    } else if rest.starts(withASCII: "http://") {
      isSecure = false
      rest.removeFirst(7)
    } else if let assumed {
      isSecure = assumed
    } else {
      return nil
    }
    if rest.last == UInt8(ascii: "/") { rest.removeLast() }
    if let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
      guard rule.allowsPort, let number = ASCII.port(rest[(colon + 1)...]) else { return nil }
      port = number == (isSecure ? 443 : 80) ? nil : number
      rest = rest[..<colon]
    } else {
      port = nil
    }
    let name = ASCII.lowercased(rest)
    guard ASCII.isHostName(name) else { return nil }
    host = ASCII.text(name)
    guard rule.permits(host) else { return nil }
  }
}

extension PublicAddress.Rule {
  func permits(_ host: String) -> Bool {
    if allowsAnyHost || host == domain { return true }
    return suffixes.contains { suffix in
      host == suffix || (host.utf8.count > suffix.utf8.count && host.hasSuffix("." + suffix))
    }
  }

  init(_ configuration: TunnelConfiguration) {
    let target = configuration.target
    suffixes = target.isOwnServer ? Self.domains(of: target.host) : target.provider.suffixes
    suffixes += configuration.trustedSuffixes
    domain = configuration.domain.map { ASCII.text(ASCII.lowercased($0.utf8)) }
    if let domain { suffixes.append(domain) }
    allowsPort = target.isOwnServer
  }

  /// The server's name, and the domain above it when that is not a bare top level: `ssh.example.com` gives out names
  /// below `example.com`. A numeric address stands for itself.
  private static func domains(of host: String) -> [String] {
    let labels = host.utf8.split(separator: UInt8(ascii: "."))
    let isNumeric = labels.allSatisfy { $0.allSatisfy(ASCII.isDigit) } || host.utf8.contains(UInt8(ascii: ":"))
    if isNumeric || labels.count < 3 { return [host] }
    return [host, labels.dropFirst().map { ASCII.text($0) }.joined(separator: ".")]
  }
}

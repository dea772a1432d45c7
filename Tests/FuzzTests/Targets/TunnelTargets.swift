import TestSupport
import WebIOHTTP

@testable import WebIOTunnel

/// What relays, agents and files of keys say: nobody there is trusted.
extension FuzzTarget {
  static let tunnel: [FuzzTarget] = [announcement, terminalText, target, knownHosts, wildcard, log, agent, keyFile]

  private static let announcementSeeds = [
    "abc.lhr.life tunneled with tls termination, https://abc.lhr.life\n",
    "Forwarding HTTP traffic from https://abc.serveo.net\r\n",
    "{\"message\":\"ok\",\"address\":\"abc.lhr.life\",\"status\":\"success\",\"tls_termination\":true}\n",
    "{\"type\":\"tcpip_forward.register.accepted\",\"data\":\"tunneled with tls termination, https://x.lhr.life\",\"id\":\"a/x.lhr.life\"}\n",
    "{\"status\":\"failure\",\"message\":\"no\"}\n", "1: https://q.srv.us/\n",
    "https://abc.tuns.sh\nHTTPS: https://abc.tuns.sh, x\n",
    "\u{1b}[1mwelcome\u{1b}[0m\n", "webio-no-address\n", "http://a.example.com:8080\nhttps://a.example.com:8443/\n",
  ]

  private static let announcement = FuzzTarget(
    "announcement", weight: 2, seeds: announcementSeeds,
    words: [
      "https://", "http://", ".lhr.life", ".serveo.net", "\n", "tunneled with tls termination, ", "HTTPS: ", "@", ":443", "/",
      "evil.test", "\"address\":\"",
    ]
  ) { input in
    let relays = [
      "localhost.run", "serveo", "pinggy", "srv.us", "sish", "remote.moe", "localshare", "ssh://me@relay.example.com",
      "sish://10.0.0.1:2222",
    ]
    let configuration = try TunnelConfiguration(via: relays[input.bytes.count % relays.count])
    let rule = PublicAddress.Rule(configuration)
    var addresses: [PublicAddress] = []
    let log = try input.sameForAllCuts { pieces in
      var reader = AnnouncementReader(configuration)
      let found = pieces.flatMap { reader.receive(Array($0)) } + reader.finish()
      for case .address(let address) in found { addresses.append(address) }
      return "\(found)"
    }
    for address in addresses {
      let isOwn = configuration.target.isOwnServer
      try require(isOwn || rule.permits(address.host), "\(address.url) is taken from \(configuration.target)")
      try require(
        address.host.utf8.allSatisfy {
          ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
        }, address.url)
      try require(address.port == nil || isOwn, "a port that nobody asked for: \(address.url)")
    }
    return log.count > 100 ? "\(log.count / 50)" : log
  }

  private static let terminalText = FuzzTarget(
    "terminal-text", seeds: ["\u{1b}[31mred\u{1b}[0m", "\u{1b}]0;title\u{7}x", "a\u{202e}b\u{9b}31m", "\u{1b}P\u{1b}\\end"],
    words: ["\u{1b}[", "\u{1b}]", "\u{7}", "\u{1b}\\", "\u{9b}", "\u{200b}", "m"]
  ) { input in
    let text = TerminalText.clean(input.bytes, limit: 50)
    for scalar in text.unicodeScalars {
      let value = scalar.value
      try require(
        value >= 0x20 && !(0x7f..<0xa0).contains(value) && !(0x202a...0x202e).contains(value),
        "U+\(String(value, radix: 16)) is shown")
    }
    try require(text.unicodeScalars.count <= 50, "longer than asked for")
    try require(TerminalText.clean(text.utf8, limit: 50) == text, "cleaned twice it is another text")
    return "\(text.utf8.count) \(TerminalText.withoutEscapes(input.bytes).count % 20)"
  }

  private static let target = FuzzTarget(
    "tunnel-target",
    seeds: ["localhost.run", "me@serveo", "ssh://me@example.com:2222", "sish://[::1]:22/", "ssh://10.0.0.1", "ssh://a:b@c"],
    words: ["ssh://", "sish://", "@", ":22", "[::1]", "/", "-oProxyCommand=x", "localhost.run"]
  ) { input in
    guard let target = try? TunnelTarget.parse(input.text) else { return "none" }
    // ssh(1) gets them as arguments.
    try require(
      target.host.utf8.first != UInt8(ascii: "-") && target.user?.utf8.first != UInt8(ascii: "-"), "an option of ssh: \(target)"
    )
    try require(!(target.host + (target.user ?? "")).utf8.contains { $0 <= 0x20 || $0 == 0x7f }, "a blank in \(target)")
    if target.isOwnServer {
      let again = try TunnelTarget.parse(target.description)
      try require(
        again.host == target.host && again.port == target.port && again.provider == target.provider,
        "\(target) is read as \(again)")
    }
    return "\(target) \(target.user ?? "")"
  }

  private static let keyBlob = "AAAAC3NzaC1lZDI1NTE5AAAAIJIUuj8vz3XnAlzVuzoWPyBcjQ2KQx0uZ8pz3nJvq6hQ"

  private static let knownHosts = FuzzTarget(
    "known-hosts",
    seeds: [
      "example.com ssh-ed25519 \(keyBlob)\n", "*.example.com,!bad.example.com ssh-ed25519 \(keyBlob) comment here\n",
      "@revoked * ssh-ed25519 \(keyBlob)\r\n",
      "[example.com]:2222,10.0.0.1 ssh-ed25519 \(keyBlob)\n# comment\n\n",
      "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 \(keyBlob)\n",
    ],
    words: [
      "@revoked ", "@cert-authority ", "*", "!", ",", "|1|", "ssh-ed25519 ", keyBlob, "[example.com]:2222", "example.com",
    ]
  ) { input in
    var hosts = KnownHosts()
    hosts.add(input.bytes, file: "known_hosts")
    for entry in hosts.entries {
      // Its own line says the same once more.
      var again = KnownHosts()
      again.add(Array(KnownHosts.line(host: "example.com", port: 22, key: entry.key).utf8), file: "known_hosts")
      try require(
        again.verdict(host: "example.com", port: 22, key: entry.key) == .known, "written and read the key is not known")
    }
    guard let key = hosts.entries.first?.key else { return "none" }
    let verdicts = [("example.com", 22), ("bad.example.com", 22), ("example.com", 2222), ("other.test", 22)].map {
      hosts.verdict(host: $0.0, port: UInt16($0.1), key: key)
    }
    if hosts.entries.contains(where: { $0.isRevoked }) {
      try require(!hosts.entries.filter(\.isRevoked).isEmpty, "a revocation is lost")
    }
    return "\(verdicts.map { "\($0)".prefix(8) }) \(hosts.entries.count % 10)"
  }

  private static let wildcard = FuzzTarget(
    "wildcards", seeds: ["*.example.com\u{1}a.example.com", "a?c*\u{1}ABCD", "*a*a*a*b\u{1}aaaaaaaaaa"],
    words: ["*", "?", "\u{1}", "a"]
  ) { input in
    let parts = input.bytes.split(separator: 1, maxSplits: 1, omittingEmptySubsequences: false).map { Array($0.prefix(60)) }
    let (pattern, name) = (parts[0], parts.count == 2 ? parts[1] : [])
    let isMatch = KnownHosts.wildcard(pattern, matches: name)
    var row = [true] + name.map { _ in false }
    for byte in pattern {
      var next = row.map { _ in false }
      for index in 0...name.count {
        if byte == UInt8(ascii: "*") {
          next[index] = row[index] || (index > 0 && next[index - 1])
        } else if index > 0 {
          next[index] = row[index - 1] && (byte == UInt8(ascii: "?") || ASCII.lower(byte) == ASCII.lower(name[index - 1]))
        }
      }
      row = next
    }
    try require(isMatch == row[name.count], "it is \(isMatch)")
    return "\(isMatch) \(pattern.count) \(name.count % 8)"
  }

  private static let log = FuzzTarget(
    "ssh-log",
    seeds: [
      "debug1: Connecting to example.com [203.0.113.9] port 22.",
      "debug1: Authentications that can continue: publickey,password",
      "Allocated port 4711 for remote forward to /tmp/x:0", "debug1: remote forward success for: listen 80, connect x",
      "me@host: Permission denied (publickey).",
      "Unable to negotiate with 10.0.0.1 port 22", "debug1: Offering public key: /home/me/.ssh/id_rsa RSA SHA256:x",
    ],
    words: [
      "debug1: ", "Connecting to ", " [", "] port ", "Allocated port ", "Offering public key: ",
      "remote forward failure for: listen",
    ]
  ) { input in
    var log = OpenSSHLog()
    let event = log.receive(input.bytes)
    if case .bound(let port?)? = event { try require(port > 0, "port 0") }
    if let line = log.lastLine {
      try require(!line.utf8.contains { $0 < 0x20 || $0 == 0x7f }, "a control character for the terminal")
    }
    return
      "\(event.map { "\($0)" } ?? "none") \(log.methods.count) \(log.offeredKeys.count) \(log.serverAddress?.description ?? "") \(log.isSilent) \(log.isLoginRefused)"
  }

  private static func wire(_ parts: [[UInt8]]) -> [UInt8] {
    var writer = WireWriter()
    for part in parts { writer.string(part) }
    return writer.bytes
  }

  private static let ed25519 = wire([Array("ssh-ed25519".utf8), [UInt8](repeating: 7, count: 32)])

  private static let agent = FuzzTarget(
    "ssh-agent",
    bytes: [
      [12, 0, 0, 0, 1] + wire([ed25519, Array("me@host".utf8)]), [14] + wire([wire([Array("ssh-ed25519".utf8), [1, 2, 3]])]),
      [5], [12, 0xff, 0xff, 0xff, 0xff],
      [14] + wire([wire([Array("ssh-ed25519".utf8), []])]),
    ], words: ["ssh-ed25519", "ssh-rsa", "\u{0}\u{0}\u{0}\u{4}"]
  ) { input in
    let identities = AgentClient.identities(in: input.bytes)
    try require(identities.count <= 256, "\(identities.count) keys")
    for identity in identities {
      try require(!identity.comment.utf8.contains { $0 < 0x20 }, "a control character in a comment")
    }
    guard let key = HostKey(blob: ed25519) else { throw Defect("the key is none") }
    return
      "\(identities.map { "\($0.key.type.count) \($0.comment.count)" }) \(AgentClient.signature(in: input.bytes, of: key)?.count ?? -1)"
  }

  private static let keyDirectory = Result { try TemporaryDirectory("fuzz-keys") }

  private static let keyFile = FuzzTarget(
    "key-file", weight: 4,
    seeds: [
      "-----BEGIN OPENSSH PRIVATE KEY-----\n"
        + Base64.encode(
          Array("openssh-key-v1\0".utf8) + wire([Array("none".utf8), Array("none".utf8), []]) + [0, 0, 0, 1]
            + wire([ed25519, [1]]))
        + "\n-----END OPENSSH PRIVATE KEY-----\n",
      "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", "ssh-ed25519 \(keyBlob) me@host\n",
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
    ], words: ["-----BEGIN ", "-----END ", "OPENSSH PRIVATE KEY-----\n", "ENCRYPTED", "b3BlbnNzaC1rZXktdjEA", "AAAA", "\n"]
  ) { input in
    let path = try keyDirectory.get().file("key")
    try writeFile(path, input.bytes)
    do {
      let key = try KeyFile(path)
      return "\(key.type ?? "none") \(key.isEncrypted) \(key.publicKey?.type ?? "none")"
    } catch let error as TunnelError {
      return "\("\(error)".count)"
    }
  }
}

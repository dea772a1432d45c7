import WebIOHTTP

/// What is known of a host's key.
package enum HostKeyVerdict: Equatable, Sendable {
  case known
  case unknown
  /// Other keys are on record for this host, none of them this one.
  case changed(KnownHosts.Entry)
  case revoked(KnownHosts.Entry)
}

/// The lines of known_hosts files. See sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".
///
/// Hashed names, wildcards, negation, `[host]:port` and `@revoked` count; certificates do not. A line that cannot be
/// read stands for nothing and harms no other.
package struct KnownHosts: Sendable {
  package struct Entry: Equatable, Sendable {
    package let file: String
    package let line: Int
    package let key: HostKey
    package let isRevoked: Bool
    fileprivate let patterns: [UInt8]

    package static func == (left: Entry, right: Entry) -> Bool {
      left.file == right.file && left.line == right.line && left.key == right.key
    }
  }

  package private(set) var entries: [Entry] = []

  package init() {}

  package mutating func add(_ bytes: [UInt8], file: String) {
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      if let entry = Self.entry(line, file: file, number: number) { entries.append(entry) }
    }
  }

  private static func entry(_ line: ArraySlice<UInt8>, file: String, number: Int) -> Entry? {
    guard line.count <= 65536 else { return nil }
    var line = line
    while line.last == UInt8(ascii: "\r") { line.removeLast() }
    var fields = line.split(maxSplits: 4, whereSeparator: ASCII.isBlank)[...]
    guard let first = fields.first, first.first != UInt8(ascii: "#") else { return nil }
    var isRevoked = false
    if first.first == UInt8(ascii: "@") {
      guard first.elementsEqual("@revoked".utf8) else { return nil }
      isRevoked = true
      fields.removeFirst()
    }
    guard fields.count >= 3 else { return nil }
    let parts = Array(fields.prefix(3))
    guard let blob = Base64.decode(parts[2]), let key = HostKey(blob: blob), parts[1].elementsEqual(key.type.utf8)
    else { return nil }
    return Entry(file: file, line: number, key: key, isRevoked: isRevoked, patterns: Array(parts[0]))
  }

  /// The entries of a host; a port other than 22 is part of the name, and an entry without it is another server's.
  package func entries(host: String, port: UInt16) -> [Entry] {
    let name = Array(Self.name(host: host, port: port).utf8)
    return entries.filter { Self.patterns($0.patterns, match: name) }
  }

  /// A revoked key stays revoked whatever other lines say, and any other key on record makes a new one suspicious,
  /// also one of another type.
  package func verdict(host: String, port: UInt16, key: HostKey) -> HostKeyVerdict {
    let matching = entries(host: host, port: port)
    if let revoked = matching.first(where: { $0.isRevoked && $0.key == key }) { return .revoked(revoked) }
    let valid = matching.filter { !$0.isRevoked }
    if valid.contains(where: { $0.key == key }) { return .known }
    if let sameType = valid.first(where: { $0.key.type == key.type }) { return .changed(sameType) }
    return valid.first.map { .changed($0) } ?? .unknown
  }

  package static func name(host: String, port: UInt16) -> String { port == 22 ? host : "[\(host)]:\(port)" }

  /// A line as OpenSSH would write it, with its end.
  package static func line(host: String, port: UInt16, key: HostKey) -> String {
    "\(name(host: host, port: port)) \(key.type) \(Base64.encode(key.blob))\n"
  }

  // MARK: Names

  private static func patterns(_ patterns: [UInt8], match name: [UInt8]) -> Bool {
    if patterns.starts(withASCII: "|1|") { return hash(patterns.dropFirst(3), matches: name) }
    var isMatched = false
    for pattern in patterns.split(separator: UInt8(ascii: ",")) {
      let isNegated = pattern.first == UInt8(ascii: "!")
      guard wildcard(Array(isNegated ? pattern.dropFirst() : pattern), matches: name) else { continue }
      if isNegated { return false }
      isMatched = true
    }
    return isMatched
  }

  /// `|1|salt|HMAC-SHA1(salt, name)`.
  private static func hash(_ text: ArraySlice<UInt8>, matches name: [UInt8]) -> Bool {
    let parts = text.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
    guard parts.count == 2, let salt = Base64.decode(parts[0]), salt.count == 20,
      let digest = Base64.decode(parts[1])
    else { return false }
    return Digest.hmacSHA1(key: salt, name) == digest
  }

  /// `*` and `?`, without regard to case, in time linear in the name for each star.
  static func wildcard(_ pattern: [UInt8], matches name: [UInt8]) -> Bool {
    var (at, inName) = (0, 0)
    var star: (pattern: Int, name: Int)?
    while inName < name.count {
      if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
        star = (at, inName)
        at += 1
      } else if at < pattern.count,
        pattern[at] == UInt8(ascii: "?") || ASCII.lower(pattern[at]) == ASCII.lower(name[inName])
      {
        at += 1
        inName += 1
      } else if let last = star {
        star = (last.pattern, last.name + 1)
        at = last.pattern + 1
        inName = last.name + 1
      } else {
        return false
      }
    }
    return pattern[at...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}

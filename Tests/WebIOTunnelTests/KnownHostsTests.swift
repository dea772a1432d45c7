import Glibc
import TestSupport
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIOTunnel

@Suite struct KnownHostsTests {
  private static let one = key("ssh-ed25519", 1)
  private static let two = key("ssh-ed25519", 2)
  private static let other = key("ecdsa-sha2-nistp256", 3)

  private static func key(_ type: String, _ fill: UInt8) -> HostKey {
    var writer = WireWriter()
    writer.string(type.utf8)
    writer.string([UInt8](repeating: fill, count: 32))
    return HostKey(blob: writer.bytes)!
  }

  private static func text(_ key: HostKey) -> String { "\(key.type) \(Base64.encode(key.blob))" }

  private static func verdict(
    _ file: String, host: String = "example.com", port: UInt16 = 22, _ key: HostKey = one
  ) -> String {
    var hosts = KnownHosts()
    hosts.add(Array(file.utf8), file: "F")
    switch hosts.verdict(host: host, port: port, key: key) {
    case .known: return "known"
    case .unknown: return "unknown"
    case .changed(let entry): return "changed \(entry.file):\(entry.line)"
    case .revoked(let entry): return "revoked \(entry.file):\(entry.line)"
    }
  }

  @Test func plainLines() {
    let line = "example.com \(Self.text(Self.one))\n"
    #expect(Self.verdict(line) == "known")
    #expect(Self.verdict(line, host: "example.org") == "unknown")
    #expect(Self.verdict(line, Self.two) == "changed F:1")
    #expect(Self.verdict("# a comment\n\n" + line, Self.other) == "changed F:3")
    #expect(
      Self.verdict("\t example.com,10.0.0.1\t\(Self.text(Self.one))  with a comment\n", host: "10.0.0.1") == "known")
    #expect(Self.verdict("EXAMPLE.com \(Self.text(Self.one))") == "known")
  }

  @Test func aFileOfSeveralKeysKnowsEachOfThem() {
    let file = "example.com \(Self.text(Self.one))\nexample.com \(Self.text(Self.other))\n"
    #expect(Self.verdict(file) == "known")
    #expect(Self.verdict(file, Self.other) == "known")
    #expect(Self.verdict(file, Self.two) == "changed F:1")
  }

  @Test func theLineOfTheSameTypeIsNamed() {
    let file = "example.com \(Self.text(Self.other))\nexample.com \(Self.text(Self.one))\n"
    #expect(Self.verdict(file, Self.two) == "changed F:2")
  }

  @Test func portsArePartOfTheName() {
    let line = "[example.com]:2222 \(Self.text(Self.one))\n"
    #expect(Self.verdict(line, port: 2222) == "known")
    #expect(Self.verdict(line) == "unknown")
    #expect(Self.verdict("example.com \(Self.text(Self.one))\n", port: 2222) == "unknown")
  }

  @Test func wildcardsAndNegation() {
    let line = "*.example.com,!bad.example.com \(Self.text(Self.one))\n"
    #expect(Self.verdict(line, host: "a.example.com") == "known")
    #expect(Self.verdict(line, host: "bad.example.com") == "unknown")
    #expect(Self.verdict(line) == "unknown")
    #expect(Self.verdict("10.0.0.? \(Self.text(Self.one))\n", host: "10.0.0.7") == "known")
    #expect(Self.verdict("10.0.0.? \(Self.text(Self.one))\n", host: "10.0.0.77") == "unknown")
    #expect(Self.verdict("[*.example.com]:* \(Self.text(Self.one))\n", host: "a.example.com", port: 99) == "known")
    #expect(Self.verdict("!* \(Self.text(Self.one))\n") == "unknown")
  }

  @Test func wildcardsTakeNoExponentialTime() {
    let pattern = Array(String(repeating: "*a", count: 100).utf8) + [UInt8(ascii: "b")]
    #expect(!KnownHosts.wildcard(pattern, matches: [UInt8](repeating: UInt8(ascii: "a"), count: 255)))
  }

  @Test func revokedKeysAreRefusedWhateverElseIsSaid() {
    let file = "example.com \(Self.text(Self.one))\n@revoked * \(Self.text(Self.one))\n"
    #expect(Self.verdict(file) == "revoked F:2")
    #expect(Self.verdict("@revoked example.com \(Self.text(Self.two))\n") == "unknown")
    #expect(Self.verdict("@revoked other.com \(Self.text(Self.one))\n") == "unknown")
  }

  @Test func certificateAuthoritiesAndStrangeMarkersAreNoHostKeys() {
    #expect(Self.verdict("@cert-authority * \(Self.text(Self.two))\n") == "unknown")
    #expect(Self.verdict("@future * \(Self.text(Self.two))\n") == "unknown")
  }

  @Test func aBadLineSpoilsNothing() {
    let good = "example.com \(Self.text(Self.one))"
    for bad in [
      "garbage", "example.com", "example.com ssh-ed25519", "example.com ssh-ed25519 !!!", "\u{0}\u{1}\u{2}",
      "example.com ssh-rsa \(Base64.encode(Self.two.blob))", "|1|broken ssh-ed25519 AAAA",
      "|1|| \(Self.text(Self.two))",
      "|1|AAAA|AAAA \(Self.text(Self.two))", "example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA",
      String(repeating: "x", count: 100_000), "@revoked", "@revoked *", "\u{feff}example.com \(Self.text(Self.two))",
    ] {
      #expect(Self.verdict("\(bad)\n\(good)\n") == "known", "\(bad.prefix(40))")
      #expect(Self.verdict("\(good)\n\(bad)") == "known", "\(bad.prefix(40))")
      #expect(Self.verdict("\(bad)\n", host: "other.com") == "unknown", "\(bad.prefix(40))")
    }
  }

  @Test func lineEndsOfAnotherSystemAreNoDifference() {
    let file = "example.org \(Self.text(Self.two))\r\nexample.com \(Self.text(Self.one))\r\n"
    #expect(Self.verdict(file) == "known")
    #expect(Self.verdict(file, host: "example.org") == "changed F:1")
    #expect(Self.verdict("example.com \(Self.text(Self.one))") == "known")
  }

  @Test func hashedNamesAsOpenSSHWritesThem() throws {
    let directory = try Files.makeTemporaryDirectory("webio-known-hosts")
    defer { try? Files.remove(directory) }
    let file = directory + "/known_hosts"
    let lines = "example.com \(Self.text(Self.one))\n[example.com]:2222 \(Self.text(Self.two))\n"
    try Files.create(file, Array(lines.utf8))
    try SSHServer.run("ssh-keygen", ["-q", "-H", "-f", file])
    let hashed = try Files.readText(file)
    #expect(hashed.hasPrefix("|1|"))
    #expect(Self.verdict(hashed) == "known")
    #expect(Self.verdict(hashed, Self.two) == "changed F:1")
    #expect(Self.verdict(hashed, port: 2222, Self.two) == "known")
    #expect(Self.verdict(hashed, host: "example.org") == "unknown")
  }

  @Test func whatIsWrittenIsReadByOpenSSH() throws {
    let directory = try Files.makeTemporaryDirectory("webio-known-hosts")
    defer { try? Files.remove(directory) }
    try SSHServer.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", directory + "/key"])
    let blob = try Files.readText(directory + "/key.pub").split(separator: " ")[1]
    let key = try #require(Base64.decode(Array(blob.utf8)).flatMap { HostKey(blob: $0) })
    let file = directory + "/known_hosts"
    try Files.create(file, Array(KnownHosts.line(host: "::1", port: 2222, key: key).utf8))
    try SSHServer.run("ssh-keygen", ["-F", "[::1]:2222", "-f", file])
  }

  /// `--known-hosts /dev/null` remembers nothing; as root, a file would take the device's place.
  @Test func noFileTakesTheNameOfADevice() throws {
    let directory = try Files.makeTemporaryDirectory("webio-known-hosts")
    defer { try? Files.remove(directory) }
    var configuration = try TunnelConfiguration(via: "ssh://root@localhost:2222")
    let file = directory + "/known_hosts"
    try #require(symlink("/dev/null", file) == 0)
    configuration.knownHostsFile = file
    #expect(try HostKeyChecker(configuration).check(Self.one) == .firstUse)
    #expect(Files.isSymbolicLink(file), "the link to the device has become a file")
    configuration.knownHostsFile = directory + "/other"
    #expect(try HostKeyChecker(configuration).check(Self.one) == .firstUse)
    #expect(try HostKeyChecker(configuration).check(Self.one) == .known)
  }

  @Test func ourOwnKeyIsReadByOpenSSH() throws {
    let directory = try Files.makeTemporaryDirectory("webio-own-key")
    defer { try? Files.remove(directory) }
    let path = try OwnKey.make(at: directory + "/sub/id_ed25519")
    #expect(Files.status(path)?.st_mode == S_IFREG | 0o600)
    // Prints the public half of the private file, and fails when the two halves do not belong together.
    try SSHServer.run("ssh-keygen", ["-y", "-P", "", "-f", path])
    let file = try KeyFile(path)
    #expect(file.type == "ssh-ed25519" && !file.isEncrypted)
    let line = try Files.readText(path + ".pub").split(separator: " ")
    #expect(file.publicKey.map { Base64.encode($0.blob) } == String(line[1]))
    let before = try Files.read(path)
    #expect(try OwnKey.make(at: path) == path)
    #expect(try Files.read(path) == before)
  }

  @Test func keyFilesTellWhatTheyAre() throws {
    let directory = try Files.makeTemporaryDirectory("webio-key-files")
    defer { try? Files.remove(directory) }
    for (name, arguments) in [
      ("ed25519", ["-t", "ed25519", "-N", ""]), ("locked", ["-t", "ed25519", "-N", "secret"]),
      ("rsa", ["-t", "rsa", "-b", "2048", "-N", ""]), ("pem", ["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", ""]),
      ("lockedpem", ["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "secret"]),
      ("ecdsa", ["-t", "ecdsa", "-N", ""]),
    ] { try SSHServer.run("ssh-keygen", ["-q", "-f", "\(directory)/\(name)"] + arguments) }
    func look(_ name: String) throws -> String {
      let file = try KeyFile("\(directory)/\(name)")
      return "\(file.type ?? "?")\(file.isEncrypted ? " encrypted" : "")"
    }
    #expect(try look("ed25519") == "ssh-ed25519")
    #expect(try look("locked") == "ssh-ed25519 encrypted")
    #expect(try look("rsa") == "ssh-rsa")
    #expect(try look("pem") == "ssh-rsa")
    #expect(try look("lockedpem") == "ssh-rsa encrypted")
    #expect(try look("ecdsa") == "ecdsa-sha2-nistp256")
    #expect { try look("ed25519.pub") } throws: { ($0 as? TunnelError)?.problem.hasSuffix("is a public key") == true }
    #expect { try look("missing") } throws: { ($0 as? TunnelError)?.code == .keyFile }
    try Files.create(directory + "/noise", Array("hello".utf8))
    #expect { try look("noise") } throws: { ($0 as? TunnelError)?.problem.hasSuffix("is no private key") == true }
  }
}

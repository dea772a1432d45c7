import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What a person reads who gets no tunnel: each cause is brought about, and ends the command with 5 and one sentence.
  @Suite struct ShareErrorTests {
    /// What is wrong, and the words that say so.
    struct Row: Sendable, CustomTestStringConvertible {
      let name: String
      var hostKeyTypes = ["ed25519"]
      var settings: [String] = []
      /// Changes the arguments of a share that would work, or what it meets.
      var change: @Sendable (inout [String], SSHServer, TemporaryDirectory) async throws -> Void = { _, _, _ in }
      let says: [String]
      var testDescription: String { name }
    }

    private static func set(_ flag: String, _ value: String, in words: inout [String]) {
      if let place = words.firstIndex(of: flag) { words[place + 1] = value } else { words += [flag, value] }
    }

    static let rows: [Row] = [
      Row(
        name: "no such name", change: { words, _, _ in set("--via", "ssh://me@no-such-host.invalid", in: &words) },
        says: ["cannot resolve no-such-host.invalid", "online"]),
      Row(
        name: "nobody listens",
        change: { words, _, _ in set("--via", "ssh://me@127.0.0.1:\(try freePort())", in: &words) },
        says: ["cannot connect to 127.0.0.1:", "Connection refused", "firewall"]),
      Row(
        name: "a web server", change: { words, _, _ in set("--via", "ssh://me@127.0.0.1:\(words[1])", in: &words) },
        says: ["is not an SSH server (it said: ", "Check host and port"]),
      Row(
        name: "a host key that libssh2 cannot check", hostKeyTypes: ["rsa"],
        change: { words, _, _ in set("--engine", "libssh2", in: &words) },
        says: ["no algorithm in common", "--engine ssh"]),
      Row(
        name: "another host key",
        change: { _, server, _ in
          await server.stop()
          try await server.changeHostKey()
          try await server.start()
        }, says: ["host key", "SHA256:", "known_hosts:1"]),
      Row(
        name: "a revoked host key",
        change: { words, server, directory in
          let known = try readText(server.knownHosts)
          set("--known-hosts", try directory.write("revoked", "@revoked \(known)", mode: 0o600), in: &words)
        }, says: ["revoked"]),
      Row(
        name: "known hosts that cannot be read",
        change: { words, server, _ in set("--known-hosts", server.directory.path, in: &words) }, says: ["cannot read"]),
      Row(
        name: "a stranger's key",
        change: { words, server, _ in set("--identity", server.strangersIdentity, in: &words) },
        says: ["does not let", "stranger_key", "ssh-copy-id"]),
      Row(
        name: "too many keys", settings: ["MaxAuthTries 1"],
        change: { words, server, _ in set("--identity", server.strangersIdentity, in: &words) }, says: ["does not let"]),
      Row(
        name: "an encrypted key",
        change: { _, server, _ in
          try SSHServer.run("ssh-keygen", ["-q", "-p", "-P", "", "-N", "secret", "-f", server.identity])
        }, says: ["is encrypted", "ssh-add"]),
      Row(
        name: "no key", change: { words, _, directory in set("--identity", directory.file("nothing"), in: &words) },
        says: ["there is no key file", "ssh-keygen"]),
      Row(
        name: "no forward", settings: ["AllowTcpForwarding no"], says: ["refused to forward", "AllowTcpForwarding"]),
      Row(
        name: "no address", settings: ["ForceCommand echo 'we are closed today'; exit 1"],
        change: { words, server, _ in
          set("--via", server.address.replacingOccurrences(of: "ssh://", with: "serveo://"), in: &words)
        }, says: ["we are closed today"]),
    ]

    @Test(.timeLimit(.minutes(5)), arguments: rows, ["libssh2", "ssh"])
    func eachHasItsSentenceAndEndsWithFive(_ row: Row, _ engine: String) async throws {
      let directory = try TemporaryDirectory("webio-share-errors")
      let server = try await SSHServer(hostKeyTypes: row.hostKeyTypes, settings: row.settings)
      let python = try await PythonServer()
      let known =
        row.hostKeyTypes == ["ed25519"] ? try server.writeKnownHosts() : directory.file("known_hosts")
      var words = [
        "share", "\(python.port)", "--json", "--via", server.address, "--identity", server.identity, "--known-hosts", known,
        "--engine", engine,
      ]
      try await row.change(&words, server, directory)
      // It ends by itself: nothing is tried again before there was a tunnel.
      let ended = try await WebioCommand.run(words, settings: directory, within: .seconds(60))
      #expect(ended.code == 5, "\(ended)")
      for part in row.says { #expect(ended.errors.contains(part), "\(ended.errors)") }
      #expect(ended.errors.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0a }, "\(ended.errors.debugDescription)")
      let events = ended.output.split(separator: "\n").compactMap { try? JSON(parsing: $0) }
      #expect(!events.contains { ["public", "reconnecting"].contains($0["event"].string) }, "\(ended.output)")
      #expect(events.last?["code"] == 5, "\(ended.output)")
    }
  }
}

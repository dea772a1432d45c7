import Glibc
import TestSupport
import Testing

@testable import WebIOPosix
@testable import WebIOTunnel

/// What a person reads when there is no tunnel: the sentence, what to do, the exit code, and whether it is tried again.
/// `RefusalTests` brings each of them about with real servers.
@Suite struct ErrorTableTests {
  struct Row: Sendable {
    let error: TunnelError
    let says: [String]
    let advises: [String]
    var exitCode: Int32 = 5
    var isFinal = false
    var otherEngine = false
  }

  private static func configuration(_ via: String) -> TunnelConfiguration {
    do { return try TunnelConfiguration(via: via) } catch { fatalError("\(error)") }
  }

  static let rows: [Row] = [
    Row(
      error: .unresolvable(ResolutionError(host: "relay.example.com", reason: "Name or service not known")),
      says: ["cannot resolve relay.example.com"], advises: ["spelling", "online"]),
    Row(
      error: .unreachable("relay.example.com:22", port: 22, SystemError("connect", code: ENETUNREACH)),
      says: ["cannot connect to relay.example.com:22", "Network is unreachable"], advises: ["port 22"]),
    Row(
      error: .unreachable("relay.example.com:22", port: 22, SystemError("connect", code: ECONNREFUSED)),
      says: ["Connection refused"], advises: ["port 22", "--via pinggy", "443"]),
    Row(
      error: .unreachable("relay.example.com:22", port: 22, SystemError("connect", code: ETIMEDOUT)),
      says: ["Connection timed out"], advises: ["--via pinggy"]),
    Row(
      error: .unreachable("relay.example.com:2222", port: 2222, SystemError("connect", code: ETIMEDOUT)),
      says: ["relay.example.com:2222"], advises: ["firewall", "2222"]),
    Row(
      error: .notAnSSHServer("example.com:80", said: Array("HTTP/1.1 400 Bad\u{1B}[31m Request\r\nX: y\r\n".utf8)),
      says: ["example.com:80 is not an SSH server", "it said: HTTP/1.1 400 Bad"], advises: ["host and port"]),
    Row(
      error: .notAnSSHServer("example.com:80", said: []), says: ["is not an SSH server", "did not say hello"],
      advises: ["22"]),
    Row(
      error: .noCommonAlgorithm("example.com:22", hostKeyTypes: ["ssh-ed25519", "ecdsa-sha2-nistp256"]),
      says: ["no algorithm in common", "ssh-ed25519, ecdsa-sha2-nistp256"], advises: ["RSA", "--engine ssh"],
      otherEngine: true),
    Row(
      error: .rsaKey("/keys/id_rsa"), says: ["/keys/id_rsa is an RSA key", "SHA-1"],
      advises: ["ed25519", "--engine ssh"], isFinal: true, otherEngine: true),
    Row(
      error: .encrypted("/keys/ada"), says: ["is encrypted"], advises: ["ssh-add /keys/ada"], isFinal: true),
    Row(
      error: .forwardRefused(configuration("ssh://me@example.com"), port: 0),
      says: ["example.com:22 refused to forward localhost:0"], advises: ["AllowTcpForwarding"]),
    Row(
      error: .forwardRefused(configuration("ssh://me@example.com"), port: 8080),
      says: ["localhost:8080"], advises: ["taken", "PermitListen"]),
    Row(
      error: .forwardRefused(configuration("serveo"), port: 80), says: ["refused to forward"],
      advises: ["name taken", "account", "--name"]),
    Row(
      error: .noAddress(configuration("serveo").target, said: "too many tunnels"),
      says: ["serveo gave no address", "it said: too many tunnels"], advises: ["--via"]),
    Row(
      error: .connectionLost("example.com:22", ECONNRESET), says: ["is gone", "Connection reset"], advises: []),
    Row(error: .connectionLost("example.com:22", nil), says: ["closed by the server"], advises: []),
    Row(
      error: TunnelError(.hostKeyChanged, "shows another host key", advice: "delete that line"),
      says: ["host key"], advises: ["delete"], isFinal: true),
    Row(
      error: TunnelError(.hostKeyRevoked, "is marked as revoked", advice: "Ask the owner"), says: ["revoked"],
      advises: ["Ask"], isFinal: true),
    Row(
      error: TunnelError(.authentication, "does not let ada in", advice: "ssh-copy-id"), says: ["ada"],
      advises: ["ssh-copy-id"], isFinal: true),
    Row(
      error: TunnelError(.knownHostsUnreadable, "cannot read", advice: "Make it readable"), says: ["cannot read"],
      advises: ["readable"], isFinal: true),
    Row(
      error: TunnelError(.engineMissing, "there is no ssh", advice: "install it"), says: ["ssh"], advises: ["install"],
      isFinal: true),
    Row(
      error: TunnelError(.usage, "no such provider", advice: "There are …"), says: ["provider"], advises: ["There"],
      exitCode: 2, isFinal: true),
  ]

  @Test(arguments: rows.indices) func eachHasItsSentenceItsCodeAndItsFate(_ index: Int) {
    let row = Self.rows[index]
    for part in row.says { #expect(row.error.problem.contains(part), "\(row.error.problem)") }
    for part in row.advises { #expect(row.error.advice.contains(part), "\(row.error.advice)") }
    #expect(row.error.exitCode == row.exitCode)
    #expect(row.error.isFinal == row.isFinal)
    #expect(row.error.otherEngineMayHelp == row.otherEngine)
    // Whatever a server has said in it is fit for a terminal.
    #expect(row.error.description.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0a })
  }
}

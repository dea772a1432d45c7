import Glibc
import TestSupport
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIOTLS

@EventLoop @Suite(.timeLimit(.minutes(5))) struct LocalAuthorityTests {
  /// Connects with all checks on, trusting the authority only.
  private func connect(_ authority: LocalAuthority, _ port: UInt16, as name: String) async throws -> String {
    let script = """
      import socket, ssl, sys
      context = ssl.create_default_context(cafile=sys.argv[1])
      try: print(context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[2]))), server_hostname=sys.argv[3]).version())
      except ssl.SSLError as error: print(error.verify_message)
      """
    return try await TLSFixture.python(script, authority.certificatePath, String(port), name).text
  }

  @Test func aClientThatTrustsItIsServed() async throws {
    let directory = try Files.makeTemporaryDirectory("webio-authority")
    defer { try? Files.remove(directory) }
    let authority = try LocalAuthority(directory: "\(directory)/data")
    #expect(authority.isNew)
    let (server, port) = try TLSFixture.serve(
      authority.security(hosts: ["192.168.7.7", "my.test", "bad name,CA:TRUE", "8.8.8.8", "example.org"]))
    for name in ["localhost", "127.0.0.1", "::1", "192.168.7.7", "my.test"] {
      #expect(try await connect(authority, port, as: name) == "TLSv1.3\n", "\(name)")
    }
    #expect(try await connect(authority, port, as: "example.org").contains("mismatch"))
    server.closeListeners()
  }

  @Test func itVouchesForNoOtherSite() async throws {
    let directory = try Files.makeTemporaryDirectory("webio-authority")
    defer { try? Files.remove(directory) }
    let authority = try LocalAuthority(directory: directory)
    for (host, isAllowed) in [("example.org", false), ("8.8.8.8", false), ("some.local", true), ("10.1.2.3", true)] {
      let (server, port) = try TLSFixture.serve(TLSCertificates(local: authority, hosts: [host]))
      #expect(PermittedNames.contain(host) == isAllowed)
      let answer = try await connect(authority, port, as: host)
      // One name that is not permitted spoils the whole certificate.
      #expect(answer == (isAllowed ? "TLSv1.3\n" : "permitted subtree violation\n"), "\(host)")
      server.closeListeners()
    }
  }

  @Test func itIsMadeOnceAndItsKeyIsTheUsersAlone() throws {
    let directory = try Files.makeTemporaryDirectory("webio-authority")
    defer { try? Files.remove(directory) }
    let first = try LocalAuthority(directory: directory)
    let (certificate, key) = ("\(directory)/authority.pem", "\(directory)/authority.key")
    #expect(first.certificatePath == certificate)
    #expect(Files.status(key).map { $0.st_mode & 0o777 } == 0o600)
    let bytes = try Files.read(certificate)
    #expect(try !LocalAuthority(directory: directory).isNew)
    #expect(try Files.read(certificate) == bytes)

    chmod(key, 0o640)
    let readable = #expect(throws: TLSError.self) { try LocalAuthority(directory: directory) }
    #expect(readable?.description.contains("others than you may read") == true)
    chmod(key, 0o600)
    try Files.replace(certificate, Array("nothing".utf8))
    let broken = #expect(throws: TLSError.self) { try LocalAuthority(directory: directory) }
    #expect(broken?.description.contains("Delete \(directory)/authority.*") == true)
    try Files.remove(certificate)
    let halved = #expect(throws: TLSError.self) { try LocalAuthority(directory: directory) }
    #expect(halved?.description == "\(certificate): there is no such file")
  }
}

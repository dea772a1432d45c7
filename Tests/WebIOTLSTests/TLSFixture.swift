import Glibc
import TestSupport
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIOTLS

/// What the tests of TLS share: certificates made by openssl(1), a server, clients in Python.
@EventLoop enum TLSFixture {
  private final class Handler: HTTPRequestHandler {
    /// Two mebibytes, more than a socket and a TLS record hold.
    static let body = [UInt8]((0..<(2 << 20)).map { UInt8(truncatingIfNeeded: $0) })

    func handle(_ exchange: HTTPExchange) {
      exchange.readBody(limit: 4 << 20) { result in
        let body = (try? result.get()) ?? []
        exchange.respond(.ok, [:], body.isEmpty ? Self.body : body)
      }
    }
  }

  /// `TestServer`, which is built beside these tests.
  nonisolated static let testServer: String = {
    var buffer = [CChar](repeating: 0, count: 4_096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let own = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return Path.join(Path.directory(of: own), "TestServer")
  }()

  nonisolated static func openssl(_ arguments: String...) async throws {
    let (ending, output, errors) = try await Program.run(try Program.require("openssl"), arguments)
    #expect(ending == .exited(0), Comment(rawValue: output + errors))
  }

  /// A certificate and its key, made for one test. `days` may lie in the past.
  nonisolated static func makeCertificate(
    _ directory: String, _ name: String = "a", hosts: [String] = ["localhost"], dates: [String] = ["-days", "2"]
  ) async throws -> (certificate: String, key: String) {
    let (certificate, key) = ("\(directory)/\(name).pem", "\(directory)/\(name).key")
    let openssl = try Program.require("openssl")
    let (ending, output, errors) = try await Program.run(
      openssl,
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out",
        certificate, "-subj", "/CN=\(hosts[0])", "-addext",
        "subjectAltName=" + hosts.map { "DNS:\($0)" }.joined(separator: ","),
      ] + dates)
    #expect(ending == .exited(0), Comment(rawValue: output + errors))
    return (certificate, key)
  }

  static func serve(_ security: TransportSecurity) throws -> (HTTPServer, UInt16) {
    let server = HTTPServer(handler: Handler())
    server.wrapStream = try security.prepare()
    let address = try server.listen(on: try #require(SocketAddress(numericHost: "127.0.0.1", port: 0)))
    return (server, address.port)
  }

  static func serve(_ certificates: TLSCertificates) throws -> (HTTPServer, UInt16) {
    let server = HTTPServer(handler: Handler())
    server.wrapStream = { TLSStream($0, certificates) }
    let address = try server.listen(on: try #require(SocketAddress(numericHost: "127.0.0.1", port: 0)))
    return (server, address.port)
  }

  nonisolated static func python(_ script: String, _ arguments: String...) async throws -> (isSuccess: Bool, text: String) {
    let (ending, output, errors) = try await Program.run(try Program.require("python3"), ["-c", script] + arguments)
    return (ending == .exited(0), output + errors)
  }

  nonisolated static func waitForOutput(_ text: String, of program: Program) async throws {
    try await eventually("the output \(text)", state: { program.errorText }) { program.outputText == text }
  }

  /// The common name of the certificate that a client gets who asks for `host`; none when it is empty.
  nonisolated static func certificate(_ port: UInt16, for host: String) async throws -> String {
    let script = """
      import socket, ssl, sys, subprocess
      context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); context.check_hostname = False; context.verify_mode = ssl.CERT_NONE
      connection = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname=sys.argv[2] or None)
      pem = ssl.DER_cert_to_PEM_cert(connection.getpeercert(True))
      print(subprocess.run(["openssl", "x509", "-noout", "-subject", "-nameopt", "multiline"], input=pem, text=True, capture_output=True).stdout)
      """
    let (_, text) = try await python(script, String(port), host)
    for line in text.split(separator: "\n") where line.contains("commonName") {
      return String(line.split(separator: " ").last ?? "")
    }
    return text
  }
}

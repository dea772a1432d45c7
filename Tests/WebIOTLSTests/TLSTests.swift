import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIOTLS

@EventLoop @Suite(.timeLimit(.minutes(1))) struct TLSTests {
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

  private final class Output {
    var bytes: [UInt8] = []
    var child: ChildProcess?
  }

  private func run(_ path: String, _ arguments: [String]) async throws -> (ChildStatus, String) {
    let output = Output()
    let status = try await withCheckedThrowingContinuation { (done: CheckedContinuation<ChildStatus, any Error>) in
      do {
        output.child = try ChildProcess(
          path, arguments, environment: Environment.all, output: .pipe { output.bytes.append(contentsOf: $0) }
        ) { done.resume(returning: $0) }
      } catch { done.resume(throwing: error) }
    }
    return (status, String(decoding: output.bytes, as: UTF8.self))
  }

  /// A certificate and its key, made for this test.
  private func makeCertificate(_ directory: String, _ name: String = "a") async throws -> (certificate: String, key: String) {
    let openssl = try #require(Environment.executable("openssl"), "openssl is missing: .ci/install --tests")
    let (certificate, key) = ("\(directory)/\(name).pem", "\(directory)/\(name).key")
    let (status, text) = try await run(
      openssl,
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out",
        certificate, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
      ])
    #expect(status.isSuccess, Comment(rawValue: text))
    return (certificate, key)
  }

  private func serve(_ certificate: String, _ key: String) throws -> (HTTPServer, UInt16) {
    let server = HTTPServer(handler: Handler())
    server.wrapStream = try TransportSecurity.files(certificate: certificate, key: key).prepare()
    let address = try server.listen(on: try #require(SocketAddress(numericHost: "127.0.0.1", port: 0)))
    return (server, address.port)
  }

  private func python(_ script: String, _ arguments: String...) async throws -> (ChildStatus, String) {
    try await run(try #require(Environment.executable("python3")), ["-c", script] + arguments)
  }

  @Test func aClientThatChecksTheCertificateGetsAndSends() async throws {
    let directory = try Files.makeTemporaryDirectory("webio-tls")
    defer { try? Files.remove(directory) }
    let (certificate, key) = try await makeCertificate(directory)
    let (server, port) = try serve(certificate, key)
    let script = """
      import http.client, ssl, sys
      context = ssl.create_default_context(cafile=sys.argv[1])
      connection = http.client.HTTPSConnection("localhost", int(sys.argv[2]), context=context)
      for version in range(3):
          connection.request("GET", "/"); answer = connection.getresponse().read()
          assert answer == bytes(i & 255 for i in range(2 << 20)), len(answer)
      sent = bytes(range(256)) * 4000
      connection.request("POST", "/", sent); assert connection.getresponse().read() == sent
      print(connection.sock.version())
      """
    let (status, text) = try await python(script, certificate, String(port))
    #expect(status.isSuccess, Comment(rawValue: text))
    #expect(text.hasPrefix("TLSv1.3"))
    server.closeListeners()
  }

  @Test(arguments: ["TLSv1_1", "TLSv1"])
  func oldVersionsAreRefused(_ version: String) async throws {
    let directory = try Files.makeTemporaryDirectory("webio-tls")
    defer { try? Files.remove(directory) }
    let (certificate, key) = try await makeCertificate(directory)
    let (server, port) = try serve(certificate, key)
    let script = """
      import socket, ssl, sys
      context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); context.check_hostname = False; context.verify_mode = ssl.CERT_NONE
      context.set_ciphers("ALL:@SECLEVEL=0")
      context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, sys.argv[2])
      try: context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1])))); print("connected")
      except ssl.SSLError as error: print("refused", error.reason)
      """
    let (_, text) = try await python(script, String(port), version)
    #expect(text.contains("refused ") && !text.contains("connected"), Comment(rawValue: text))
    server.closeListeners()
  }

  @Test func plainTextOnTheSecurePortEndsTheConnection() async throws {
    let directory = try Files.makeTemporaryDirectory("webio-tls")
    defer { try? Files.remove(directory) }
    let (certificate, key) = try await makeCertificate(directory)
    let (server, port) = try serve(certificate, key)
    let script = """
      import socket, sys
      connection = socket.create_connection(("127.0.0.1", int(sys.argv[1]))); connection.settimeout(10)
      connection.sendall(b"GET / HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
      received = b""
      while True:
          try: more = connection.recv(4096)
          except ConnectionResetError: break
          if not more: break
          received += more
      assert b"HTTP" not in received, received
      print("ended")
      """
    let (status, text) = try await python(script, String(port))
    #expect(status.isSuccess && text.hasPrefix("ended"), Comment(rawValue: text))
    server.closeListeners()
  }

  @Test func filesThatCannotBeUsedAreNamed() async throws {
    let directory = try Files.makeTemporaryDirectory("webio-tls")
    defer { try? Files.remove(directory) }
    let one = try await makeCertificate(directory)
    let two = try await makeCertificate(directory, "b")
    try Files.create("\(directory)/broken.pem", Array("not a certificate".utf8))
    let cases = [
      ("\(directory)/missing.pem", one.key, "\(directory)/missing.pem"),
      ("\(directory)/broken.pem", one.key, "\(directory)/broken.pem"), (one.certificate, two.key, two.key),
    ]
    for (certificate, key, named) in cases {
      let error = #expect(throws: TLSError.self) { try TLSContext(certificate: certificate, key: key) }
      #expect(error?.file == named)
    }
  }
}

import Glibc
import TestSupport
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIOTLS

/// Which files are taken, which are refused and why, and what happens when they change.
@EventLoop @Suite(.timeLimit(.minutes(5))) struct TLSFilesTests {
  private func load(_ certificate: String, _ key: String) -> String {
    do {
      return try TLSContext(TLSFiles(certificate: certificate, key: key)).warning.map { "warning: \($0)" } ?? "loaded"
    } catch { return "\(error)" }
  }

  @Test func eachErrorNamesTheFileAndSaysWhy() async throws {
    let directory = try Files.makeTemporaryDirectory("webio-tls")
    defer { try? Files.remove(directory) }
    let one = try await TLSFixture.makeCertificate(directory)
    let two = try await TLSFixture.makeCertificate(directory, "b")
    let (broken, missing, locked) = ("\(directory)/broken.pem", "\(directory)/missing.pem", "\(directory)/locked.key")
    try Files.create(broken, Array("not a certificate".utf8))
    try await TLSFixture.openssl("pkey", "-in", one.key, "-aes256", "-passout", "pass:secret", "-out", locked)
    #expect(load(one.certificate, one.key) == "loaded")
    #expect(load(missing, one.key) == "\(missing): there is no such file")
    #expect(load(one.certificate, missing) == "\(missing): there is no such file")
    #expect(load(directory, one.key) == "\(directory): it is a directory")
    #expect(load(broken, one.key).hasPrefix("\(broken): there is no certificate in it"))
    #expect(load(one.key, one.key).hasPrefix("\(one.key): there is no certificate in it"))
    #expect(load(one.certificate, one.certificate).hasPrefix("\(one.certificate): there is no private key in it"))
    #expect(load(one.certificate, two.key) == "\(two.key): it is not the key of the certificate in \(one.certificate)")
    #expect(load(one.certificate, locked).hasPrefix("\(locked): the key is encrypted. Write it without a passphrase: openssl"))
    // Root reads everything.
    if geteuid() != 0 {
      chmod(one.key, 0)
      #expect(load(one.certificate, one.key) == "\(one.key): it cannot be read by this user")
    }
  }

  @Test func anExpiredCertificateIsWarnedOf() async throws {
    let directory = try Files.makeTemporaryDirectory("webio-tls")
    defer { try? Files.remove(directory) }
    let pair = try CertifiedKey.makeAuthority(CertifiedKey.Contents(commonName: "old", days: -1, extensions: []))
    let (certificate, key) = ("\(directory)/old.pem", "\(directory)/old.key")
    try Files.create(certificate, pair.certificatePEM)
    try Files.create(key, pair.keyPEM)
    #expect(load(certificate, key).hasPrefix("warning: \(certificate): the certificate expired on "))
  }

  @Test func aWholeChainIsSent() async throws {
    let directory = try Files.makeTemporaryDirectory("webio-tls")
    defer { try? Files.remove(directory) }
    let root = try CertifiedKey.makeAuthority(
      .init(commonName: "root", days: 2, extensions: [(NID.basicConstraints, "critical,CA:TRUE")]))
    let middle = try root.issue(
      .init(commonName: "middle", days: 2, extensions: [(NID.basicConstraints, "critical,CA:TRUE")]))
    let leaf = try middle.issue(
      .init(commonName: "leaf", days: 2, extensions: [(NID.subjectAltName, "DNS:localhost")]))
    let (certificate, key, trusted) = ("\(directory)/chain.pem", "\(directory)/chain.key", "\(directory)/root.pem")
    try Files.create(certificate, leaf.certificatePEM + middle.certificatePEM)
    try Files.create(key, leaf.keyPEM)
    try Files.create(trusted, root.certificatePEM)
    let (server, port) = try TLSFixture.serve(.files(certificate: certificate, key: key))
    let script = """
      import socket, ssl, sys
      context = ssl.create_default_context(cafile=sys.argv[1])
      print(context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[2]))), server_hostname="localhost").version())
      """
    let (isSuccess, text) = try await TLSFixture.python(script, trusted, String(port))
    #expect(isSuccess, Comment(rawValue: text))
    server.closeListeners()
  }

  @Test func eachNameGetsItsCertificate() async throws {
    let directory = try Files.makeTemporaryDirectory("webio-tls")
    defer { try? Files.remove(directory) }
    let first = try await TLSFixture.makeCertificate(directory, "a", hosts: ["first.test"])
    let second = try await TLSFixture.makeCertificate(directory, "b", hosts: ["second.test", "*.wild.test"])
    let (server, port) = try TLSFixture.serve(.files([first, second]))
    for (host, expected) in [
      ("first.test", "first.test"), ("second.test", "second.test"), ("SECOND.test", "second.test"),
      ("a.wild.test", "second.test"), ("a.b.wild.test", "first.test"), ("other.test", "first.test"), ("", "first.test"),
    ] {
      #expect(try await TLSFixture.certificate(port, for: host) == expected, "\(host)")
    }
    server.closeListeners()
  }

  @Test func changedFilesAreLoadedAndOpenConnectionsGoOn() async throws {
    let directory = try Files.makeTemporaryDirectory("webio-tls")
    defer { try? Files.remove(directory) }
    let current = try await TLSFixture.makeCertificate(directory, "a", hosts: ["before.test"])
    let next = try await TLSFixture.makeCertificate(directory, "b", hosts: ["after.test"])
    var warnings: [String] = []
    let certificates = try TLSCertificates(files: [TLSFiles(certificate: current.certificate, key: current.key)]) {
      warnings.append($0)
    }
    let (server, port) = try TLSFixture.serve(certificates)
    #expect(!certificates.reload())
    let client = try Program(
      try Program.require("python3"),
      [
        "-c",
        """
        import http.client, ssl, sys
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); context.check_hostname = False; context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", int(sys.argv[1]), context=context)
        for word in ["first", "second"]:
            connection.request("POST", "/", word); print(connection.getresponse().read().decode(), flush=True)
            if word == "first":
                while not __import__("os").path.exists(sys.argv[2]): __import__("time").sleep(0.01)
        """, String(port), "\(directory)/go",
      ])
    defer { client.killAll() }
    try await TLSFixture.waitForOutput("first\n", of: client)

    // Only one of the two is there yet: nothing changes.
    try Files.replace(current.certificate, try Files.read(next.certificate))
    #expect(!certificates.reload())
    #expect(warnings.count == 1 && warnings[0].contains(current.key) && warnings[0].contains("stays in use"))
    #expect(try await TLSFixture.certificate(port, for: "") == "before.test")
    try Files.replace(current.key, try Files.read(next.key))
    #expect(certificates.reload())
    #expect(warnings.count == 1)
    #expect(try await TLSFixture.certificate(port, for: "") == "after.test")

    try Files.create("\(directory)/go", [])
    try await client.waitForEnd()
    #expect(client.outputText == "first\nsecond\n", Comment(rawValue: client.errorText))
    server.closeListeners()
  }

  @Test func theFilesAreLookedAtEveryFewSeconds() async throws {
    let directory = try Files.makeTemporaryDirectory("webio-tls")
    defer { try? Files.remove(directory) }
    let current = try await TLSFixture.makeCertificate(directory, "a", hosts: ["before.test"])
    let next = try await TLSFixture.makeCertificate(directory, "b", hosts: ["after.test"])
    var certificates: TLSCertificates? = try TLSCertificates(
      files: [TLSFiles(certificate: current.certificate, key: current.key)]
    ) { Issue.record("\($0)") }
    var timers: [(delay: Duration, body: @EventLoop () -> Void)] = []
    certificates?.watch { timers.append(($0, $1)) }
    for changes in [false, true, false] {
      if changes {
        try Files.replace(current.certificate, try Files.read(next.certificate))
        try Files.replace(current.key, try Files.read(next.key))
      }
      let before = try #require(certificates?.primary)
      #expect(timers.count == 1 && timers[0].delay == .seconds(5))
      timers.removeFirst().body()
      #expect((certificates?.primary !== before) == changes)
    }
    // Nobody has it any more, so nobody looks.
    certificates = nil
    timers.removeFirst().body()
    #expect(timers.isEmpty)
  }

  /// What looks the same to stat(2) is loaded by the signal only.
  @Test nonisolated func theSignalLoadsAllOfThem() async throws {
    let directory = try Files.makeTemporaryDirectory("webio-tls")
    defer { try? Files.remove(directory) }
    let current = try await TLSFixture.makeCertificate(directory, "a", hosts: ["before.test"])
    let next = try await TLSFixture.makeCertificate(directory, "b", hosts: ["after.test"])
    for (path, other) in [(current.certificate, next.certificate), (current.key, next.key)] {
      var bytes = [try Files.read(path), try Files.read(other)]
      let size = max(bytes[0].count, bytes[1].count)
      for index in bytes.indices { bytes[index] += [UInt8](repeating: 0x0a, count: size - bytes[index].count) }
      try Files.replace(path, bytes[0])
      try Files.replace(other, bytes[1])
    }
    let server = try Program(TLSFixture.testServer, ["tls", current.certificate, current.key])
    defer { server.killAll() }
    let port = try await eventually("the server listens", state: { server.errorText }) {
      server.outputText.hasPrefix("port ") ? UInt16(server.outputText.dropFirst(5).dropLast()) : nil
    }
    #expect(try await TLSFixture.certificate(port, for: "") == "before.test")
    for (path, other) in [(current.certificate, next.certificate), (current.key, next.key)] {
      let before = try #require(Files.status(path))
      let bytes = try Files.read(other)
      let file = open(path, O_WRONLY)
      #expect(write(file, bytes, bytes.count) == bytes.count)
      close(file)
      utimensat(AT_FDCWD, path, [before.st_atim, before.st_mtim], 0)
    }
    #expect(try await TLSFixture.certificate(port, for: "") == "before.test")
    server.send(SIGHUP)
    try await eventually("the new certificate", state: { server.errorText }) {
      try await TLSFixture.certificate(port, for: "") == "after.test"
    }
    #expect(server.ended == nil)
  }
}

/// OpenSSL's numbers for extensions, which this target does not import.
enum NID {
  static let basicConstraints: Int32 = 87
  static let subjectAltName: Int32 = 85
}

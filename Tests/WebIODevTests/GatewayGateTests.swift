import Glibc
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIODev

extension LoopTests {
  /// Who gets to what: every route, from every kind of page, under every name.
  @EventLoop @Suite struct GatewayGateTests {
    private static func options() -> Gateway.Options {
      var options = Gateway.Options()
      options.token = "right-token"
      options.hostGate = HostGate(extraHosts: ["dev.example"])
      options.assets = ["/__webio/dev.js": GatewayAsset(Array("// dev".utf8), "text/javascript")]
      return options
    }

    // MARK: Host

    @Test(arguments: [
      ("localhost", true), ("localhost:8080", true), ("LOCALHOST:1", true), ("app.localhost:8080", true),
      ("127.0.0.1:8080", true), ("192.168.1.20", true), ("[::1]:8080", true), ("[fe80::1]", true),
      ("dev.example:80", true),
      ("Dev.Example", true), ("evil.com", false), ("evil.com:8080", false), ("localhost.evil.com", false),
      ("evillocalhost", false), (".localhost", false), ("", false), (":80", false), ("localhost:80x", false),
      ("127.0.0.1.evil.com", false), ("127.0.0", false), ("127.0.0.256", false), ("1.2.3.4.5", false),
      ("[::1].evil.com", false), ("[evil]", false), ("[]", false), ("localhost@evil.com", false),
      ("sub.dev.example", false),
      ("localhost.", false), ("0x7f.1", false), ("1.2.3.+4", false),
    ]) func host(host: String, isAllowed: Bool) {
      #expect(HostGate(extraHosts: ["dev.example"]).allows(host) == isAllowed)
    }

    @Test func foreignHostsReachNothing() async throws {
      let setting = try await GatewaySetting(Self.options())
      for path in ["/", "/gen", "/__webio/dev", "/__webio/dev.js", "/__webio/open", "/__webio/x"] {
        for host in ["evil.com", "localhost.evil.com:8080", "evil.com:8080"] {
          let answer = try await TestClient.send(setting.gateway, "GET", path, ["Host": host])
          #expect(answer.status == 403, "\(host) \(path)")
          #expect(answer.text.contains("webio does not serve the host"))
        }
      }
      #expect(try await TestClient.send(setting.gateway, "GET", "/gen", ["Host": "dev.example"]).text == "1")
      // A tunnel's visitors come under its name, whatever that is.
      #expect(
        try await TestClient.send(setting.gateway, "GET", "/gen", ["Host": "evil.com"], side: .public).text == "1")
      await setting.stop()
    }

    // MARK: Dev endpoints

    /// The fields of a WebSocket handshake.
    private func handshake(_ origin: String?, _ more: HTTPFields = [:]) -> HTTPFields {
      var fields: HTTPFields = [
        "Host": "localhost:8080", "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      ]
      if let origin { fields.append("Origin", origin) }
      for (name, value) in more.list { fields.append(name, value) }
      return fields
    }

    private func status(_ gateway: Gateway, _ target: String, _ fields: HTTPFields, _ side: GatewaySide) async throws
      -> Int
    {
      let client = HTTPClientConnection(stream: try TestClient.stream(gateway, side))
      return await withCheckedContinuation { (done: CheckedContinuation<Int, Never>) in
        client.onHead = { head in
          if head.status.code == 101 { client.takeOver().abort() }
          client.onEnd = nil
          client.close()
          done.resume(returning: head.status.code)
        }
        client.onEnd = { _ in done.resume(returning: 0) }
        client.send("GET", target, fields)
      }
    }

    @Test func theDevSocketWantsOriginAndToken() async throws {
      let setting = try await GatewaySetting(Self.options())
      let good = "/__webio/dev?token=right-token"
      let own = "http://localhost:8080"
      #expect(try await status(setting.gateway, good, handshake(own), .local) == 101)
      #expect(try await status(setting.gateway, good, handshake(own, ["Sec-Fetch-Site": "same-origin"]), .local) == 101)
      for origin in [
        nil, "null", "", "http://evil.com", "http://localhost", "http://localhost:8081", "http://127.0.0.1:8080",
        "http://localhost:8080.evil.com", "http://localhost:8080/", "file://", "http://app.localhost:8080",
        "chrome-extension://localhost:8080",
      ] {
        #expect(try await status(setting.gateway, good, handshake(origin), .local) == 403, "\(origin ?? "none")")
      }
      for token in [
        "", "?token=", "?token=wrong-token", "?token=right-toke", "?token=right-tokenx", "?Token=right-token",
      ] {
        #expect(try await status(setting.gateway, "/__webio/dev" + token, handshake(own), .local) == 403, "\(token)")
      }
      for site in ["cross-site", "same-site"] {
        #expect(try await status(setting.gateway, good, handshake(own, ["Sec-Fetch-Site": site]), .local) == 403)
      }
      // On the public side it does not exist, whoever asks.
      let everybody = handshake("https://my.share.example")
      #expect(try await status(setting.gateway, good, everybody, .public) == 404)
      #expect(try await status(setting.gateway, good, handshake(own), .public) == 404)
      await setting.stop()
    }

    @Test func devFilesAreForOurPages() async throws {
      let setting = try await GatewaySetting(Self.options())
      let script = try await TestClient.send(setting.gateway, "GET", "/__webio/dev.js")
      #expect(script.status == 200 && script.text == "// dev")
      #expect(script.fields["Cross-Origin-Resource-Policy"] == "same-origin")
      // A reload of the page does not fetch it again, another run of webio does.
      #expect(script.fields["Cache-Control"] == "no-store")
      let named = try await TestClient.send(setting.gateway, "GET", "/__webio/dev.js?v=run")
      #expect(named.text == "// dev" && named.fields["Cache-Control"] == "private, max-age=86400, immutable")
      #expect(script.fields["X-Content-Type-Options"] == "nosniff")
      #expect(script.fields["Access-Control-Allow-Origin"] == nil)
      let cross = try await TestClient.send(setting.gateway, "GET", "/__webio/dev.js", ["Sec-Fetch-Site": "cross-site"])
      #expect(cross.status == 403)
      #expect(try await TestClient.send(setting.gateway, "GET", "/__webio/other").status == 404)
      #expect(try await TestClient.send(setting.gateway, "DELETE", "/__webio/dev.js").status == 405)
      for path in ["/__webio/dev.js", "/__webio/dev", "/__webio/open", "/__webio/", "/__webio"] {
        #expect(try await TestClient.send(setting.gateway, "GET", path, side: .public).status == 404, "\(path)")
      }
      await setting.stop()
    }

    @Test func aPageOfAnotherRunIsToldAndWhatTheAppPrintedIsNotForEverybody() async throws {
      let setting = try await GatewaySetting(Self.options())
      func knock(_ token: String, _ site: String = "same-origin", _ side: GatewaySide = .local) async throws -> Int {
        try await TestClient.send(
          setting.gateway, "GET", "/__webio/knock?token=\(token)", ["Sec-Fetch-Site": site], side: side
        ).status
      }
      #expect(try await knock("right-token") == 204)
      #expect(try await knock("wrong-token", "cross-site") == 403)
      #expect(try await knock("wrong-token", "same-origin", .public) == 404)
      #expect(!setting.gateway.channel.hasHeardKnock)
      #expect(try await knock("wrong-token") == 410)
      #expect(setting.gateway.channel.hasHeardKnock)

      setting.gateway.onOutputWanted = { ["a secret of the terminal"] }
      let path = "/__webio/output"
      let own: HTTPFields = ["Host": "localhost:8080", "Origin": "http://localhost:8080", "webio-token": "right-token"]
      let told = try await TestClient.send(setting.gateway, "POST", path, own, body: [])
      #expect(told.status == 200 && told.text == #"{"lines":["a secret of the terminal"]}"#)
      #expect(try await TestClient.send(setting.gateway, "GET", path, own).status == 405)
      for (name, value) in [("webio-token", "wrong"), ("Origin", "null"), ("Origin", "http://evil.com"), ("Host", "evil.com")] {
        var fields = own
        fields.set(name, value)
        let answer = try await TestClient.send(setting.gateway, "POST", path, fields, body: [])
        #expect(answer.status == 403 && !answer.text.contains("secret"), "\(name): \(value)")
      }
      #expect(try await TestClient.send(setting.gateway, "POST", path, own, side: .public, body: []).status == 404)
      await setting.stop()
    }

    @Test func onlyOurPageOpensTheEditorAndOnlyForTheProject() async throws {
      let scratch = try Scratch()
      try scratch.write("project/Sources/main.swift", "1")
      try scratch.write("secret.txt", "2")
      try await shell(
        "ln -s ../secret.txt project/link.txt; ln -s Sources/main.swift project/inner.swift", in: scratch.path)
      var options = Self.options()
      options.projectDirectory = scratch("project")
      let gateway = Gateway(options)
      var opened: [EditorCommand] = []
      gateway.openEditor = { command in
        opened.append(command)
        return true
      }
      setenv("WEBIO_EDITOR", "/bin/true", 1)
      defer { unsetenv("WEBIO_EDITOR") }
      func ask(_ file: String, _ changes: HTTPFields = [:], side: GatewaySide = .local) async throws -> Int {
        var fields: HTTPFields = [
          "Host": "localhost:8080", "Origin": "http://localhost:8080", "webio-token": "right-token",
          "Content-Type": "application/json",
        ]
        for (name, value) in changes.list { fields.set(name, value) }
        let body = JSONValue.object(["file": .string(file), "line": 3, "column": 5]).serialized
        return try await TestClient.send(gateway, "POST", "/__webio/open", fields, side: side, body: body).status
      }
      #expect(try await ask("Sources/main.swift") == 204)
      #expect(try await ask(scratch("project/Sources/main.swift")) == 204)
      #expect(try await ask("inner.swift") == 204)
      #expect(opened.count == 3)
      #expect(opened.allSatisfy { $0.arguments == [scratch("project/Sources/main.swift")] })
      opened = []
      for file in [
        "/etc/passwd", "../secret.txt", "Sources/../../secret.txt", "link.txt", "", "Sources", "missing.swift",
        "Sources/main.swift\0.txt", "%2e%2e/secret.txt", "-rf", "; touch x", "\(scratch.path)/secret.txt",
      ] {
        #expect(try await ask(file) == 404, "\(file)")
      }
      for change: HTTPFields in [
        ["Origin": "http://evil.com"], ["Origin": "null"], ["webio-token": "wrong"], ["webio-token": ""],
        ["Sec-Fetch-Site": "cross-site"], ["Host": "evil.com"],
      ] {
        #expect(try await ask("Sources/main.swift", change) == 403, "\(change.list)")
      }
      #expect(try await ask("Sources/main.swift", side: .public) == 404)
      let simple = try await TestClient.send(
        gateway, "POST", "/__webio/open", ["Content-Type": "text/plain"], body: Array("{}".utf8))
      #expect(simple.status == 403)
      #expect(try await TestClient.send(gateway, "GET", "/__webio/open").status == 405)
      #expect(opened.isEmpty)
    }

    @Test func editorsGetTheirOwnArguments() throws {
      let scratch = try Scratch()
      for name in ["code", "gvim", "subl", "mine"] {
        let path = try scratch.write("bin/\(name)", "#!/bin/sh\n")
        chmod(path, 0o755)
      }
      func command(_ setting: String) throws -> [String] {
        try EditorCommand(file: "/p/-x +1;`a`.swift", line: 3, column: 5) { $0 == "VISUAL" ? setting : nil }.arguments
      }
      let bin = scratch("bin")
      #expect(try command("\(bin)/code --wait --reuse-window") == ["--reuse-window", "-g", "/p/-x +1;`a`.swift:3:5"])
      #expect(try command("\(bin)/gvim") == ["+3", "/p/-x +1;`a`.swift"])
      #expect(try command("\(bin)/subl") == ["/p/-x +1;`a`.swift:3:5"])
      #expect(try command("\(bin)/mine") == ["/p/-x +1;`a`.swift"])
      #expect(throws: EditorCommand.Refusal.needsTerminal("vim")) { try command("vim") }
      #expect(throws: EditorCommand.Refusal.notFound("no-such-editor")) { try command("no-such-editor") }
      #expect(throws: EditorCommand.Refusal.notConfigured) { try command("") }
    }

    // MARK: Fields

    @Test func theAppLearnsWhoAsksAndNobodyCanPretend() async throws {
      let setting = try await GatewaySetting(Self.options())
      let lies: HTTPFields = [
        "Webio-Public": "0", "Webio-Developer": "guess", "WEBIO-DEVELOPER": "guess", "X-Forwarded-For": "1.2.3.4",
        "X-Forwarded-Proto": "gopher", "X-Real-IP": "9.9.9.9", "Forwarded": "for=8.8.8.8",
        "Connection": "X-Hop, keep-alive", "X-Hop": "1",
        "Keep-Alive": "timeout=5", "TE": "trailers", "Proxy-Authorization": "x", "webio-session-id": "NEW-abc",
        "X-Mine": "kept",
      ]
      let local = try await TestClient.send(setting.gateway, "GET", "/headers", lies)
      var lines = Set(local.text.split(separator: "\n").map(String.init))
      #expect(
        lines == [
          "Host: localhost:8080", "webio-session-id: NEW-abc", "X-Mine: kept", "X-Forwarded-For: 127.0.0.1",
          "X-Forwarded-Proto: http", "X-Forwarded-Host: localhost:8080", "Webio-Developer: right-token",
        ])
      let visitor = try await TestClient.send(setting.gateway, "GET", "/headers", lies, side: .public)
      lines = Set(visitor.text.split(separator: "\n").map(String.init))
      #expect(lines.contains("Webio-Public: 1") && lines.contains("X-Forwarded-For: 1.2.3.4"))
      #expect(lines.contains("X-Forwarded-Host: my.share.example"))
      #expect(
        !visitor.text.contains("right-token") && !visitor.text.contains("guess") && !lines.contains("Webio-Public: 0"))
      // Nothing of ours comes back out, and nothing of one connection.
      for answer in [local, visitor] {
        #expect(answer.fields["Webio-Developer"] == nil && answer.fields["X-Secret"] == nil)
        #expect(answer.fields["X-App"] == "yes")
      }
      #expect(visitor.fields["X-Robots-Tag"] == "noindex" && local.fields["X-Robots-Tag"] == nil)
      await setting.stop()
    }

    @Test func anotherSitesRequestIsNotTheDevelopers() async throws {
      let setting = try await GatewaySetting(Self.options())
      func isMarked(_ fields: HTTPFields) async throws -> Bool {
        try await TestClient.send(setting.gateway, "GET", "/headers", fields).text.contains("Webio-Developer")
      }
      #expect(try await isMarked([:]))
      #expect(
        try await isMarked(["Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"]))
      #expect(try await isMarked(["Origin": "http://localhost:8080", "Sec-Fetch-Site": "same-origin"]))
      #expect(
        try await isMarked(["Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"])
      )
      #expect(
        try await !isMarked(["Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"]))
      #expect(try await !isMarked(["Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"]))
      #expect(try await !isMarked(["Origin": "http://evil.com"]))
      #expect(try await !isMarked(["Origin": "null"]))
      await setting.stop()
    }

    // MARK: The public gate

    @Test func aPasswordIsAskedOfEverybodyOutside() async throws {
      var options = Self.options()
      options.publicGate = PublicGate(credentials: "me:pä ss:x")
      let setting = try await GatewaySetting(options)
      func basic(_ text: String) -> HTTPFields { ["Authorization": "Basic " + Base64.encode(Array(text.utf8))] }
      let asked = try await TestClient.send(setting.gateway, "GET", "/gen", side: .public)
      #expect(asked.status == 401 && asked.fields["WWW-Authenticate"]?.hasPrefix("Basic ") == true)
      let good = try await TestClient.send(setting.gateway, "GET", "/headers", basic("me:pä ss:x"), side: .public)
      #expect(good.status == 200 && !good.text.contains("Authorization"))
      for wrong in ["me:", "me:pä ss", "me:pä ss:xx", ":", "", "you:pä ss:x"] {
        #expect(try await TestClient.send(setting.gateway, "GET", "/gen", basic(wrong), side: .public).status == 401)
      }
      for field in ["Bearer x", "Basic", "Basic !!!", "basic "] {
        #expect(
          try await TestClient.send(setting.gateway, "GET", "/gen", ["Authorization": field], side: .public).status
            == 401)
      }
      #expect(try await status(setting.gateway, "/ws", handshake("https://my.share.example"), .public) == 401)
      #expect(try await TestClient.send(setting.gateway, "GET", "/gen").status == 200)
      await setting.stop()
    }

    @Test func addressesAndTime() throws {
      let now = MonotonicTime(nanoseconds: 1_000)
      let office = try #require(PublicGate.Network("203.0.113.0/24"))
      let v6 = try #require(PublicGate.Network("2001:db8::/33"))
      let gate = PublicGate(networks: [office, v6])
      func verdict(_ forwarded: String?) -> PublicGate.Verdict {
        gate.verdict(authorization: nil, forwardedFor: forwarded, at: now)
      }
      for address in ["203.0.113.7", "203.0.113.255", "::ffff:203.0.113.9", "2001:db8:7fff::1", "1.1.1.1, 203.0.113.7"] {
        #expect(verdict(address) == .allowed, "\(address)")
      }
      for address in ["203.0.114.7", "2001:db8:8000::1", "203.0.113.7, 1.1.1.1", "", "x", "203.0.113"] {
        #expect(verdict(address) == .forbidden, "\(address)")
      }
      #expect(verdict(nil) == .forbidden)
      for text in [
        "203.0.113.0/33", "x/8", "1.2.3.4/", "1.2.3.4/8/9", "/8", "", "1.2.3.4/-1", "::ffff:10.0.0.0/8", "::ffff:10.0.0.0/129",
      ] {
        #expect(PublicGate.Network(text) == nil, "\(text)")
      }
      #expect(try #require(PublicGate.Network("0.0.0.0/0")).contains("8.8.8.8"))
      #expect(!(try #require(PublicGate.Network("0.0.0.0/0")).contains("::1")))
      let mapped = try #require(PublicGate.Network("::ffff:10.1.0.0/112"))
      #expect(mapped.contains("10.1.2.3") && mapped.contains("::ffff:10.1.2.3") && !mapped.contains("10.2.0.1"))
      let over = PublicGate(expiry: now)
      #expect(over.verdict(authorization: nil, forwardedFor: nil, at: now) == .expired)
      #expect(over.verdict(authorization: nil, forwardedFor: nil, at: MonotonicTime(nanoseconds: 999)) == .allowed)
    }
  }
}

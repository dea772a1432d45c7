import TestSupport
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

/// What a visitor or a developer may get wrong about the platform: a defined answer each.
@Suite(.timeLimit(.minutes(5))) struct PlatformInputTests {
  private let apps = [Application("bmi", title: "Body mass") { putText("bmi") }, Application("form") { putText("form") }]

  private func get(
    _ handler: AppHandler, _ target: String, method: String = "GET", fields: [(name: String, value: String)] = [],
    body: String = ""
  ) async throws -> (status: Int, text: String) {
    let response = try await handler.respond(
      to: AppRequest(method: method, target: target, fields: [("Host", "app.example")] + fields, body: Array(body.utf8)))
    return (response.status, String(decoding: try await response.body.bytes(), as: UTF8.self))
  }

  /// A page of an app that is not there is the index, and its session too: a link that was right once leads somewhere.
  @Test(arguments: ["nobody", "", "../bmi", "%00", "bmi%20", "BMI"]) func anUnknownAppIsTheIndex(_ name: String) async throws {
    let handler = try await AppHandler(apps)
    let page = try await get(handler, "/?app=\(name)")
    #expect(page.status == 200)
    #expect(page.text.contains("<title>Apps</title>"))
    let socket = try #require(try await open(handler, "/?app=\(name)&session=NEW&webio=1&page=a"))
    #expect(try await seen(socket, "Body mass").contains("# Apps"))
    let known = try #require(try await open(handler, "/?app=bmi&session=NEW&webio=1&page=a"))
    _ = try await seen(known, "bmi")
  }

  private func open(_ handler: AppHandler, _ target: String, origin: String? = nil) async throws -> WebSocket? {
    let fields = [(name: "Host", value: "app.example"), (name: "Upgrade", value: "websocket")]
    return try await handler.respond(
      to: AppRequest(target: target, fields: fields + (origin.map { [(name: "Origin", value: $0)] } ?? []))
    ).webSocket
  }

  private func seen(_ socket: WebSocket, _ part: String) async throws -> String {
    var all = ""
    for await message in socket {
      if case .text(let text) = message { all += text }
      if all.contains(part) { return all }
    }
    throw NotInTime("\(part) in \(all)")
  }

  @Test(arguments: ["NEVER", String(repeating: "a", count: 43), "", "../x", "%00"])
  func aSessionThatNeverWasIsOver(_ id: String) async throws {
    let handler = try await AppHandler(apps)
    let socket = try #require(try await open(handler, "/?app=bmi&session=\(id)&webio=1&page=a&received=3"))
    #expect(try await seen(socket, "close_session") == #"{"command":"close_session"}"#)
    while case .some = await first(socket) {}
    #expect(await socket.closing?.code == 1000)
  }

  private func first(_ socket: WebSocket) async -> WebSocket.Message? {
    for await message in socket { return message }
    return nil
  }

  @Test func aForeignPageStartsNoSession() async throws {
    let handler = try await AppHandler(apps, allowedOrigins: ["https://*.good.example"])
    let id = randomToken(24)
    for origin in ["https://evil.example", "null", "https://good.example", "http://x.good.example"] {
      #expect(try await open(handler, "/?app=bmi&session=NEW", origin: origin) == nil, "\(origin)")
      for (method, body) in [("GET", ""), ("POST", "[]")] {
        let refused = try await get(
          handler, "/?app=bmi&ack=-1&seq=0", method: method, fields: [("Origin", origin), ("webio-session-id", "NEW-\(id)")],
          body: body)
        #expect(refused.status == 403, "\(method) \(origin)")
      }
      // A form that a foreign page sends needs no permission of its browser.
      let form = try await get(
        handler, "/?app=bmi", method: "POST",
        fields: [("Origin", origin), ("Content-Type", "application/x-www-form-urlencoded")],
        body: "a=b")
      #expect(form.status == 403)
    }
    #expect(await handler.metrics().contains("webio_sessions_started_total 0\n"))
    // Not even of the same site, or of none: a session begins with a GET.
    #expect(
      try await get(handler, "/?app=bmi&ack=-1&seq=0", method: "POST", fields: [("webio-session-id", "NEW-\(id)")], body: "[]")
        .status == 403)
    #expect(await handler.metrics().contains("webio_sessions_started_total 0\n"))
    #expect(try await open(handler, "/?app=bmi&session=NEW", origin: "https://a.good.example") != nil)
  }

  @Test func whatIsWrongAtTheStartIsToldThere() async throws {
    let directory = try TemporaryDirectory("webio-input")
    let file = try directory.write("file.txt", "x")
    func refused(_ expected: String, _ make: () async throws -> Void, line: Int = #line) async {
      do {
        try await make()
        Issue.record("nothing was thrown (line \(line))")
      } catch { #expect("\(error)".contains(expected), "line \(line)") }
    }
    await refused("allowedOrigins: \"good.example\" has no scheme. Write it as \"https://example.org\"") {
      _ = try await AppHandler(apps, allowedOrigins: ["good.example"])
    }
    await refused("has a [ without its ]") { _ = try await AppHandler(apps, allowedOrigins: ["https://[ab.example"]) }
    await refused("Not a directory") { _ = try await AppHandler(apps, staticDirectory: file) }
    await refused("No such file or directory") { _ = try await AppHandler(apps, staticDirectory: directory.file("nothing")) }
    await refused("pathDeploy: there is no directory \(file)") { try await pathDeploy(base: file) }
    await refused("Two apps have the name \"bmi\"") { _ = try await AppHandler(apps + apps) }
    await refused("trustedProxies: \"proxy\" is no address") { _ = try await AppHandler(apps, trustedProxies: ["proxy"]) }
    await refused("is no port") { try await startServer({}, port: 65_536) }
  }
}

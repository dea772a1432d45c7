import Synchronization
import TestSupport
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

/// An app without a socket: requests and answers are values, and a WebSocket is two streams.
@Suite(.timeLimit(.minutes(5))) struct AppHandlerTests {
  private static let hello = Application("index", title: "Greeting") { putText("Hello, \(try await input("Name?"))!") }
  private static let page = "/?app=index&session=NEW&webio=1&page=a"

  private func ask(
    _ handler: AppHandler, _ target: String, method: String = "GET", fields: [(name: String, value: String)] = [],
    body: String = ""
  ) async throws -> (status: Int, fields: HTTPFields, length: Int?, text: String) {
    let response = try await handler.respond(
      to: AppRequest(method: method, target: target, fields: [("Host", "app.example")] + fields, body: Array(body.utf8)))
    var known = HTTPFields()
    for (name, value) in response.fields { known.append(name, value) }
    return (
      response.status, known, response.contentLength, String(decoding: try await response.body.bytes(), as: UTF8.self)
    )
  }

  private func open(
    _ handler: AppHandler, _ target: String = Self.page, fields: [(name: String, value: String)] = []
  ) async throws -> AppResponse {
    try await handler.respond(
      to: AppRequest(
        target: target, fields: [("Host", "app.example"), ("Connection", "Upgrade"), ("Upgrade", "websocket")] + fields,
        peerAddress: "203.0.113.9"))
  }

  @Test func thePageAndWhatBelongsToIt() async throws {
    let handler = try await AppHandler([Self.hello], prefix: "/tools")
    let page = try await ask(handler, "/tools/")
    #expect(page.status == 200)
    #expect(page.fields["Content-Type"] == "text/html; charset=utf-8")
    #expect(page.text.contains("<title>Greeting</title>"))
    #expect(page.text.contains("/tools/_webio/core.js"))
    #expect(page.length == page.text.utf8.count)
    // Framing belongs to the other server.
    #expect(!page.fields.contains("Connection") && !page.fields.contains("Content-Length") && !page.fields.contains("Date"))
    let head = try await ask(handler, "/tools/", method: "HEAD")
    #expect(head.status == 200)
    #expect(head.text.isEmpty)
    #expect((head.length ?? 0) > 1_000)
    #expect(try await ask(handler, "/healthz").text == "ok\n")
    let asset = try await ask(
      handler, "/tools/_webio/core.js?v=\(FrontendAssets.version)", fields: [("Accept-Encoding", "gzip")])
    #expect(asset.fields["Content-Encoding"] == "gzip")
    #expect(asset.fields["Cache-Control"] == "public, max-age=31536000, immutable")
    #expect(try await ask(handler, "/tools/nothing").status == 404)
    #expect(try await ask(handler, "/").status == 404)
    #expect(try await ask(handler, "/tools/", method: "DELETE").fields["Allow"] == "GET, HEAD, OPTIONS, POST")
  }

  @Test func filesHaveValidatorsAndRanges() async throws {
    let directory = try TemporaryDirectory("app-handler")
    try directory.write("digits.txt", "0123456789")
    let handler = try await AppHandler([Self.hello], staticDirectory: directory.path)
    let whole = try await ask(handler, "/static/digits.txt")
    #expect(whole.text == "0123456789")
    let tag = try #require(whole.fields["ETag"])
    let again = try await ask(handler, "/static/digits.txt", fields: [("If-None-Match", tag)])
    #expect(again.status == 304)
    #expect(again.text.isEmpty)
    let part = try await ask(handler, "/static/digits.txt", fields: [("Range", "bytes=2-4")])
    #expect(part.status == 206)
    #expect(part.text == "234")
    await #expect(throws: (any Error).self) {
      _ = try await AppHandler([Self.hello], staticDirectory: directory.file("digits.txt"))
    }
  }

  @Test func theGateIsTheSame() async throws {
    let handler = try await AppHandler([Self.hello], allowedHosts: ["app.example"], allowedOrigins: ["https://good.example"])
    #expect(try await ask(handler, "/").status == 200)
    let foreign = AppRequest(target: "/", fields: [("Host", "evil.example")])
    #expect(try await handler.respond(to: foreign).status == 403)
    #expect(try await open(handler, fields: [("Origin", "https://evil.example")]).status == 403)
    #expect(try await open(handler, fields: [("Origin", "https://good.example")]).status == 101)
    let id = randomToken(24)
    for (origin, status) in [("https://evil.example", 403), ("https://app.example", 200)] {
      let fields = [(name: "Origin", value: origin), (name: "webio-session-id", value: "NEW-\(id)")]
      #expect(try await ask(handler, "/?ack=-1", fields: fields).status == status)
    }
    // A POST that would start one.
    #expect(
      try await ask(handler, "/?ack=-1&seq=0", method: "POST", fields: [("webio-session-id", "NEW-x\(id)")], body: "[]").status
        == 403)
  }

  @Test func whatIsNoRequestIsAnswered() async throws {
    let handler = try await AppHandler([Self.hello], maxPayloadSize: 100)
    #expect(handler.bodyLimit == 100)
    for broken in [
      AppRequest(method: "GE T", target: "/", fields: [("Host", "x")]),
      AppRequest(target: "/ HTTP/1.1\r\nX: y", fields: [("Host", "x")]),
      AppRequest(target: "", fields: [("Host", "x")]), AppRequest(target: "/", fields: []),
      AppRequest(target: "/", fields: [("Host", "x"), ("X", "a\r\nY: b")]),
      AppRequest(target: "/", fields: [("Host", "x"), ("", "a")]),
    ] { #expect(try await handler.respond(to: broken).status == 400) }
    let id = randomToken(24)
    _ = try await ask(handler, "/?ack=-1", fields: [("webio-session-id", "NEW-\(id)")])
    for (size, status) in [(100, 400), (101, 413)] {
      let body = String(repeating: "x", count: size)
      #expect(
        try await ask(handler, "/?ack=-1&seq=0", method: "POST", fields: [("webio-session-id", id)], body: body).status
          == status)
    }
    await handler.close(grace: .zero)
    #expect(try await ask(handler, "/").status == 503)
  }

  @Test func anAppsMistakesAreToldAtTheBeginning() async {
    await #expect(throws: WebIOError.self) { _ = try await AppHandler([]) }
    await #expect(throws: WebIOError.self) { _ = try await AppHandler([Self.hello], prefix: "tools") }
    await #expect(throws: WebIOError.self) { _ = try await AppHandler([Self.hello], maxPayloadSize: "1X") }
  }

  // MARK: Sessions

  /// The texts of a socket, until one has `part` in it.
  private func text(_ messages: inout WebSocket.AsyncIterator, with part: String) async throws -> String {
    while let message = await messages.next() {
      if case .text(let text) = message, text.contains(part) { return text }
    }
    throw NotInTime("a message with \(part)")
  }

  private func form(in text: String) throws -> (number: Int, task: String) {
    let batch = try #require(try JSONParser.parse(Array(text.utf8)).array)
    let first = try #require(batch.first?.int)
    let index = try #require(batch.firstIndex { $0["command"] == "input_group" })
    return (first + index - 1, batch[index]["task_id"]?.string ?? "")
  }

  private func submit(_ form: (number: Int, task: String), _ value: String) -> WebSocket.Message {
    .text(
      #"{"event":"from_submit","task_id":"\#(form.task)","data":{"data":"\#(value)"},"n":1,"form":\#(form.number)}"#)
  }

  @Test func aSessionOverAWebSocket() async throws {
    let address = Mutex("")
    let handler = try await AppHandler {
      address.withLock { [ip = try! info.userIP] in $0 = ip }
      putText("Hello, \(try await input("Name?"))!")
    }
    let response = try await open(handler)
    #expect(response.status == 101)
    let socket = try #require(response.webSocket)
    var messages = socket.makeAsyncIterator()
    try await socket.send(submit(try form(in: text(&messages, with: "input_group")), "Ada"))
    _ = try await text(&messages, with: "Hello, Ada!")
    #expect(address.withLock { $0 } == "203.0.113.9")
    while await messages.next() != nil {}
    #expect(await socket.closing == WebSocket.Closing(code: 1000, reason: ""))
  }

  @Test func aRelayJoinsTwoStreams() async throws {
    let handler = try await AppHandler([Self.hello])
    let socket = try #require(try await open(handler).webSocket)
    let (incoming, visitor) = AsyncStream.makeStream(of: WebSocket.Message.self)
    let said = Mutex("")
    let end = await socket.relay(incoming) { message in
      guard case .text(let text) = message else { return }
      said.withLock { $0 += text }
      if text.contains("input_group") { visitor.yield(submit(try form(in: text), "Bob")) }
    }
    #expect(said.withLock { $0 }.contains("Hello, Bob!"))
    #expect(end == WebSocket.Closing(code: 1000, reason: ""))
  }

  @Test func aSessionSurvivesALostSocketForTheReconnectTimeAndNoLonger() async throws {
    let (ends, ended) = AsyncStream.makeStream(of: Void.self)
    var over = ends.makeAsyncIterator()
    let handler = try await AppHandler(
      [
        Application("index") {
          deferCall { ended.yield() }
          putText("Hello, \(try await input("Name?"))!")
        }
      ], reconnectTimeout: .milliseconds(300))
    let (id, form) = try await lost(handler)
    var again: AppResponse? = try await open(handler, "/?app=index&session=\(id)&webio=1&page=a&received=1")
    do {
      let socket = try #require(again?.webSocket)
      var messages = socket.makeAsyncIterator()
      try await socket.send(submit(form, "Eve"))
      #expect(try await text(&messages, with: "Hello, Eve!").contains("output"))
    }
    again = nil
    let other = try await lost(handler)
    _ = await over.next()
    // Of the second one nobody has come for.
    _ = await over.next()
    let late = try #require(try await open(handler, "/?app=index&session=\(other.id)&webio=1&page=a&received=1").webSocket)
    var messages = late.makeAsyncIterator()
    #expect(try await text(&messages, with: "close_session").contains("close_session"))
  }

  /// A session whose socket is dropped with its form open, without a word.
  private func lost(_ handler: AppHandler) async throws -> (id: String, form: (number: Int, task: String)) {
    let socket = try #require(try await open(handler).webSocket)
    var messages = socket.makeAsyncIterator()
    let id = try await text(&messages, with: "set_session_id")
    let form = try self.form(in: await text(&messages, with: "input_group"))
    return (try JSONParser.parse(Array(id.utf8))["spec"]?.string ?? "", form)
  }

  @Test func aSessionOfHTTPRequests() async throws {
    let handler = try await AppHandler([Self.hello], transport: .http)
    #expect(try await open(handler).status == 400)
    let id = randomToken(24)
    var answer = try await ask(handler, "/?app=index&ack=-1", fields: [("webio-session-id", "NEW-\(id)")])
    while !answer.text.contains("input_group") {
      answer = try await ask(handler, "/?app=index&ack=-1", fields: [("webio-session-id", id)])
    }
    let task = try JSONParser.parse(Array(answer.text.utf8))["commands"]?.array?.first?.array?.last?["task_id"]?.string ?? ""
    answer = try await ask(
      handler, "/?app=index&ack=0&seq=0", method: "POST",
      fields: [("webio-session-id", id), ("Content-Type", "application/json")],
      body: #"[{"event":"from_submit","task_id":"\#(task)","data":{"data":"Zoe"}}]"#)
    while !answer.text.contains("Hello, Zoe!") {
      answer = try await ask(handler, "/?app=index&ack=0", fields: [("webio-session-id", id)])
    }
  }

  @Test func aRequestThatIsCancelledIsOver() async throws {
    var limits = ServerLimits()
    limits.sessions.longPoll = .seconds(3_600)
    let handler = try await AppHandler([Application("index") { hold() }], limits: limits)
    let id = randomToken(24)
    let fields = [(name: "webio-session-id", value: "NEW-\(id)")]
    _ = try await ask(handler, "/?ack=-1&webio=1", fields: fields)
    await turns(handler) { $0 == 0 }
    // There is nothing to tell: it waits for an hour.
    let waiting = Task { try await ask(handler, "/?ack=5&webio=1", fields: [("webio-session-id", id)]) }
    await turns(handler) { $0 == 1 }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    await turns(handler) { $0 == 0 }
  }

  // MARK: Back-pressure

  /// Lets the loop go on until so many requests are being answered.
  @EventLoop private func turns(_ handler: AppHandler, until isReached: (Int) -> Bool) async {
    while !isReached(handler.server.connectionCount), !Task.isCancelled { await turn() }
  }

  @EventLoop private func turn() async {
    await withCheckedContinuation { done in EventLoop.run { done.resume() } }
  }

  @EventLoop @Test func aSlowReaderOfABodyHoldsTheFileBack() async throws {
    let directory = try TemporaryDirectory("app-handler")
    let size = 24 << 20
    try directory.write("large.bin", String(repeating: "x", count: size))
    let handler = try await AppHandler([Self.hello], staticDirectory: directory.path)
    let (client, end) = MemoryStream.pair(peerAddress: "")
    handler.server.accept(end)
    let request = AppRequest(target: "/static/large.bin", fields: [("Host", "x")])
    let response = try await AppExchange(client, body: []).send(request, try #require(request.forwarded))
    var body = response.body.makeAsyncIterator()
    var count = try await body.next()?.count ?? 0
    for _ in 0..<2_000 { await turn() }
    // All of it would be there by now, if nothing held it back.
    #expect(end.bufferedBytes < 3 << 20)
    while let piece = try await body.next() {
      #expect(piece.count <= 64 << 10)
      count += piece.count
    }
    #expect(count == size)
  }

  @EventLoop @Test func aSlowReaderOfASocketHoldsTheOutputBack() async throws {
    let (ends, done) = AsyncStream.makeStream(of: Void.self)
    var over = ends.makeAsyncIterator()
    let handler = try await AppHandler {
      for number in 1...400 { putText("\(number) " + String(repeating: "x", count: 40_000)) }
      done.yield()
      hold()
    }
    let (client, end) = MemoryStream.pair(peerAddress: "")
    handler.server.accept(end)
    let request = AppRequest(target: Self.page, fields: [("Host", "x"), ("Upgrade", "websocket")])
    let response = try await AppExchange(client, body: []).send(request, try #require(request.forwarded))
    let socket = try #require(response.webSocket)
    _ = await over.next()
    for _ in 0..<2_000 { await turn() }
    #expect(end.bufferedBytes < 3 << 20)
    #expect(end.bufferedBytes > 0)
    // What was held back comes when it is taken.
    var messages = socket.makeAsyncIterator()
    #expect(try await text(&messages, with: "\"400 x").contains("output"))
  }

  @EventLoop @Test func aLargeBodyIsHandedOnInPieces() async throws {
    let handler = try await AppHandler([Application("index") { hold() }], maxPayloadSize: "64M")
    let id = randomToken(24)
    _ = try await ask(handler, "/?ack=-1", fields: [("webio-session-id", "NEW-\(id)")])
    let (client, end) = MemoryStream.pair(peerAddress: "")
    handler.server.accept(end)
    let body = Array(("[" + String(repeating: " ", count: 20 << 20) + "]").utf8)
    let request = AppRequest(
      method: "POST", target: "/?ack=-1&seq=0", fields: [("Host", "x"), ("webio-session-id", id)], body: body)
    async let response = AppExchange(client, body: body).send(request, try #require(request.forwarded))
    await turn()
    #expect(client.bufferedBytes < 2 << 20)
    #expect(try await response.status == 200)
  }

  // MARK: WebServer

  @EventLoop @Test(arguments: Carrier.allCases) func anAppInsideAWebServer(_ carrier: Carrier) async throws {
    let app = try await AppHandler([Self.hello])
    let server = WebServer(port: 0) { request in
      request.path == "/own" ? "mine" : try await app.respond(to: request)
    }
    let port = UInt16(try await server.start())
    let page = TestPage(carrier)
    #expect(try await page.open(port: port, query: "app=index&session=NEW&webio=1&page=a") == 101)
    await page.answer("Name?", "Max")
    await page.waitForText("Hello, Max!")
    await page.wait { $0.closeCode == 1000 }
    await server.stop(grace: .zero)
  }
}

import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

/// The HTTP session as PyWebIO's page speaks it, and what nobody should send. PROTOCOL.md, section 7.
@EventLoop @Suite(.timeLimit(.minutes(5))) struct PollingTests {
  private let id = "abcdefghijklmnopqrstuvwx"
  private let hello = Application("index") { putText("Hello, \(try await input("Name?"))!") }

  /// A new session's first answer with commands in it.
  private func start(_ server: AppServer) async throws -> Reply {
    var answer = try await ask(server, "GET", "app=index&ack=-1", id: "NEW-\(id)")
    while answer.status == 200, answer.body["commands"] == [] {
      answer = try await ask(server, "GET", "app=index&ack=-1", id: id)
    }
    return answer
  }

  @Test func aWholeSessionOfPyWebIOsPage() async throws {
    let server = try serve([hello])
    let first = try await start(server)
    #expect(first.status == 200)
    #expect(first.body["seq"] == 0)
    #expect(first.body["ack"] == -1)
    let form = try #require(first.body["commands"]?.array?.first?.array?.last)
    #expect(form["command"] == "input_group")
    // Not acknowledged, so it comes again; acknowledged, it does not.
    let again = try await ask(server, "GET", "app=index&ack=-1", id: "NEW-\(id)")
    #expect(again.body == first.body)
    let quiet = try await ask(server, "GET", "app=index&ack=0", id: id)
    #expect(quiet.body == ["commands": [], "seq": 1, "ack": -1])
    let task = form["task_id"]?.string ?? ""
    let event = #"[{"event":"from_submit","task_id":"\#(task)","data":{"data":"Ada"}}]"#
    let answer = try await ask(server, "POST", "app=index&ack=0&seq=0", id: id, body: event)
    #expect(answer.body["ack"] == 0)
    var names: [String] = []
    var (seen, body) = (0, answer.body)
    while !names.contains("close_session") {
      for batch in body["commands"]?.array ?? [] {
        seen += 1
        names += (batch.array ?? []).compactMap { $0["command"]?.string }
      }
      body = try await ask(server, "GET", "app=index&ack=\(seen)", id: id).body
    }
    #expect(names == ["destroy_form", "output", "close_session"])
    // It is over, and forgotten once its end was acknowledged.
    let late = try await ask(server, "GET", "app=index&ack=\(seen)", id: id)
    #expect(late.body == ["commands": [[["command": "close_session"]]], "seq": .int(Int64(seen + 1))])
  }

  @Test func anEventThatComesTwiceCountsOnce() async throws {
    let server = try serve([
      Application("index") { putText(try await input("One") + (try await input("Two"))) }
    ])
    let first = try await start(server)
    let task = first.body["commands"]?.array?.first?.array?.last?["task_id"]?.string ?? ""
    func event(_ text: String) -> String { #"{"event":"from_submit","task_id":"\#(task)","data":{"data":"\#(text)"}}"# }
    _ = try await ask(server, "POST", "ack=0&seq=0", id: id, body: "[\(event("a"))]")
    var last = try await ask(server, "POST", "ack=0&seq=0", id: id, body: "[\(event("a")),\(event("b"))]")
    #expect(last.body["ack"] == 1)
    while !last.body.description.contains("\"ab\"") { last = try await ask(server, "GET", "ack=0", id: id) }
  }

  @Test func whatIsNotPartOfASessionIsRefused() async throws {
    let server = try serve(allowedOrigins: ["https://good.example"], [hello])
    // A session id that never was.
    let unknown = try await ask(server, "GET", "ack=4", id: id)
    #expect(unknown.body == ["commands": [[["command": "close_session"]]], "seq": 5])
    let ours = try await ask(server, "GET", "ack=-1&webio=1", id: id)
    #expect(ours.body["close"] == 1006)
    #expect(try await ask(server, "POST", "ack=4&seq=0", id: id, body: "[]").body == unknown.body)
    // A form of another site can send a POST, but none that starts a session.
    #expect(try await ask(server, "POST", "ack=-1&seq=0", id: "NEW-\(id)", body: "[]").status == 403)
    #expect(try await ask(server, "POST", "ack=-1&seq=0", body: "[]").status == 405)
    for text in ["x", "NEW-", "NEW-short", "NEW-\(id)%", String(repeating: "a", count: 65)] {
      #expect(try await ask(server, "GET", "ack=-1", id: text).status == 400)
    }
    let foreign: HTTPFields = ["Origin": "https://evil.example"]
    #expect(try await ask(server, "GET", "ack=-1", id: "NEW-\(id)", fields: foreign).status == 403)
    #expect(try await ask(server, "OPTIONS", "", fields: foreign).status == 403)
    _ = try await ask(server, "GET", "ack=-1", id: "NEW-\(id)")
    for query in ["ack=0", "ack=0&seq=x", "ack=0&seq=-1", "ack=0&seq=99999999999999999999"] {
      #expect(try await ask(server, "POST", query, id: id, body: "[]").status == 400)
    }
    for body in ["", "{}", "[", "no"] {
      #expect(try await ask(server, "POST", "ack=0&seq=0", id: id, body: body).status == 400)
    }
    let tooLong = String(repeating: " ", count: 1 << 20) + "[]"
    #expect(try await ask(server, "POST", "ack=0&seq=0", id: id, body: tooLong).status == 413)
    #expect(try await ask(server, "DELETE", "", id: id).status == 405)
  }

  @Test func aPageOfAnAllowedHostMaySpeak() async throws {
    let server = try serve(allowedOrigins: ["https://*.good.example"], [hello])
    let origin: HTTPFields = ["Origin": "https://www.good.example"]
    let preflight = try await ask(server, "OPTIONS", "app=index", fields: origin)
    #expect(preflight.status == 204)
    #expect(preflight.fields["Access-Control-Allow-Headers"] == "content-type, webio-session-id")
    let answer = try await ask(server, "GET", "ack=-1", id: "NEW-\(id)", fields: origin)
    for answer in [preflight, answer] {
      #expect(answer.fields["Access-Control-Allow-Origin"] == "https://www.good.example")
      #expect(answer.fields["Vary"] == "Origin")
    }
    let own = try await ask(server, "GET", "ack=-1", id: id)
    #expect(own.fields["Access-Control-Allow-Origin"] == nil)
  }

  @Test func aServerOfOneKindRefusesTheOther() async throws {
    let sockets = try serve(transport: .webSocket, [hello])
    // There the field means nothing, and the page is the answer.
    let page = try await ask(sockets, "GET", "", id: "NEW-\(id)")
    #expect(page.fields["Content-Type"] == "text/html; charset=utf-8")
    #expect(try await ask(sockets, "GET", "test=1").body == "")
    let requests = try serve(transport: .http, [hello])
    #expect(try await TestPage().open(port: requests.port, query: "app=index&session=NEW") == 400)
    #expect(try await ask(requests, "GET", "test=1").body == "ok")
  }

  @Test(arguments: Carrier.allCases) func thereIsRoomForSoManyVisitors(_ carrier: Carrier) async throws {
    for isTotal in [true, false] {
      var limits = SessionLimits()
      if isTotal { limits.total = 2 } else { limits.perAddress = 2 }
      let server = try serve(reconnectTimeout: .zero, sessions: limits, [hello])
      let query = "app=index&session=NEW&webio=1&page=a"
      let (first, second) = (TestPage(carrier), TestPage(carrier))
      for page in [first, second] { #expect(try await page.open(port: server.port, query: query) == 101) }
      #expect(try await TestPage(carrier).open(port: server.port, query: query) == 503)
      await first.answer("Name?", "Ada")
      await first.wait { $0.closeCode != nil }
      #expect(try await TestPage(carrier).open(port: server.port, query: query) == 101)
    }
  }

  @Test func aPageThatAsksForNothingAnyMoreIsForgotten() async throws {
    var limits = SessionLimits()
    (limits.expiry, limits.cleanupInterval) = (.milliseconds(1), .milliseconds(20))
    let ended = AsyncStream<Void>.makeStream()
    let server = try serve(
      reconnectTimeout: .zero, sessions: limits,
      [
        Application("index") {
          deferCall { ended.continuation.yield() }
          hold()
        }
      ])
    _ = try await ask(server, "GET", "ack=-1", id: "NEW-\(id)")
    for await _ in ended.stream { break }
    let late = try await ask(server, "GET", "ack=-1", id: id)
    #expect(late.body["commands"] == [[["command": "close_session"]]])
  }
}

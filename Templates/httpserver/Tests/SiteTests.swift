import Foundation
import Testing

@testable import {{module}}

/// The apps in this server, by real connections to it.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SiteTests {
  private func withSite(_ body: (Site) async throws -> Void) async throws {
    let site = try await Site.start(port: 0)
    do {
      try await body(site)
    } catch {
      await site.stop()
      throw error
    }
    await site.stop()
  }

  @Test func theServersRoutesAndTheApps() async throws {
    try await withSite { site in
      let visitor = try Visitor(port: site.port)
      #expect(try visitor.ask("/").body.contains("own page"))
      #expect(try visitor.ask("/apps").body.contains("<title>Apps</title>"))
      let page = try visitor.ask("/apps/?app=bmi")
      #expect(page.status == 200)
      #expect(page.body.contains("<title>Body mass index</title>"))
      #expect(page.head.lowercased().contains("content-security-policy: "))
      let address = try #require(page.body.firstMatch(of: /src="(\/apps\/_webio\/core.js[^"]*)"/)).1
      let script = try visitor.ask(String(address))
      #expect(script.status == 200)
      #expect(script.body.contains("WebSocket"))
      #expect(script.head.lowercased().contains("max-age=31536000"))
      #expect(try visitor.ask(String(address), method: "HEAD").status == 200)
      #expect(try visitor.ask("/apps/nothing").status == 404)
      #expect(try visitor.ask("/nothing").status == 404)
    }
  }

  @Test func aSessionByWebSocket() async throws {
    try await withSite { site in
      let visitor = try Visitor(port: site.port)
      let opened = try visitor.open("/apps/?app=hello&session=NEW&webio=1&page=p")
      #expect(opened.status == 101)
      #expect(opened.head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
      let id = try #require(try visitor.receive(with: "set_session_id").firstMatch(of: /"spec":"(\w+)"/)).1
      try visitor.send("are you there?", opcode: 9)
      var task = try visitor.receive()
      if task.hasPrefix("pong") { task = try visitor.receive(with: "input_group") }
      try visitor.send(answer(task, "Ada Lovelace, née Byron"))
      _ = try visitor.receive(with: "Hello, Ada Lovelace, née Byron!")
      #expect(throws: Visitor.Failure.self) { while true { _ = try visitor.receive() } }
      #expect(id.count == 43)
    }
  }

  @Test func aLostConnectionIsNoLostSession() async throws {
    try await withSite { site in
      var visitor = try Visitor(port: site.port)
      _ = try visitor.open("/apps/?app=hello&session=NEW&webio=1&page=p")
      let id = try #require(try visitor.receive(with: "set_session_id").firstMatch(of: /"spec":"(\w+)"/)).1
      visitor = try Visitor(port: site.port)
      _ = try visitor.open("/apps/?app=hello&session=\(id)&webio=1&page=p&received=0")
      try visitor.send(answer(try visitor.receive(with: "input_group"), "Ada"))
      _ = try visitor.receive(with: "Hello, Ada!")
    }
  }

  @Test func aSessionByRequests() async throws {
    try await withSite { site in
      let visitor = try Visitor(port: site.port)
      let id = "abcdefghijklmnopqrstuvwx"
      var text = try visitor.ask("/apps/?app=hello&ack=-1", ["webio-session-id: NEW-\(id)"]).body
      while !text.contains("input_group") {
        text = try visitor.ask("/apps/?app=hello&ack=-1", ["webio-session-id: \(id)"]).body
      }
      let fields = ["webio-session-id: \(id)", "Content-Type: application/json"]
      text = try visitor.ask("/apps/?app=hello&ack=-1&seq=0", fields, method: "POST", body: "[\(answer(text, "Bob"))]").body
      while !text.contains("Hello, Bob!") { text = try visitor.ask("/apps/?app=hello&ack=-1", fields).body }
    }
  }

  @Test func strangersAreRefused() async throws {
    try await withSite { site in
      let foreign = ["Origin: https://evil.example"]
      let visitor = try Visitor(port: site.port)
      #expect(try visitor.open("/apps/?app=hello&session=NEW", foreign).status == 403)
      let fields = foreign + ["webio-session-id: NEW-abcdefghijklmnopqrstuvwx"]
      let other = try Visitor(port: site.port)
      #expect(try other.ask("/apps/?app=hello&ack=-1", fields).status == 403)
    }
  }

  @Test func theEndIsTold() async throws {
    let site = try await Site.start(port: 0)
    let visitor = try Visitor(port: site.port)
    _ = try visitor.open("/apps/?app=hello&session=NEW&webio=1&page=p")
    _ = try visitor.receive(with: "input_group")
    await site.stop()
    let end = #expect(throws: Visitor.Failure.self) { while true { _ = try visitor.receive() } }
    #expect(end?.description == "closed with 1001")
    #expect(throws: Visitor.Failure.self) { try Visitor(port: site.port).ask("/") }
  }

  /// The event that submits the form in `frame`.
  private func answer(_ frame: String, _ value: String) throws -> String {
    let task = try #require(frame.firstMatch(of: /"command":"input_group".*?"task_id":"([^"]+)"/)).1
    return #"{"event":"from_submit","task_id":"\#(task)","data":{"data":"\#(value)"},"n":1}"#
  }
}

import TestSupport
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

@EventLoop @Suite(.timeLimit(.minutes(5))) struct SessionTests {
  private let hello = Application("index") {
    let name = try await input("Name?")
    putText("Hello, \(name)!")
  }

  @Test(arguments: Carrier.allCases) func asksAndTellsAndEnds(_ carrier: Carrier) async throws {
    let server = try serve([hello])
    let page = TestPage(carrier)
    #expect(try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a") == 101)
    await page.answer("Name?", "Ada")
    await page.waitForText("Hello, Ada!")
    await page.wait { $0.closeCode != nil }
    #expect(page.commands.last?["command"]?.string == "close_session")
    #expect(page.closeCode == 1000)
  }

  /// A program waits for that word. Its visitor may leave with the last output unread.
  @Test func theEndIsToldOnceThoughNobodyTookTheLastOutput() async {
    let info = SessionInfo(
      userAgent: "", acceptLanguage: "", serverHost: "localhost", origin: "", userIP: "", app: "index",
      transport: "websocket", isDeveloper: false)
    final class Ends { var count = 0 }
    let ends = Ends()
    let session = Session(id: "s", info: info, directory: SessionDirectory()) { _ in ends.count += 1 }
    let context = session.adopt(name: "program")
    context.send("output", Spec(type: "text"))
    session.release(context)
    await withCheckedContinuation { turn in EventLoop.run { turn.resume() } }
    #expect(ends.count == 0)
    session.expire()
    session.expire()
    await withCheckedContinuation { turn in EventLoop.run { turn.resume() } }
    #expect(ends.count == 1)
  }

  @Test(arguments: Carrier.allCases) func blockingFunctionAsksToo(_ carrier: Carrier) async throws {
    let server = try serve([
      Application(
        "index",
        blocking: {
          let (name, age) = try inputGroup(
            "You", .input("Name", name: "name"), .input("Age", type: .number, name: "age"))
          putText("\(name) \(age + 1)")
        })
    ])
    let page = TestPage(carrier)
    _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
    page.send("from_submit", task: await page.form(label: "You"), ["name": "Ada", "age": 35])
    await page.waitForText("Ada 36")
  }

  /// `startServer(http:)` says where task functions and callbacks run.
  @Test func anExecutorOfTheProgramsOwn() async throws {
    var options = HTTPServerOptions()
    options.executor = NamedThreads("my-pool")
    let server = try serve(
      http: options,
      [
        Application("index") {
          putText("task on \(NamedThreads.current)")
          putButton("Press") { putText("click on \(NamedThreads.current)") }
          _ = try await input("Name?")
          putText("then on \(NamedThreads.current)")
        }
      ])
    let page = TestPage()
    _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
    await page.waitForText("task on my-pool")
    await page.answer("Name?", "Ada")
    await page.waitForText("then on my-pool")
    let buttons = page.commands.compactMap { $0["spec"]?["callback_id"]?.string }
    page.send("callback", task: try #require(buttons.first), 0)
    await page.waitForText("click on my-pool")
  }

  @Test(arguments: Carrier.allCases) func lostLinkLosesNothing(_ carrier: Carrier) async throws {
    let server = try serve([
      Application("index") {
        putText("before")
        _ = try await input("Go?")
        putText("after")
        _ = try await input("End?")
      }
    ])
    let page = TestPage(carrier)
    _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
    let task = await page.form(label: "Go?")
    await page.wait { $0.sessionID != nil }
    let id = try #require(page.sessionID)
    page.drop()

    let again = TestPage(carrier)
    let query = "app=index&session=\(id)&webio=1&page=a&received=\(page.lastNumber)"
    _ = try await again.open(port: server.port, query: query)
    again.send("from_submit", task: task, ["data": "yes"])
    await again.waitForText("after")
    #expect(!again.commands.contains { $0["spec"]?["content"]?.string == "before" })

    // A refresh begins from nothing and sees the page as it is, without the form that was answered.
    again.drop()
    let fresh = TestPage(carrier)
    _ = try await fresh.open(port: server.port, query: "app=index&session=\(id)&webio=1&page=b&received=0")
    await fresh.waitForText("after")
    #expect(fresh.commands.contains { $0["spec"]?["content"]?.string == "before" })
    await fresh.answer("End?", "x")
    await fresh.wait { $0.closeCode != nil }
  }

  /// A server of several apps lists them, and whoever looks at the list is not told that it has ended.
  @Test func theListOfAppsStays() async throws {
    let server = try serve([
      Application("one", title: "First", description: "The first one.") {}, Application("two", title: "Second") {},
    ])
    let page = TestPage()
    _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
    await page.waitForText("The first one.")
    await page.wait { $0.sessionID != nil && $0.commands.contains { $0["spec"]?["app"]?.string == "two" } }
    let id = try #require(page.sessionID)
    page.drop()
    let again = TestPage()
    _ = try await again.open(port: server.port, query: "app=index&session=\(id)&webio=1&page=b&received=0")
    await again.waitForText("The first one.")
    #expect(!again.commands.contains { $0["command"]?.string == "close_session" })
  }

  @Test(arguments: Carrier.allCases) func secondPageTakesOver(_ carrier: Carrier) async throws {
    let server = try serve([hello])
    let first = TestPage(carrier)
    _ = try await first.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
    await first.wait { $0.sessionID != nil }
    let second = TestPage(carrier)
    let id = try #require(first.sessionID)
    _ = try await second.open(port: server.port, query: "app=index&session=\(id)&webio=1&page=b&received=0")
    await first.wait { $0.closeCode != nil }
    #expect(first.closeCode == 4001)
    await second.answer("Name?", "Bob")
    await second.waitForText("Hello, Bob!")
  }

  @Test(arguments: Carrier.allCases) func resentEventsAreHandledOnce(_ carrier: Carrier) async throws {
    let server = try serve([
      Application("index") {
        let one = try await input("One")
        let two = try await input("Two")
        putText("\(one)-\(two)")
      }
    ])
    let page = TestPage(carrier)
    _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
    let task = await page.form(label: "One")
    let event = #"{"event":"from_submit","task_id":"\#(task)","data":{"data":"a"},"n":1}"#
    page.sendRaw(event)
    _ = await page.form(label: "Two")
    page.sendRaw(event)
    page.sendRaw(#"{"event":"from_submit","task_id":"\#(task)","data":{"data":"b"},"n":2}"#)
    await page.waitForText("a-b")
  }

  @Test(arguments: Carrier.allCases) func aThrowingTaskTellsTheDetailsOnlyToTheDeveloper(_ carrier: Carrier) async throws {
    struct Broken: Error {}
    for debug in [false, true] {
      let server = try serve(debug: debug, [Application("index") { throw Broken() }])
      let page = TestPage(carrier)
      _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
      await page.wait { $0.closeCode != nil }
      let error = page.commands.first { $0["command"]?.string == "task_error" }
      #expect((error?["spec"]?["detail"]?.string == "Broken()") == debug)
    }
  }

  @Test(arguments: Carrier.allCases) func leavingEndsTheTaskAndRunsDeferredCalls(_ carrier: Carrier) async throws {
    final class Record: Sendable { @EventLoop var ends: [String] = [] }
    let record = Record()
    let parker = AsyncStream<Void>.makeStream()
    let server = try serve(
      reconnectTimeout: .zero,
      [
        Application("index") {
          deferCall {
            EventLoop.run {
              record.ends.append("deferred"); parker.continuation.yield()
            }
          }
          do { _ = try await input("Name?") } catch {
            EventLoop.run {
              record.ends.append("\(error as? WebIOError == .sessionClosed)"); parker.continuation.yield()
            }
          }
        }
      ])
    let page = TestPage(carrier)
    _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
    _ = await page.form(label: "Name?")
    page.drop()
    var iterator = parker.stream.makeAsyncIterator()
    _ = await iterator.next()
    _ = await iterator.next()
    #expect(record.ends.sorted() == ["deferred", "true"])
  }

  @Test(arguments: Carrier.allCases) func aClickOnAButtonThatIsNotThereIsIgnored(_ carrier: Carrier) async throws {
    let server = try serve([Application("index") { putButtons(["a", "b"]) { putText("clicked \($0)") } }])
    let page = TestPage(carrier)
    _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
    await page.wait { !$0.commands.isEmpty }
    let id = try #require(page.commands[0]["spec"]?["callback_id"]?.string)
    for data: JSONValue in [7, -1, "x", nil, 1] { page.send("callback", task: id, data) }
    await page.waitForText("clicked b")
    #expect(page.commands.filter { $0["spec"]?["type"]?.string == "text" }.count == 1)
  }

  @Test(arguments: Carrier.allCases) func unknownSessionIsRefusedLikeAnExpiredOne(_ carrier: Carrier) async throws {
    let server = try serve([hello])
    let page = TestPage(carrier)
    _ = try await page.open(port: server.port, query: "app=index&session=nobody&webio=1&page=a&received=0")
    await page.wait { $0.closeCode != nil }
    #expect(page.commands.map { $0["command"]?.string } == ["close_session"])
  }

  @Test(arguments: Carrier.allCases) func whatIsNoEventEndsTheConnection(_ carrier: Carrier) async throws {
    let server = try serve([hello])
    let page = TestPage(carrier)
    _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
    page.sendRaw(#"{"no":"event"}"#)
    await page.wait { $0.closeCode != nil }
    #expect(page.closeCode == 1008)
  }

  @Test func textThatIsNoEventEndsTheConnection() async throws {
    let server = try serve([hello])
    let page = TestPage()
    _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
    page.sendRaw("{not json")
    await page.wait { $0.closeCode != nil }
    #expect(page.closeCode == 1008)
  }

  @Test(arguments: Carrier.allCases) func pyWebIOsClientGetsOneCommandAFrame(_ carrier: Carrier) async throws {
    let server = try serve([hello])
    let page = TestPage(carrier)
    _ = try await page.open(port: server.port, query: "app=index&session=NEW")
    let task = await page.form(label: "Name?")
    page.sendRaw(#"{"event":"from_submit","task_id":"\#(task)","data":{"data":"Ada"}}"#)
    await page.waitForText("Hello, Ada!")
    #expect(page.lastNumber == 0)
  }

  @Test(arguments: [
    ("http://localhost:PORT", nil, 101), (nil, nil, 101), ("https://evil.example", nil, 403), ("null", nil, 403),
    ("http://localhost:1", nil, 403), ("https://good.example", nil, 101), (nil, "evil.example", 403),
    (nil, "127.0.0.1:PORT", 101), (nil, "[::1]:PORT", 101), ("http://evil.example", "evil.example", 403),
  ])
  func gateKnowsHostsAndOrigins(_ origin: String?, _ host: String?, _ expected: Int) async throws {
    let server = try serve(allowedOrigins: ["https://good.example"], [hello])
    func fill(_ text: String?) -> String? { text?.replacing("PORT", with: "\(server.port)") }
    let status = try await TestPage().open(
      port: server.port, query: "app=index&session=NEW", origin: fill(origin), host: fill(host))
    #expect(status == expected)
  }

  @Test(arguments: Carrier.allCases) func concurrentQuestionsAreNotMixedUp(_ carrier: Carrier) async throws {
    let server = try serve([
      Application("index") {
        async let a = input("A")
        async let b = input("B")
        let (first, second) = try await (a, b)
        putText("\(first)\(second)")
      }
    ])
    let page = TestPage(carrier)
    _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
    await page.answer("B", "2")
    await page.answer("A", "1")
    await page.waitForText("12")
  }

  @Test(arguments: Carrier.allCases) func evalWaitsForItsAnswer(_ carrier: Carrier) async throws {
    let server = try serve([
      Application("index") { putText("\(try await evalJS("a + 1", ["a": 41]).int ?? 0)") }
    ])
    let page = TestPage(carrier)
    _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
    await page.wait { $0.commands.contains { $0["command"]?.string == "run_script" } }
    let command = try #require(page.commands.first { $0["command"]?.string == "run_script" })
    #expect(command["spec"] == ["code": "a + 1", "args": ["a": 41], "eval": true])
    page.send("js_yield", task: try #require(command["task_id"]?.string), 42)
    await page.waitForText("42")
  }

  @Test(arguments: Carrier.allCases) func visitorsHaveTheirOwnStorage(_ carrier: Carrier) async throws {
    let server = try serve([
      Application("index") {
        local.name = try await input("Name?")
        _ = try await input("Wait")
        let name: String? = local.name
        putText(name ?? "nobody")
      }
    ])
    let (ada, bob) = (TestPage(carrier), TestPage(carrier))
    for (page, name) in [(ada, "Ada"), (bob, "Bob")] {
      _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
      await page.answer("Name?", .string(name))
    }
    await ada.answer("Wait", "")
    await bob.answer("Wait", "")
    await ada.waitForText("Ada")
    await bob.waitForText("Bob")
  }
}

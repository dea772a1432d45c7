import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

/// What a page can pile up is bounded in number and in bytes.
@Suite(.timeLimit(.minutes(5))) struct HostilePageTests {
  private static func event(_ name: String = "js_yield", size: Int) -> Event {
    guard let event = Event(["event": .string(name), "task_id": "t"], size: size) else { fatalError(name) }
    return event
  }

  private static func added(_ sizes: [Int], to backlog: inout Backlog) -> [Bool] { sizes.map { backlog.add($0) } }

  @Test(arguments: [1, 0, -1]) func aBacklogIsFullAtItsBytes(_ room: Int) {
    var backlog = Backlog(limit: 3)
    #expect(Self.added([1, Backlog.byteLimit - 1 - room, 1], to: &backlog) == [true, room >= 0, room != 0])
  }

  @Test func aBacklogIsFullAtItsNumber() {
    var backlog = Backlog(limit: 2)
    #expect(Self.added([5, 6, 0], to: &backlog) == [true, true, false])
    backlog.remove(6)
    #expect(backlog.count == 1 && backlog.bytes == 5)
    #expect(Self.added([0, 0], to: &backlog) == [true, false])
  }

  @Test func whatComesAloneMayBeLarger() {
    var backlog = Backlog(limit: 10)
    #expect(Self.added([Backlog.byteLimit * 4, 1], to: &backlog) == [true, false])
    backlog.remove(Backlog.byteLimit * 4)
    #expect(Self.added([1], to: &backlog) == [true] && backlog.bytes == 1)
  }

  private static func posted(_ events: [Event], to mailbox: borrowing Mailbox) -> [Bool] {
    var taken: [Bool] = []
    for event in events { taken.append(mailbox.post(event)) }
    return taken
  }

  @Test func aTaskThatDoesNotReadKeepsFewBytes() async throws {
    let mailbox = Mailbox()
    let third = Self.event(size: Backlog.byteLimit / 3)
    let taken = Self.posted([third, third, third, third], to: mailbox)
    #expect(taken == [true, true, true, false])
    _ = try await mailbox.next()
    let takenThen = Self.posted([third, third], to: mailbox)
    #expect(takenThen == [true, false])
    mailbox.discardAll()
    let takenAnew = Self.posted([third, third, third, third], to: mailbox)
    #expect(takenAnew == taken)
  }

  /// Of a field's changes the last one waits.
  @Test func changesOfAFieldTakeEachOthersPlace() throws {
    let mailbox = Mailbox()
    func change(size: Int) throws -> Event {
      let data: JSONValue = ["name": "a", "event_name": "change", "value": 1]
      return try #require(Event(["event": "input_event", "task_id": "t", "data": data], size: size))
    }
    let most = try change(size: Backlog.byteLimit - 1)
    let taken = try Self.posted(
      [Self.event(size: 1), most, most, change(size: Backlog.byteLimit), change(size: 1)], to: mailbox)
    #expect(taken == [true, true, true, false, true])
    let rest = Self.posted([Self.event(size: Backlog.byteLimit - 2), Self.event(size: 1)], to: mailbox)
    #expect(rest == [true, false])
  }

  /// 1,000 clicks are worked on at a time; one more is dropped, and there is room again when one has ended.
  @EventLoop @Test func clicksThatAreNotFinishedAreCounted() async throws {
    let page = try await TestPage.on([
      Application("index") {
        putButton("Wait") { putText("done \(try await evalJS("1"))") }
      }
    ])
    await page.wait { $0.spec("output") != nil }
    let callback = try #require(page.spec("output")?["callback_id"]?.string)
    func asked() -> [String] {
      page.commands.filter { $0["command"]?.string == "run_script" }.compactMap { $0["task_id"]?.string }
    }
    for _ in 0..<Session.clickLimit + 1 { page.send("callback", task: callback, 0) }
    await page.wait { _ in asked().count >= Session.clickLimit }
    page.send("js_yield", task: asked()[0], 1)
    await page.waitForText("done 1")
    // Its task ends behind its last output.
    while asked().count == Session.clickLimit {
      let count = page.count("event_ack")
      page.send("callback", task: callback, 0)
      await page.wait { $0.count("event_ack") > count }
    }
    page.send("js_yield", task: asked()[Session.clickLimit], 2)
    await page.waitForText("done 2")
    #expect(asked().count == Session.clickLimit + 1)
  }

  @Test(arguments: [UploadMessage.fileLimit, UploadMessage.fileLimit + 1]) func filesOfAMessageAreCounted(_ count: Int) {
    let file = segment(Array(#"{"filename":"","input_name":""}"#.utf8)) + segment([])
    let message = segment(Array(#"{"event":"from_submit"}"#.utf8)) + [[UInt8]](repeating: file, count: count).joined()
    let taken = message.withUnsafeBytes { UploadMessage($0) }
    #expect(taken?.files[""]?.count == (count > UploadMessage.fileLimit ? nil : count))
  }

  @Test(arguments: [0, 1]) func aFilesHeaderIsShort(_ extra: Int) {
    let frame = #"{"filename":"","input_name":""}"#
    let name = String(repeating: "a", count: UploadMessage.headerLimit - frame.utf8.count + extra)
    let header = Array(#"{"filename":"\#(name)","input_name":""}"#.utf8)
    let message = segment(Array(#"{"event":"from_submit"}"#.utf8)) + segment(header) + segment([1])
    #expect((message.withUnsafeBytes { UploadMessage($0) } != nil) == (extra == 0))
  }

  @EventLoop @Test(arguments: [0, 1]) func anAnnouncedFilesNameIsShort(_ extra: Int) {
    let name = String(repeating: "a", count: UploadMessage.headerLimit + extra)
    let upload = Upload(["id": "u1", "name": "f", "filename": .string(name), "size": 1], task: "t") { _ in }
    #expect((upload != nil) == (extra == 0))
  }

  @Test func aFloodOfMistakesFillsNoLog() {
    var budget = LineBudget(burst: 3)
    let start = MonotonicTime(nanoseconds: 1_000_000_000_000)
    let first = (0..<10).map { _ in budget.admits(start) }
    #expect(first.filter(\.0).count == 3)
    let early = budget.admits(start + .milliseconds(999))
    #expect(!early.0)
    let next = budget.admits(start + .seconds(1))
    #expect(next.0 && next.leftOut == 8)
    let again = budget.admits(start + .seconds(1))
    #expect(!again.0)
    // A pause gives no more than the burst.
    let later = (0..<10).map { _ in budget.admits(start + .seconds(1_000)) }
    #expect(later.filter(\.0).count == 3)
  }
}

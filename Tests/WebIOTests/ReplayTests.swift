import Glibc
import Synchronization
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

/// A session of old code and one of newer code, with webio's end of the journal played by the test.
@Suite(.timeLimit(.minutes(5))) struct ReplayTests {
  /// What `webio dev` keeps of one session.
  @EventLoop private final class Keeper: ByteStreamDelegate {
    let channel: JournalChannel
    private let stream: SocketStream
    private var lines = JSONLines()
    private(set) var entries: [JSONValue] = []
    private(set) var settled: (kept: Int, total: Int)?
    private(set) var isDropped = false
    private var waiters: [(condition: @EventLoop (Keeper) -> Bool, done: CheckedContinuation<Void, Never>)] = []

    init() throws {
      var pair: [Int32] = [-1, -1]
      guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0 else { throw SystemError("socketpair") }
      channel = try JournalChannel(pair[0])
      stream = try SocketStream(descriptor: pair[1])
      stream.delegate = self
      stream.setReading(true)
    }

    func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
      for message in lines.receive(bytes) {
        switch message["op"]?.string {
        case "append": entries.append(message["entry"] ?? .null)
        case "replace": entries = message["entries"]?.array ?? []
        case "settled": settled = (message["kept"]?.int ?? -1, message["total"]?.int ?? -1)
        case "drop": isDropped = true
        default: break
        }
      }
      let ready = waiters.filter { $0.condition(self) }
      waiters.removeAll { $0.condition(self) }
      for waiter in ready { waiter.done.resume() }
    }

    func wait(_ condition: @escaping @EventLoop (Keeper) -> Bool) async {
      if condition(self) { return }
      await withCheckedContinuation { waiters.append((condition, $0)) }
    }

    func streamDidEnd(_ stream: any ByteStream) {}
    func streamDidDrain(_ stream: any ByteStream) {}
    func streamDidClose(_ stream: any ByteStream, error: SystemError?) {}
  }

  /// The page of one run.
  @EventLoop private final class Run: SessionLink {
    private(set) var commands: [JSONValue] = []
    private(set) var hasEnded = false
    let keeper: Keeper
    private var session: Session!

    func receive(_ event: Event) { session.receive(event) }
    private var waiters: [(condition: @EventLoop (Run) -> Bool, done: CheckedContinuation<Void, Never>)] = []

    init(_ entries: [JSONValue]?, living: Set<String> = [], _ main: @escaping @Sendable () async throws -> Void) throws {
      keeper = try Keeper()
      let registry = SessionRegistry(reconnectTimeout: .seconds(10), journals: keeper.channel)
      let info = SessionInfo(
        userAgent: "", acceptLanguage: "", serverHost: "localhost", origin: "", userIP: "127.0.0.1", app: "index",
        transport: "websocket", isDeveloper: true)
      let recorded = entries.map {
        JournalChannel.Recorded(entries: $0.compactMap { JournalEntry($0) }, livingLabels: living, note: nil)
      }
      session = registry.start(Application("index", main), info, isRecorded: true, again: entries.map { _ in "s" }, recorded)
      _ = session.attach(self, received: 0, page: "p")
    }

    let canSend = true
    func send(_ first: Int, _ commands: ArraySlice<[UInt8]>) {
      self.commands += commands.map { (try? JSONParser.parse($0)) ?? .null }
      wake()
    }
    func acknowledge(event: Int) {}
    func end() {
      hasEnded = true
      wake()
    }
    func replaced() {}

    private func wake() {
      let ready = waiters.filter { $0.condition(self) }
      waiters.removeAll { $0.condition(self) }
      for waiter in ready { waiter.done.resume() }
    }

    func wait(_ condition: @escaping @EventLoop (Run) -> Bool) async {
      if condition(self) { return }
      await withCheckedContinuation { waiters.append((condition, $0)) }
    }

    var texts: [String] { commands.compactMap { $0["spec"]?["content"]?.string } }
    var report: JSONValue? { commands.last { $0["command"]?.string == "replayed" }?["spec"] }

    /// The form that waits, by its label.
    func form(_ label: String) async -> JSONValue {
      await wait { $0.openForm?["spec"]?["label"]?.string == label }
      return openForm ?? .null
    }

    var openForm: JSONValue? {
      var open: [JSONValue] = []
      for command in commands {
        switch command["command"]?.string {
        case "input_group": open.append(command)
        case "destroy_form": open.removeAll { $0["task_id"] == command["task_id"] }
        default: break
        }
      }
      return open.last
    }

    func answer(_ label: String, _ value: JSONValue) async {
      let task = await form(label)["task_id"]?.string ?? ""
      session.receive(Event(.submit, task: task, data: ["data": value]))
    }

    func click(_ label: String) async {
      let button: (JSONValue) -> JSONValue? = { command in
        command["spec"]?["buttons"]?.array?.first { $0["label"]?.string == label }
      }
      await wait { $0.commands.contains { button($0) != nil } }
      guard let command = commands.last(where: { button($0) != nil }) else { return }
      session.receive(
        Event(.callback, task: command["spec"]?["callback_id"]?.string ?? "", data: button(command)?["value"] ?? .null))
    }

    func text(_ text: String) async { await wait { $0.texts.contains(text) } }
  }

  /// What is written down after `steps` with the old code.
  @EventLoop
  private func record(
    _ main: @escaping @Sendable () async throws -> Void, entries: Int, _ steps: @EventLoop (Run) async -> Void
  ) async throws -> [JSONValue] {
    let run = try Run(nil, main)
    await steps(run)
    await run.keeper.wait { $0.entries.count >= entries }
    return run.keeper.entries
  }

  @Sendable private static func nameAndAge() async throws {
    let name = try await input("Name")
    putText("Hello, \(name)")
    let age = try await input("Age", type: .number)
    putText("\(age) years")
    _ = try await input("City")
  }

  @Test @EventLoop func answersAreGivenToNewerCode() async throws {
    let entries = try await record(Self.nameAndAge, entries: 2) { run in
      await run.answer("Name", "Ada")
      await run.answer("Age", 36)
    }
    let run = try Run(entries) {
      putText("Good day, \(try await input("Your name"))")
      putText("age \(try await input("Age", type: .number))")
      _ = try await input("City")
    }
    _ = await run.form("City")
    #expect(run.texts == ["Good day, Ada", "age 36"])
    await run.wait { $0.report != nil }
    #expect(run.report == ["kept": 2, "total": 2])
    // Forms that were answered are not shown at all.
    #expect(run.commands.filter { $0["command"]?.string == "input_group" }.count == 1)
  }

  @Test @EventLoop func anInsertedQuestionIsAskedAndTheReplayGoesOn() async throws {
    let entries = try await record(Self.nameAndAge, entries: 2) { run in
      await run.answer("Name", "Ada")
      await run.answer("Age", 36)
    }
    let run = try Run(entries) {
      let name = try await input("Name")
      let day = try await input("Born", type: .date)
      putText("\(name) \(day)")
      putText("\(try await input("Age", type: .number)) years")
    }
    _ = await run.form("Born")
    await run.wait { $0.report != nil }
    #expect(run.report == ["kept": 1, "total": 2, "stopped_at": "Born"])
    await run.answer("Born", "1815-12-10")
    await run.text("36 years")
    await run.keeper.wait { $0.entries.count == 3 }
    #expect(run.keeper.entries.map { $0["question"]?["label"]?.string } == ["Name", "Born", "Age"])
  }

  @Test @EventLoop func aTightenedValidatorShowsTheOldAnswerToBeMended() async throws {
    let entries = try await record(Self.nameAndAge, entries: 2) { run in
      await run.answer("Name", "Ada")
      await run.answer("Age", 36)
    }
    let run = try Run(entries) {
      _ = try await input("Name")
      putText("\(try await input("Age", type: .number, validate: { $0 > 40 ? nil : "too young" })) years")
    }
    _ = await run.form("Age")
    await run.wait { $0.report != nil }
    let updates = run.commands.filter { $0["command"]?.string == "update_input" }.map { $0["spec"]?["attributes"] }
    #expect(updates.contains(["value": 36]))
    #expect(updates.contains(["valid_status": false, "invalid_feedback": "too young"]))
    #expect(run.report?["stopped_at"] == "Age")
    await run.answer("Age", 41)
    await run.text("41 years")
  }

  @Test @EventLoop func anEffectHappensOnce() async throws {
    let charges = Counter()
    let main: @Sendable () async throws -> Void = {
      _ = try await input("Card")
      let receipt = try await once("charge") { Receipt(number: charges.next(), lines: ["a", "b"]) }
      try await once("mail") { _ = charges.next() }
      putText("receipt \(receipt.number) \(receipt.lines) \(isReplaying)")
      _ = try await input("City")
    }
    let entries = try await record(main, entries: 3) { run in
      await run.answer("Card", "1234")
      await run.text("receipt 1 [\"a\", \"b\"] false")
    }
    let run = try Run(entries, main)
    await run.text("receipt 1 [\"a\", \"b\"] true")
    #expect(charges.count == 2)
    // Behind the last answer it is no replay any more.
    await run.answer("City", "London")
  }

  private struct Receipt: Codable { let number: Int, lines: [String] }

  private final class Counter: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    func next() -> Int {
      value.withLock {
        $0 += 1; return $0
      }
    }
  }

  @Test @EventLoop func clicksAreRepeatedByTheirLabelsAndInTheirOrder() async throws {
    let old: @Sendable () async throws -> Void = {
      putButtons(["Up", "Down"]) { putText("pressed \($0)") }
      putText("after \(try await input("Name"))")
      hold()
    }
    let entries = try await record(old, entries: 3) { run in
      await run.click("Down")
      await run.text("pressed Down")
      await run.answer("Name", "Ada")
      await run.text("after Ada")
      await run.click("Up")
    }
    let run = try Run(entries) {
      putButtons(["New"]) { _ in putText("never") }
      putButtons(["Up", "Down"]) { putText("now \($0)") }
      putText("after \(try await input("Name"))")
      hold()
    }
    await run.wait { $0.report != nil }
    #expect(run.texts == ["now Down", "after Ada", "now Up"])
    #expect(run.report == ["kept": 3, "total": 3])
  }

  @Test @EventLoop func clicksBehindAnInsertedQuestionComeAfterItsAnswer() async throws {
    let main: @Sendable (Bool) async throws -> Void = { isNew in
      putText("hello \(try await input("Name"))")
      if isNew { putText("born \(try await input("Born", type: .date))") }
      putButtons(["More", "Less"]) { putText("clicked \($0)") }
      putText("secret \(try await input("Password", type: .password))")
      _ = try await input("City")
    }
    let entries = try await record({ try await main(false) }, entries: 3) { run in
      await run.answer("Name", "Ada")
      await run.click("More")
      await run.text("clicked More")
      await run.answer("Password", "x")
    }
    let run = try Run(entries) { try await main(true) }
    await run.wait { $0.report != nil }
    await run.answer("Born", "1815-12-10")
    _ = await run.form("City")
    #expect(run.texts == ["hello Ada", "born 1815-12-10", "clicked More", "secret x"])
  }

  @Test @EventLoop func aRemovedQuestionBeforeAClickIsSkipped() async throws {
    let main: @Sendable (Bool) async throws -> Void = { isOld in
      putText("hello \(try await input("Name"))")
      if isOld { putText("born \(try await input("Born", type: .date))") }
      putButtons(["More", "Less"]) { putText("clicked \($0)") }
      putText("secret \(try await input("Password", type: .password))")
      _ = try await input("City")
    }
    let entries = try await record({ try await main(true) }, entries: 4) { run in
      await run.answer("Name", "Ada")
      await run.answer("Born", "1815-12-10")
      await run.click("More")
      await run.text("clicked More")
      await run.answer("Password", "x")
    }
    let run = try Run(entries) { try await main(false) }
    _ = await run.form("City")
    await run.wait { $0.report != nil }
    #expect(run.texts == ["hello Ada", "clicked More", "secret x"])
    #expect(run.report == ["kept": 3, "total": 4])
  }

  @Test @EventLoop func aClickOnWhatIsGoneIsLeftOut() async throws {
    let entries = try await record({ putButton("Up") { putText("up") } }, entries: 1) { run in
      await run.click("Up")
      await run.text("up")
    }
    let run = try Run(entries) { putText("nothing to press") }
    await run.wait { $0.hasEnded }
    #expect(run.report == ["kept": 0, "total": 1])
    #expect(run.texts == ["nothing to press"])
  }

  @Test @EventLoop func scriptsGetTheirResultsAndFormsThatWereGivenUpAreGivenUp() async throws {
    let main: @Sendable () async throws -> Void = {
      putText("width \(try await evalJS("innerWidth").int ?? 0)")
      let group = try await inputGroup("You", .input("Name"), .input("City"), cancelable: true)
      putText(group == nil ? "given up" : "answered")
      _ = try await input("Next")
    }
    let first = try Run(nil, main)
    await first.wait { $0.commands.contains { $0["command"]?.string == "run_script" } }
    let task = first.commands.first { $0["command"]?.string == "run_script" }?["task_id"]?.string ?? ""
    first.receive(Event(.yield, task: task, data: 800))
    _ = await first.form("You")
    first.receive(Event(.cancel, task: task, data: .null))
    await first.text("given up")
    await first.keeper.wait { $0.entries.count == 2 }

    let second = try Run(first.keeper.entries, main)
    _ = await second.form("Next")
    #expect(second.texts == ["width 800", "given up"])
    #expect(!second.commands.contains { $0["command"]?.string == "run_script" })
  }

  @Test @EventLoop func tasksBesideTheMainOneGetTheirOwnAnswers() async throws {
    let main: @Sendable () async throws -> Void = {
      try runAsync { putText("left \(try await input("Left"))") }
      try runAsync { putText("right \(try await input("Right"))") }
      putText("main \(try await input("Main"))")
      hold()
    }
    let entries = try await record(main, entries: 3) { run in
      for label in ["Right", "Main", "Left"] {
        await run.wait { run in
          run.commands.contains { $0["command"]?.string == "input_group" && $0["spec"]?["label"]?.string == label }
        }
        let form = run.commands.last { $0["spec"]?["label"]?.string == label }
        run.receive(Event(.submit, task: form?["task_id"]?.string ?? "", data: ["data": .string(label)]))
      }
    }
    let run = try Run(entries, living: ["Left", "Right", "Main"], main)
    await run.wait { $0.report != nil }
    #expect(Set(run.texts) == ["left Left", "right Right", "main Main"])
  }

  @Test @EventLoop func filesAreGivenAgain() async throws {
    let main: @Sendable () async throws -> Void = {
      let file = try await fileUpload("Photo", required: true)
      putText("\(file?.filename ?? "") \(try await file?.bytes() ?? [])")
      _ = try await input("Next")
    }
    let entries = try await record(main, entries: 1) { run in
      let task = await run.form("Photo")["task_id"]?.string ?? ""
      let file = FileUpload(filename: "a.jpg", mimeType: "image/jpeg", lastModified: 1, size: 3, storage: .memory([1, 2, 255]))
      run.receive(Event(.submit, task: task, data: ["data": nil], files: ["data": [file]]))
      await run.text("a.jpg [1, 2, 255]")
    }
    let run = try Run(try entries.map { try JSONParser.parse($0.serialized) }, main)
    await run.text("a.jpg [1, 2, 255]")
  }

  @Test @EventLoop func aFileThatIsTooLargeIsAskedForAgain() async throws {
    let main: @Sendable () async throws -> Void = {
      let (name, file) = try await inputGroup(
        "You", .input("Name", name: "name"), .file("Photo", name: "photo", required: true))
      putText("\(name) \(file?.size ?? 0)")
      _ = try await input("Next")
    }
    let entries = try await record(main, entries: 1) { run in
      let task = await run.form("You")["task_id"]?.string ?? ""
      let bytes = [UInt8](repeating: 1, count: 9 << 20)
      let file = FileUpload(filename: "a", mimeType: "", lastModified: 1, size: bytes.count, storage: .memory(bytes))
      run.receive(Event(.submit, task: task, data: ["name": "Ada", "photo": nil], files: ["photo": [file]]))
      await run.text("Ada 9437184")
    }
    let run = try Run(entries, main)
    _ = await run.form("You")
    await run.wait { $0.report?["stopped_at"] == "You" }
    #expect(run.commands.contains { $0["spec"]?["attributes"] == ["value": "Ada"] })
  }

  @Test @EventLoop func aBarrierStopsTheReplayUntilTheVisitorGoesOn() async throws {
    let main: @Sendable () async throws -> Void = {
      putText("hello \(try await input("Name"))")
      try await replayBarrier()
      putText("sent to \(try await input("Mail"))")
      _ = try await input("Next")
    }
    let entries = try await record(main, entries: 2) { run in
      await run.answer("Name", "Ada")
      await run.answer("Mail", "a@b.c")
    }
    let run = try Run(entries, main)
    await run.wait { $0.openForm?["spec"]?["inputs"]?[0]?["type"] == "actions" }
    #expect(run.texts == ["hello Ada"])
    run.receive(Event(.submit, task: run.openForm?["task_id"]?.string ?? "", data: ["data": "go"]))
    await run.text("sent to a@b.c")
    #expect(run.keeper.entries.count == 2)
  }

  @Test @EventLoop func aTaskThatThrowsInTheReplayIsShown() async throws {
    let entries = try await record(Self.nameAndAge, entries: 1) { await $0.answer("Name", "Ada") }
    let run = try Run(entries) {
      _ = try await input("Name")
      throw CancelledByTest()
    }
    await run.wait { $0.hasEnded }
    #expect(run.commands.contains { $0["command"]?.string == "task_error" })
    #expect(run.report?["kept"] == 1)
  }

  private struct CancelledByTest: Error {}

  @Test @EventLoop func anAppThatNeverRestsIsShownAnyway() async throws {
    let entries = try await record(Self.nameAndAge, entries: 1) { await $0.answer("Name", "Ada") }
    let run = try Run(entries) {
      putText("Hello, \(try await input("Name"))")
      while true {
        putText("tick")
        try await Task.sleep(for: .milliseconds(5))
      }
    }
    await run.wait { $0.report != nil }
    #expect(run.texts.first == "Hello, Ada")
  }

  @Test @EventLoop func aSessionThatIsTooLongIsNotKept() async throws {
    let run = try Run(nil) {
      for number in 0..<(SessionJournal.entryLimit + 5) { try await once("n") { number } }
      putText("done")
    }
    await run.text("done")
    await run.keeper.wait { $0.isDropped }
    #expect(run.keeper.entries.count == SessionJournal.entryLimit)
  }

  @Test(arguments: [-1, 0, Int.max]) func valuesSurvive(number: Int) throws {
    struct Deep: Codable, Equatable {
      var number: Int, text: String?, list: [Double], map: [String: [Bool]], choice: Choice, byte: UInt8, large: UInt64
      enum Choice: String, Codable { case left, right }
    }
    let value = Deep(
      number: number, text: number == 0 ? nil : "ü\"", list: [1.5, 2], map: ["a": [true, false]], choice: .right, byte: 255,
      large: .max)
    let json = try JSONParser.parse(try JSONValueEncoder.encode(value).serialized)
    #expect(try JSONValueDecoder.decode(json) == value)
    #expect(throws: DecodingError.self) { try JSONValueDecoder.decode(["number": "no"]) as Deep }
    #expect(throws: EncodingError.self) { try JSONValueEncoder.encode([Double.infinity]) }
  }
}

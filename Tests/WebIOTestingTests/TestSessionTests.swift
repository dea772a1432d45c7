import Testing
import WebIO
import WebIOTesting

@Suite(.timeLimit(.minutes(5))) struct TestSessionTests {
  @Test func answersAndReads() async throws {
    let app = try await TestSession {
      let name = try await input("Name?")
      putText("Hello, \(name)!")
    }
    #expect(app.form?.label == "Name?")
    try await app.answer("Ada")
    #expect(app.text == "Hello, Ada!")
    #expect(app.hasEnded)
  }

  @Test func blockingAppsAreDrivenToo() async throws {
    let app = try await TestSession(blocking: {
      let age = try input("Age?", type: .number)
      putText(age + 1)
    })
    try await app.answer(36)
    #expect(app.text == "37")
  }

  @Test func groupsTakeAnswersByPositionAndByName() async throws {
    let ask: @Sendable () async throws -> Void = {
      let (name, age, plan) = try await inputGroup(
        "You", .input("Name", name: "name"), .input("Age", type: .number, name: "age", value: 7),
        .select("Plan", options: [Option("Free of charge", 0), Option("Team", 1)], name: "plan"))
      putText(name, age, plan)
    }
    let first = try await TestSession(ask)
    try await first.answer("Ada", 36, "Team")
    #expect(first.text == "Ada 36 1")
    let second = try await TestSession(ask)
    try await second.answer(fields: ["Name": "Bob", "plan": "Free of charge"])
    #expect(second.text == "Bob 7 0")
    let third = try await TestSession(ask)
    await #expect(throws: TestSessionError.tooManyAnswers(label: "You", fields: 3)) {
      try await third.answer(1, 2, 3, 4)
    }
    await #expect(throws: TestSessionError.notFound("field \"Nmae\"", available: ["\"Name\"", "\"Age\"", "\"Plan\""])) {
      try await third.answer(fields: ["Nmae": "x"])
    }
  }

  @Test func refusedAnswersSayWhy() async throws {
    let app = try await TestSession {
      let age = try await input("Age?", type: .number, validate: { $0 < 18 ? "You must be 18" : nil })
      putText("\(age)")
    }
    await #expect(throws: TestSessionError.invalid(["data": "You must be 18"])) { try await app.answer(17) }
    #expect(app.form?.errors == ["data": "You must be 18"])
    try await app.answer(18)
    #expect(app.text == "18" && app.form == nil)
  }

  @Test func clicksRunTheirActions() async throws {
    let app = try await TestSession {
      putButton("Ask") { putText("Hello, \(try await input("Name?"))") }
      putButtons(["Yes", "No"]) { answer in toast("You said \(answer)") { putText("toast clicked") } }
      putTable([["What", "Do"], ["Ada", .button("Greet") { popup("Hi", "Ada") }]])
      put(Content.text("Here").onClick { closePopup() })
      putButton("Never", disabled: true) {}
    }
    #expect(app.buttons == ["Ask", "Yes", "No", "Greet", "Here", "Never"])
    try await app.click("Ask")
    try await app.answer("Ada")
    #expect(app.text.contains("Hello, Ada"))
    try await app.click("No")
    #expect(app.toasts == ["You said No"])
    try await app.clickToast("You said No")
    #expect(app.text.contains("toast clicked"))
    try await app.click("Greet")
    #expect(app.popup == "Hi" && app.text.hasSuffix("Ada"))
    try await app.click("Here")
    #expect(app.popup == nil)
    await #expect(throws: TestSessionError.self) { try await app.click("Never") }
    #expect(!app.hasEnded)
  }

  @Test func pinsAreReadAndSet() async throws {
    let app = try await TestSession {
      try putInput("name", label: "Name", value: "Ada")
      try putSelect("size", options: ["S", "M"], label: "Size")
      pin.onChange("size") { putText("size \($0.string ?? "")") }
      putButton("Read") { putText("name \(try await pin.name?.string ?? "")") }
      putButton("Wait") {
        let change = try await pin.waitChange("name", "size")
        putText("changed \(change?.name ?? "")")
      }
      putButton("Set") { pin.set("name", "Eve") }
    }
    try await app.click("Read")
    try await app.setPin("size", to: "M")
    try await app.click("Wait")
    try await app.setPin("name", to: "Bob")
    try await app.click("Read")
    try await app.click("Set")
    #expect(app.pin("name") == "Eve" && app.pin("size") == "M" && app.pin("none") == nil)
    for line in ["name Ada", "size M", "changed name", "name Bob"] { #expect(app.text.contains(line)) }
  }

  @Test func hundredAndFiftyPinsAreOneRoundTrip() async throws {
    let app = try await TestSession {
      let names = (0..<150).map { "pin\($0)" }
      for (index, name) in names.enumerated() { try putInput(name, value: "\(index)") }
      putText(try await pin.values(names).values.compactMap { Int($0.string ?? "") }.reduce(0, +))
    }
    #expect(app.text.hasSuffix("11175"))
    #expect(app.roundTrips == 1)
  }

  @Test func filesAreHandedOver() async throws {
    let app = try await TestSession {
      let (title, one, many) = try await inputGroup("Files", .input("Title"), .file("One"), .files("Many"))
      putText(title, one?.filename ?? "none", one?.size ?? 0, many.map(\.filename).joined(separator: ","))
      putButton("Save") { download("out.txt", Array("bytes".utf8)) }
    }
    try await app.answer("T", files: [TestFile("a.txt", text: "abc"), TestFile("b", [1]), TestFile("c", [2])])
    #expect(app.text.hasPrefix("T a.txt 3 b,c"))
    try await app.click("Save")
    #expect(app.downloads == [TestFile("out.txt", Array("bytes".utf8))])
  }

  @Test func formsAreGivenUp() async throws {
    let app = try await TestSession {
      let answer = try await inputGroup("Sure?", .input("Why"), cancelable: true)
      putText(answer == nil ? "given up" : "answered")
      _ = try await input("Next")
    }
    try await app.cancel()
    #expect(app.text == "given up")
    await #expect(throws: TestSessionError.notCancelable(label: "Next")) { try await app.cancel() }
  }

  @Test func scopesHandlesAndErrorsAreSeen() async throws {
    struct Broken: Error {}
    let app = try await TestSession {
      try useScope("a") { putText("one") }
      let two = putText("two")
      putText("three", position: .top)
      try useScope("a", clear: true) { putText("four") }
      two.update("five")
      try putProgressBar("bar", value: 0.5)
      setProgressBar("bar", 0.75)
      try putLogbox("log")
      logboxAppend("log", "x\n")
      putButton("Fail") { throw Broken() }
    }
    #expect(app.text(in: "a") == "four" && app.text(in: "b") == nil)
    #expect(app.text.hasPrefix("three\nfour\nfive\n75%\nx"))
    try await app.click("Fail")
    #expect(app.errors == ["Broken()"])
  }

  @Test func whatComesLaterIsWaitedFor() async throws {
    let app = try await TestSession {
      try runAsync {
        try await Task.sleep(for: .milliseconds(20))
        putText("later")
      }
      _ = try await input("Go?")
    }
    try await app.wait(for: "later")
    await #expect(throws: TestSessionError.self) {
      try await TestSession(timeout: .milliseconds(50)) { while true { try await Task.sleep(for: .seconds(1)) } }
    }
  }

  @Test func leavingEndsTheApp() async throws {
    let ended = AsyncStream<String>.makeStream()
    let app = try await TestSession {
      deferCall { ended.continuation.yield("deferred") }
      do { _ = try await input("Name?") } catch { ended.continuation.yield("\(error as? WebIOError == .sessionClosed)") }
    }
    try await app.leave()
    var events = ended.stream.makeAsyncIterator()
    let both = [await events.next(), await events.next()].compactMap { $0 }.sorted()
    #expect(both == ["deferred", "true"])
    await #expect(throws: TestSessionError.self) { try await app.answer("x") }
  }

  @Test func visitorsHearEachOther() async throws {
    let ada = try await TestSession {
      let name = try await input("Name")
      broadcast("\(name) came")
      _ = try await input("Message")
    }
    let bob = try await ada.newVisitor()
    try await ada.answer("Ada")
    #expect(bob.text == "Ada came" && ada.text == "Ada came")
  }

  @Test func theBrowserIsPlayed() async throws {
    let app = try await TestSession(
      query: ["lang": "de"], language: "de-DE,en",
      evaluate: { code, arguments in
        code == "a + 1" ? .int(Int64((arguments["a"]?.int ?? 0) + 1)) : .null
      }
    ) {
      putText(try await query("lang") ?? "", try info.userLanguage, try await evalJS("a + 1", ["a": 41]).int ?? 0)
      setCookie("theme", "dark")
      setLocalStorage("seen", "yes")
      putText(try await cookie("theme") ?? "", try await localStorage("seen") ?? "", try await cookie("no") ?? "none")
      setCookie("theme", nil)
      setEnv(title: "Titled")
      runJS("alert(1)")
    }
    #expect(app.text == "de de-DE 42\ndark yes none")
    #expect(app.cookies == [:] && app.localStorage == ["seen": "yes"])
    #expect(app.settings["title"] == "Titled" && app.scripts == ["a + 1", "alert(1)"])
  }
}

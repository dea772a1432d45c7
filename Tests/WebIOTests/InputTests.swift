import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

/// What an app asks, as the wire has it.
@EventLoop @Suite(.timeLimit(.minutes(5))) struct InputTests {
  private func open(_ body: @escaping @Sendable () async throws -> Void) async throws -> TestPage {
    try await .on([Application("index", body)])
  }

  @Test func allAttributesAreSent() async throws {
    let page = try await open {
      _ = try await ask(
        .input(
          "Year", type: .number, value: 1984, placeholder: "four digits", required: true, readonly: true,
          datalist: ["1984", "2001"], help: "of birth"
        )
        .attributes(["min": "1900", "max": "2100"]).feedback(valid: "Good", invalid: "Bad").focused())
    }
    _ = await page.form(label: "Year")
    let expected = #"""
      {"label":"","type":"number","placeholder":"four digits","value":1984,"datalist":["1984","2001"],"required":true,"readonly":true,"help_text":"of birth","max":"2100","min":"1900","valid_feedback":"Good","invalid_feedback":"Bad","auto_focus":true,"name":"data"}
      """#
    let item = page.spec("input_group")?["inputs"]?.array?.first
    #expect(item == (try JSONParser.parse(Array(expected.utf8))))
  }

  @Test func anActionFillsItsField() async throws {
    let page = try await open {
      let number = try await ask(
        .input("Customer", type: .number, validate: { $0 == 7 ? "Not this one" : nil })
          .action("Search") { set in
            let found = try await input("Which?")
            set(found == "Ada" ? 1815 : 7, label: found)
          })
      putText("customer \(number)")
      _ = try await input("End")
    }
    let task = await page.form(label: "Customer")
    let action = page.spec("input_group")?["inputs"]?[0]?["action"]
    #expect(action?["label"]?.string == "Search")
    let id = try #require(action?["callback_id"]?.string)

    // The value behind the label is validated, not the label.
    page.send("callback", task: id, .null)
    await page.answer("Which?", "Bob")
    await page.wait { $0.attributes(of: "data")?["value"]?.string == "Bob" }
    #expect(page.attributes(of: "data")?["readonly"]?.bool == true)
    page.send("from_submit", task: task, ["data": "Bob"])
    await page.wait { $0.attributes(of: "data")?["invalid_feedback"]?.string == "Not this one" }

    page.send("callback", task: id, .null)
    await page.answer("Which?", "Ada")
    await page.wait { $0.attributes(of: "data")?["value"]?.string == "Ada" }
    // What the field does not show is no label.
    page.send("from_submit", task: task, ["data": "Eve"])
    await page.wait { $0.attributes(of: "data")?["invalid_feedback"]?.string == "Your input is not valid" }
    page.send("from_submit", task: task, ["data": "Ada"])
    await page.waitForText("customer 1815")

    // The form is gone, and its action with it.
    page.send("callback", task: id, .null)
    _ = await page.form(label: "End")
    #expect(page.count("input_group") == 4)
  }

  @Test func onChangeUpdatesOtherFields() async throws {
    let cities = ["Norway": ["Oslo", "Bergen"], "Italy": ["Rome"]]
    let page = try await open {
      let (_, city) = try await inputGroup(
        "Where",
        .select("Country", options: cities.keys.sorted().map { Option($0, $0) }, name: "country")
          .onChange { country in
            try inputUpdate("city", options: cities[country] ?? [], help: "in \(country)")
            try inputUpdate(validFeedback: "known")
          },
        .select("City", options: [Option("–", "–")], name: "city"))
      putText("to \(city)")
    }
    let task = await page.form(label: "Where")
    page.change("country", "Norway", task: task)
    await page.wait { $0.attributes(of: "country") != nil }
    let city = page.attributes(of: "city")
    #expect(city?["options"]?.array?.map { $0["value"]?.string } == ["Oslo", "Bergen"])
    #expect(city?["help_text"]?.string == "in Norway")
    #expect(page.attributes(of: "country")?["valid_feedback"]?.string == "known")
    // The old option is none any more.
    page.send("from_submit", task: task, ["country": "Norway", "city": "–"])
    await page.wait { $0.attributes(of: "city")?["valid_status"]?.bool == false }
    page.send("from_submit", task: task, ["country": "Norway", "city": "Bergen"])
    await page.waitForText("to Bergen")
  }

  @Test func onChangeOfABlockingFormMaySuspendAndThrow() async throws {
    struct Broken: Error {}
    let page = TestPage()
    let server = try serve([
      Application(
        "index",
        blocking: {
          let text: String = try ask(
            .input("Text", required: true).onChange { text in
              if text == "break" { throw Broken() }
              await Task.yield()
              try inputUpdate(help: "\(text.count) letters")
            })
          putText("got \(text)")
        })
    ])
    _ = try await page.open(port: server.port, query: "app=index&session=NEW&webio=1&page=a")
    let task = await page.form(label: "Text")
    page.change("data", "break", task: task)
    await page.wait { $0.count("task_error") == 1 }
    page.change("data", "", task: task)
    await page.wait { $0.attributes(of: "data")?["help_text"]?.string == "0 letters" }
    // A value of another type is none.
    page.change("data", ["x"], task: task)
    page.change("data", "four", task: task)
    await page.wait { $0.attributes(of: "data")?["help_text"]?.string == "4 letters" }
    page.send("from_submit", task: task, ["data": "four"])
    await page.waitForText("got four")
  }

  @Test func anotherTaskChangesAField() async throws {
    let page = try await open {
      let counter = try runAsync {
        _ = try await input("Go?")
        try inputUpdate("total", value: 12, readonly: true)
        #expect(throws: WebIOError.self) { try inputUpdate("none", value: 1) }
        #expect(throws: WebIOError.self) { try inputUpdate("total", options: ["a"]) }
        #expect(throws: WebIOError.self) { try inputUpdate("total", attributes: ["onclick": "x"]) }
        #expect(throws: WebIOError.self) { try inputUpdate(value: 1) }
        putText("checked")
      }
      _ = counter
      _ = try await inputGroup("Sum", .input("Total", type: .number, name: "total"))
      putText("done")
    }
    _ = await page.form(label: "Sum")
    await page.answer("Go?", "")
    await page.waitForText("checked")
    #expect(page.attributes(of: "total") == ["readonly": true, "value": 12])
  }

  @Test func aFormCanBeInAScope() async throws {
    let page = try await open {
      try useScope("box") { putText("box") }
      _ = try await input("Where?", scope: "box")
      _ = try await inputGroup("Group", .input("A"), cancelable: true, scope: "box")
    }
    await page.answer("Where?", "x")
    #expect(page.spec("input_group")?["scope"]?.string == "#pywebio-scope-box")
    _ = await page.form(label: "Group")
    #expect(page.spec("input_group")?["scope"]?.string == "#pywebio-scope-box")
  }

  @Test func aCancelledQuestionGoesAway() async throws {
    let page = try await open {
      let task = try runAsync {
        do { _ = try await input("Handle") } catch is CancellationError { putText("handle cancelled") }
      }
      let thread = try runThread {
        do { let _: String = try input("Thread") } catch is CancellationError { putText("thread cancelled") }
      }
      _ = try await input("Close them?")
      task.close()
      thread.close()
      do {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { _ = try await input("First") }
          group.addTask { _ = try await input("Second") }
          try await group.next()
          group.cancelAll()
          try await group.waitForAll()
        }
      } catch is CancellationError { putText("group cancelled") }
      _ = try await input("End")
    }
    _ = await page.form(label: "Handle")
    _ = await page.form(label: "Thread")
    await page.answer("Close them?", "")
    await page.waitForText("handle cancelled")
    await page.waitForText("thread cancelled")
    _ = await page.form(label: "First")
    await page.answer("Second", "x")
    await page.waitForText("group cancelled")
    _ = await page.form(label: "End")
    await page.wait { $0.count("destroy_form") == $0.count("input_group") - 1 }
  }

  @Test func formsOfConcurrentTasksAreAnsweredInAnyOrder() async throws {
    let page = try await open {
      async let one = input("One", type: .number)
      async let two = input("Two", type: .number)
      _ = try runAsync { putText("three \(try await input("Three"))") }
      putText("sum \(try await one + two)")
    }
    await page.answer("Three", "c")
    await page.waitForText("three c")
    _ = await page.form(label: "Two")
    await page.answer("One", 1)
    await page.answer("Two", 41)
    await page.waitForText("sum 42")
  }

  @Test func anAnswerThatWasMeantForTheFormBeforeIsNotTaken() async throws {
    let page = try await open {
      _ = try await input("One")
      putText("two \(try await input("Two"))")
    }
    let task = await page.form(label: "One")
    let first = page.lastNumber
    page.send("from_submit", task: task, ["data": "a"], form: first)
    _ = await page.form(label: "Two")
    // A second click, before the page had seen that the first one was taken.
    page.send("from_submit", task: task, ["data": "a"], form: first)
    page.send("from_submit", task: task, ["data": "b"], form: page.lastNumber)
    await page.waitForText("two b")
  }
}

extension TestPage {
  /// The spec of the last command of that name.
  func spec(_ command: String) -> JSONValue? { commands.last { $0["command"]?.string == command }?["spec"] }

  func count(_ command: String) -> Int { commands.count { $0["command"]?.string == command } }

  /// The last change of a field.
  func attributes(of field: String) -> JSONValue? {
    commands.last { $0["command"]?.string == "update_input" && $0["spec"]?["target_name"]?.string == field }?["spec"]?[
      "attributes"]
  }

  func change(_ field: String, _ value: JSONValue, task: String) {
    send("input_event", task: task, ["event_name": "change", "name": .string(field), "value": value])
  }
}

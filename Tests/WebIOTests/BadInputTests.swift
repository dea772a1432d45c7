import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

/// What a developer or a visitor does wrong: the one gets a clear error, the other a polite sentence, and the session lives.
@EventLoop @Suite(.timeLimit(.minutes(5))) struct BadInputTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let error: WebIOError
    let ask: @Sendable () async throws -> Void

    init(_ error: WebIOError, _ ask: @escaping @Sendable () async throws -> Void) {
      self.error = error
      self.ask = ask
      testDescription = error.description
    }
  }

  nonisolated static let mistakes = [
    Mistake(.invalidName("a b")) { _ = try await inputGroup("", .input("A", name: "a b")) },
    Mistake(.invalidName("ö")) { _ = try await inputGroup("", .input("A", name: "ö")) },
    Mistake(.invalidName("")) { _ = try await inputGroup("", .input("A", name: "")) },
    Mistake(.duplicateName("a")) { _ = try await inputGroup("", .input("A", name: "a"), .input("B", name: "a")) },
    Mistake(.duplicateName("field2")) { _ = try await inputGroup("", .input("A", name: "field2"), .input("B")) },
    Mistake(.invalidName("a b")) { _ = try await input("A", scope: "a b") },
    Mistake(.invalidArgument("select needs at least one option: a visitor could never answer it.")) {
      _ = try await select("Size", [])
    },
    Mistake(.invalidArgument("The select \"Size\" has no options: a visitor could never answer it.")) {
      _ = try await inputGroup("", InputItem<String>.select("Size", options: [], name: "size"))
    },
    Mistake(.invalidArgument("actions needs at least one option: a visitor could never answer it.")) {
      _ = try await actions("Do", [])
    },
    Mistake(
      .invalidArgument(
        "The slider \"Volume\" has no place to go: give it a min that is at most its max, and a positive step.")
    ) { _ = try await slider("Volume", min: 10, max: 0) },
    Mistake(
      .invalidArgument(
        "\"onclick\" cannot be set as an attribute: it is none, it is a script, or it has a parameter of its own.")
    ) { _ = try await ask(.input("A").attributes(["onclick": "alert(1)"])) },
    Mistake(
      .invalidArgument("\"Kind\" cannot have an action: only fields of one line and text areas can.")
    ) { _ = try await ask(.select("Kind", options: [Option("a", "a")]).action("Now") { _ in }) },
    Mistake(.invalidArgument("No form that waits for its answer has a field \"a\".")) { try inputUpdate("a", value: 1) },
  ]

  @Test(arguments: mistakes) func theDeveloperReadsWhatToDo(_ mistake: Mistake) async throws {
    let page = try await TestPage.on([
      Application("index") {
        do {
          try await mistake.ask()
        } catch let error as WebIOError { putText(error.description) }
        putText("still here, \(try await input("Name"))")
      }
    ])
    await page.waitForText(mistake.error.description)
    // Nothing of it was shown.
    await page.answer("Name", "Ada")
    await page.waitForText("still here, Ada")
    #expect(page.count("input_group") == 1)
  }

  struct Lie: Sendable, CustomTestStringConvertible {
    let field: String
    let values: [JSONValue]
    let sentence: String
    var testDescription: String { "\(field): \(sentence)" }
  }

  /// What no page of ours sends for these fields.
  nonisolated static let lies = [
    Lie(field: "text", values: [1, true, ["a"], ["a": 1]], sentence: "Your input is not valid"),
    Lie(field: "text", values: ["", nil], sentence: "This field is required"),
    Lie(field: "number", values: ["1", 1.5, true, [1], 1e300], sentence: "Your input is not valid"),
    Lie(field: "number", values: [nil, ""], sentence: "This field is required"),
    Lie(field: "float", values: ["1", false, [1]], sentence: "Your input is not valid"),
    Lie(
      field: "date", values: ["2026-02-29", "2026-2-1", "26-02-01", "+026-02-01", "2026-02-01 ", 20_260_201],
      sentence: "Your input is not valid"),
    Lie(field: "time", values: ["24:00", "1:00", "12:60", "12:00:61", "-1:00"], sentence: "Your input is not valid"),
    Lie(field: "when", values: ["2026-02-01", "2026-02-01 10:00", "T"], sentence: "Your input is not valid"),
    Lie(field: "month", values: ["2026-13", "2026", "2026-1"], sentence: "Your input is not valid"),
    Lie(field: "week", values: ["2026-W54", "2026-W00", "2026-01", "2026-W1"], sentence: "Your input is not valid"),
    Lie(field: "color", values: ["red", "#fff", "#gggggg", "#fffffff"], sentence: "Your input is not valid"),
    Lie(field: "select", values: ["xl", 1, nil, ["s"], "off"], sentence: "Choose one of the options"),
    Lie(field: "radio", values: ["xl", ["s"], false], sentence: "Choose one of the options"),
    Lie(field: "checkbox", values: ["s", ["s", "xl"], [nil], ["a": "s"]], sentence: "Choose among the options"),
    Lie(field: "slider", values: [-1, 11, "5", nil, 2.5], sentence: "From 0 to 10"),
    Lie(field: "textarea", values: [nil, 1, ["x"]], sentence: "Your input is not valid"),
    Lie(field: "textarea", values: ["123456"], sentence: "At most 5 characters"),
    Lie(field: "file", values: [[], "x", 1, ["uploads": ["u1"]], ["uploads": 5]], sentence: "Choose a file"),
    Lie(field: "do", values: ["rm", 1], sentence: "Choose one of the buttons"),
    Lie(field: "throws", values: ["x"], sentence: "Your input is not valid"),
  ]

  private struct Broken: Error {}

  @Test(arguments: lies) func aHostilePageIsToldPolitely(_ lie: Lie) async throws {
    let page = try await TestPage.on([
      Application("index") {
        let sizes = [Option("S", "s"), Option("Off", "off", disabled: true)]
        let fields = [
          InputItem<String>.input("", name: "text", required: true).field,
          InputItem<Int>.input("", type: .number, name: "number").field,
          InputItem<Double>.input("", type: .float, name: "float").field,
          InputItem<CalendarDate>.input("", type: .date, name: "date").field,
          InputItem<ClockTime>.input("", type: .time, name: "time").field,
          InputItem<LocalDateTime>.input("", type: .dateTime, name: "when").field,
          InputItem<String>.input("", type: .month, name: "month").field,
          InputItem<String>.input("", type: .week, name: "week").field,
          InputItem<String>.input("", type: .color, name: "color").field,
          InputItem<String>.select("", options: sizes, name: "select").field,
          InputItem<String?>.radio("", options: sizes, name: "radio").field,
          InputItem<[String]>.checkbox("", options: sizes, name: "checkbox").field,
          InputItem<Int>.slider("", name: "slider", max: 10).field,
          InputItem<String>.textarea("", name: "textarea", maxLength: 5).field,
          InputItem<FileUpload?>.file("", name: "file").field,
          InputItem<String?>.actions(buttons: [.submit("Do", "do")], name: "do").field,
          InputItem<String>.input("", name: "throws", validate: { if $0 == "x" { throw Broken() } else { nil } }).field,
        ].filter { $0.name == lie.field }
        _ = try await TaskContext.ask(Form(label: "Form", fields: fields, cancelable: false, validate: nil))
        putText("taken")
      }
    ])
    let task = await page.form(label: "Form")
    for value in lie.values {
      let count = page.count("update_input")
      page.send("from_submit", task: task, .object([lie.field: value]))
      await page.wait { $0.count("update_input") > count || $0.closeCode != nil }
      #expect(page.attributes(of: lie.field)?["invalid_feedback"]?.string == lie.sentence, "\(value)")
    }
    #expect(page.closeCode == nil)
    #expect(!page.commands.contains { $0["spec"]?["content"]?.string == "taken" })
  }

  /// Events that belong to nothing.
  @Test func strayEventsChangeNothing() async throws {
    let page = try await TestPage.on([
      Application("index") {
        let task = try runAsync { _ = try await input("Other") }
        _ = try await input("First")
        task.close()
        putText("got \(try await input("Second"))")
      }
    ])
    let other = await page.form(label: "Other")
    await page.answer("First", "x")
    let task = await page.form(label: "Second")
    for (event, id) in [
      ("from_submit", other), ("from_cancel", other), ("from_submit", "none-1"), ("callback", "callback-99"),
      ("js_yield", task), ("js_yield", "none-2"), ("from_submit", ""),
    ] {
      page.send(event, task: id, ["data": "stray"])
    }
    for name in ["", "none", "a b"] {
      page.send("input_event", task: task, ["event_name": "blur", "name": .string(name), "value": 1])
      page.send("input_event", task: task, ["event_name": "change", "name": .string(name), "value": 1])
      page.send("input_event", task: task, ["event_name": "other", "name": "data", "value": 1])
    }
    page.send("from_submit", task: task, ["data": "ok", "more": [1, 2, 3]])
    await page.waitForText("got ok")
  }

  @Test func aGroupValidatorThatNamesNoFieldIsShownAtTheFirst() async throws {
    let page = try await TestPage.on([
      Application("index") {
        _ = try await inputGroup(
          "Form", .input("A", name: "a"), .input("B", name: "b"),
          validate: { a, _ in a == "x" ? InvalidField("c", "Not x") : nil })
        putText("done")
      }
    ])
    let task = await page.form(label: "Form")
    page.send("from_submit", task: task, ["a": "x", "b": ""])
    await page.wait { $0.attributes(of: "a")?["invalid_feedback"]?.string == "Not x" }
    page.send("from_submit", task: task, ["a": "y", "b": ""])
    await page.waitForText("done")
  }
}

import Testing
import WebIO
import WebIOTesting

@Suite(.timeLimit(.minutes(5))) struct OutputTests {
  @Test func aRemovedScopeIsNoGhost() async throws {
    let app = try await TestSession {
      try putScope("outer", [.scope("inner")])
      putText("there", scope: "inner")
      try remove("outer")
      putText("ghost", scope: "inner")
      try useScope("outer", create: false) { putText("never") }
    }
    #expect(app.text == "")
    let expected = WebIOError.noScope("inner").description
    #expect(app.errors == [expected, WebIOError.noScope("outer").description])
  }

  @Test func aTaskThatOutlivesItsScopeHearsOfIt() async throws {
    let app = try await TestSession {
      try useScope("page") {
        putButton("Write") { putText("more", scope: "page") }
        putButton("Leave") { clear("ROOT") }
      }
    }
    try await app.click("Write")
    #expect(app.text(in: "page")?.hasSuffix("more") == true && app.errors == [])
    try await app.click("Leave")
    #expect(app.text == "")
  }

  @Test func scopesAreReplacedClearedAndKept() async throws {
    let app = try await TestSession {
      try setScope("a")
      putText("old", scope: "a")
      putText("end")
      for reuse in [ScopeReuse.clear, .blank] {
        try setScope("a", ifExists: reuse)
        putText("new", scope: "a")
      }
      try setScope("a")
      putText("kept", scope: "a")
      putText("first", scope: "a", position: .top)
      putText("second", scope: "a", position: 1)
      putText("second to last", scope: "a", position: -2)
      putButton("Move") { try setScope("a", ifExists: .remove) }
    }
    #expect(app.text(in: "a") == "first\nsecond\nnew\nsecond to last\nkept" && app.errors == [])
    #expect(app.text.hasPrefix("first"))
    try await app.click("Move")
    #expect(app.text == "end\nMove" && app.text(in: "a") == "")
  }

  @Test func containersTakeLaterOutputAndQuestions() async throws {
    let app = try await TestSession {
      try await putCollapse("More") { putText(try await input("In a collapse?")) }
      try await putScrollable(height: 90) { putText(try await input("In a scrollable?")) }
      try putAlert(.info) { putText("in a box") }
      try await putAlert(.warning) { putText(try await input("In a box?")) }
      try await popup("Window") { putText(try await input("In a window?")) }
      try await putLoading {
        putText("working")
        _ = try await input("Go on?")
      }
      putText("end", scope: "nowhere")
    }
    try await app.answer("a")
    try await app.answer("b")
    try await app.answer("boxed")
    try await app.answer("c")
    #expect(app.text == "More\na\nb\nin a box\nboxed\nworking\nWindow\nc")
    try await app.answer("")
    #expect(app.text == "More\na\nb\nin a box\nboxed\nWindow\nc")
    #expect(app.errors == [WebIOError.noScope("nowhere").description])
  }

  @Test func handlesUpdateReplaceAndRemove() async throws {
    let app = try await TestSession {
      let table = putTable([["Name"], ["Ada"]])
      let several = put("one", "two")
      let box = put(.collapse("Box", [.scope("inside")]))
      putText("in", scope: "inside")
      putButton("Next") {
        table.update(.table([["Name"], ["Bob"]]))
        several.update("three")
        box.update(.scope("other"))
        putText("out", scope: "other")
        putText("gone", scope: "inside")
      }
      putButton("Last") {
        for output in [table, several, box] { output.remove() }
        putText("gone", scope: "other")
      }
    }
    #expect(app.text.hasPrefix("Name\nAda\none\ntwo\nBox\nin"))
    try await app.click("Next")
    #expect(app.text.hasPrefix("Name\nBob\nthree\nout"))
    #expect(app.errors == [WebIOError.noScope("inside").description])
    try await app.click("Last")
    #expect(app.text == "Next\nLast" && app.errors.count == 2)
  }

  @Test func buttonsHaveValuesLooksAndActionsOfTheirOwn() async throws {
    let app = try await TestSession {
      putButtons(
        items: [ButtonItem("Edit", 1), ButtonItem("Delete", 2, color: .danger), ButtonItem("Never", 3, disabled: true)],
        style: .outline, grouped: true
      ) { putText("value \($0)") }
      putButtons(actions: ["Save": { putText("saved") }, "Leave": { putText("left") }], style: .link)
      putButton("Once", exclusive: true) { _ = try await input("Still at work?") }
    }
    try await app.click("Delete")
    try await app.click("Leave")
    try await app.click("Once")
    try await app.click("Once")
    #expect(app.text.contains("value 2") && app.text.contains("left"))
    try await app.answer("")
    #expect(app.form == nil)
    await #expect(throws: TestSessionError.self) { try await app.click("Never") }
  }

  @Test func recordsBecomeTables() async throws {
    let app = try await TestSession {
      putTable(records: [["name": "Ada", "born": 1815], ["name": "Bob"]])
      putTable(records: [["name": "Ada", "born": 1815]], columns: ["Year": "born", "Name": "name"])
      putTable([["a", Content.text("wide").spanning(columns: 2)], [.markdown("**b**"), .button("c") {}, "d"]])
    }
    #expect(app.text == "name\tborn\nAda\t1815\nBob\t\nYear\tName\n1815\tAda\na\twide\n**b**\tc\td")
  }

  @Test func threadsReadPins() async throws {
    let app = try await TestSession(blocking: {
      try putInput("name", value: "Ada")
      try putSlider("level", value: 3)
      pin.set("name", "Bob")
      putText(try pin.value("name")?.string ?? "", try pin.values(["level"])["level"]?.int ?? 0)
      let change: (name: String, value: JSON)? = try pin.waitChange("level")
      putText(change?.value.int ?? 0)
    })
    try await app.setPin("level", to: 8)
    #expect(app.text == "Bob 3\n8")
  }

  @Test func pinsTellTheirChanges() async throws {
    let app = try await TestSession {
      try putInput("a", value: "1")
      try putSelectMultiple("many", options: ["x", "y"], value: ["y"])
      pin.onChange("a", runNow: true) { putText("now \($0.string ?? "")") }
      putButton("Stop") { pin.onChange("a", clear: true) }
      putButton("Read") { putText(try await pin("many", as: [String].self)?.joined(separator: ",") ?? "") }
      local.count = 1
      local.name = "n"
      local.remove("count")
      putText(local.names.joined(separator: ","))
      let count: Int? = local.count
      putText("count \(count.map { "\($0)" } ?? "none")")
    }
    try await app.wait(for: "now 1")
    try await app.setPin("a", to: "2")
    try await app.click("Stop")
    try await app.setPin("a", to: "3")
    try await app.click("Read")
    #expect(app.text.contains("now 2") && !app.text.contains("now 3") && app.text.hasSuffix("y"))
    #expect(app.text.contains("name\ncount none"))
  }
}

import Foundation
import TestSupport
import Testing
import WebIOHTTP

@testable import WebIO

extension PageEndToEnd {
  @Suite struct InputTests {
    @Test func anActionShowsALabelForItsValue() async throws {
      let browser = try await open {
        let number = try await ask(
          .input("Customer", type: .number, help: "Search by name").action("Search") { set in
            set(1815, label: try await input("Which?"))
          })
        putText("customer \(number)")
        hold()
      }
      try await browser.press(button: "Search")
      try await browser.waitForText("Which?")
      try await browser.type("Ada")
      try await browser.press(.enter)
      try await browser.wait("the label", "document.querySelector('[name=data]:read-only')?.value === 'Ada'")
      try await browser.picture("input-action")
      try await browser.expectAccessible()
      try await browser.press(button: "Submit")
      try await browser.waitForText("customer 1815")
      try await browser.expectNoProblems()
    }

    @Test func aChangeUpdatesAnotherFieldAndTypingGoesOn() async throws {
      let cities = ["Italy": ["Rome"], "Norway": ["Bergen", "Oslo"]]
      let browser = try await open {
        let (_, city, note) = try await inputGroup(
          "Where",
          .radio("Country", options: cities.keys.sorted().map { Option($0, $0) }, name: "country").onChange { country in
            try inputUpdate("city", options: cities[country ?? ""] ?? [])
          },
          .select("City", options: [Option("–", "–")], name: "city"),
          .input("Note", name: "note").attributes(["maxlength": "8"]).onChange { note in
            try inputUpdate(help: "\(note.count) of 8")
          })
        putText("\(city) \(note)")
        hold()
      }
      try await browser.click("[name=country][value*=Norway], .w-option:nth-of-type(2) input")
      try await browser.wait(
        "the cities", "[...document.querySelectorAll('[name=city] option')].map((o) => o.label).join() === 'Bergen,Oslo'")
      try await browser.type("0123456789", into: "[name=note]")
      try await browser.waitForText("8 of 8")
      #expect(try await browser.value(of: "[name=note]") == "01234567")
      #expect(try await browser.focused == "note")
      try await browser.press(.enter)
      try await browser.waitForText("Bergen 01234567")
      try await browser.expectNoProblems()
    }

    @Test func aFormInAScopeOutlivesWhatHappensToTheScope() async throws {
      let browser = try await open {
        try useScope("box") { putText("in the box") }
        putText("behind the box")
        putButton("Clear") { clear("box") }
        putButton("Add") { putText("more", scope: "box") }
        putButton("Remove") { try remove("box") }
        putButton("Ask") { putText("box: \(try await input("In the box", scope: "box"))") }
        putText("panel: \(try await input("In the panel"))")
        hold()
      }
      try await browser.press(button: "Ask")
      let place = "document.querySelector('#pywebio-scope-box > form')"
      try await browser.wait("the form in the scope", place)
      #expect(try await browser.count("#input-cards form") == 1)
      #expect(try await browser.count("form") == 2)
      try await browser.type("half", into: "#pywebio-scope-box [name=data]")
      try await browser.press(button: "Add")
      try await browser.wait("output comes before the form", "\(place)?.previousElementSibling?.innerText === 'more'")
      try await browser.picture("input-in-scope")
      try await browser.expectAccessible()
      try await browser.press(button: "Clear")
      try await browser.wait("only the form is left", "\(place)?.parentNode.children.length === 1")
      #expect(try await browser.value(of: "#pywebio-scope-box [name=data]") == "half")

      // A refreshed page has it where it was.
      try browser.refresh()
      try await browser.wait("the form again", place)
      try await browser.press(button: "Remove")
      try await browser.wait(
        "the panel has it", "document.querySelector('#input-cards form')?.innerText.includes('In the box')")
      #expect(try await browser.count("form") == 1)
      try await browser.type(" an answer", into: "[name=data]")
      try await browser.press(.enter)
      try await browser.waitForText("box: half an answer")
      try await browser.waitForText("In the panel")
      try await browser.type("p", into: "[name=data]")
      try await browser.press(.enter)
      try await browser.waitForText("panel: p")
      try await browser.expectNoProblems()
    }

    @Test func aFormInAScopeTakesTheFocusUnlessAnotherFormHasIt() async throws {
      let browser = try await open {
        try useScope("box") { putText("box") }
        putText("first: \(try await input("First", scope: "box"))")
        try runAsync { _ = try await inputGroup("Second", .input("Second", name: "second"), scope: "box") }
        putText("third: \(try await inputGroup("Third", .input("Third", name: "third")))")
        hold()
      }
      try await browser.wait("it has the focus", "document.activeElement?.name === 'data'")
      try await browser.type("one")
      try await browser.press(.enter)
      try await browser.waitForText("first: one")
      try await browser.wait("both forms", "document.querySelectorAll('form').length === 2")
      let focused = try await browser.focused
      #expect(["second", "third"].contains(focused))
      try await browser.type("kept")
      #expect(try await browser.value(of: "[name=\(focused)]") == "kept")
    }

    @Test func aCancelledFormGoesAndTheOneBelowComesBack() async throws {
      let browser = try await open {
        let task = try runAsync {
          do { _ = try await input("Soon gone") } catch is CancellationError { putText("cancelled") }
        }
        putButton("Cancel it") { task.close() }
        putText("answered \(try await input("Below"))")
        hold()
      }
      try await browser.press(button: "Cancel it")
      try await browser.waitForText("cancelled")
      try await browser.wait("one form", "document.querySelector('form')?.innerText.includes('Below')")
      try await browser.type("x", into: "[name=data]")
      try await browser.press(.enter)
      try await browser.waitForText("answered x")
    }

    @Test func feedbackAndFocusAreTheApps() async throws {
      let browser = try await open {
        _ = try await inputGroup(
          "Form", .input("One", name: "one"),
          .input("Mail", type: .email, name: "mail", required: true).focused().feedback(valid: "Fine")
            .onChange { if $0.contains("@") { try inputUpdate(valid: true) } },
          .input("Since", type: .month, name: "since"), .input("Phone", type: .tel, name: "phone"))
        putText("done")
        hold()
      }
      try await browser.wait("the chosen field has the focus", "document.activeElement?.name === 'mail'")
      try await browser.type("ada@home")
      try await browser.waitForText("Fine")
      try await browser.press(button: "Submit")
      // `.month` must be given.
      try await browser.wait("the month is missing", "document.activeElement?.name === 'since'")
      _ = try await browser.run("document.querySelector('[name=since]').value = '2026-02'")
      try await browser.press(button: "Submit")
      try await browser.waitForText("done")
    }
  }
}

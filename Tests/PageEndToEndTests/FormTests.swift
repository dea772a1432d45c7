import Foundation
import TestSupport
import Testing
import WebIOHTTP

@testable import WebIO

extension PageEndToEnd {
  @Suite struct FormTests {
    @Test func aWrongAnswerIsExplainedUnderItsField() async throws {
      let browser = try await open {
        let (name, age) = try await inputGroup(
          "You", .input("Name", name: "name", value: "Ada"),
          .input(
            "Age", type: .number, name: "age", help: "In years",
            validate: { $0 < 18 ? "You must be 18" : nil }),
          validate: { name, age in name == "Bob" ? InvalidField("name", "Not Bob again") : nil })
        putText("\(name) is \(age)")
        hold()
      }
      try await browser.type("12", into: "[name=age]")
      try await browser.press(.enter)
      let feedback = """
        const field = document.querySelector('[name=age]');
        const texts = (field.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.innerText);
        return [field.getAttribute('aria-invalid'), ...texts].join('|');
        """
      try await eventually("the field is marked", state: browser.describe) {
        try await browser.run(feedback).string == "true|You must be 18|In years"
      }
      #expect(try await browser.focused == "age")
      let isBelow = """
        const rect = (selector) => document.querySelector(selector).getBoundingClientRect();
        return rect('.w-invalid .w-feedback').top >= rect('[name=age]').bottom;
        """
      #expect(try await browser.run(isBelow).bool == true)
      // Typing takes the verdict back; leaving the field asks for a new one.
      try await browser.type("3")
      #expect(try await browser.count(".w-invalid") == 0)
      _ = try await browser.run("document.querySelector('[name=name]').value = ''")
      try await browser.type("Bob", into: "[name=name]")
      try await browser.press(.enter)
      try await browser.waitForText("Not Bob again")
      #expect(try await browser.focused == "name")
      try await browser.type("by")
      try await browser.press(.enter)
      try await browser.waitForText("Bobby is 123")
      try await browser.expectNoProblems()
    }

    @Test func leavingAFieldChecksIt() async throws {
      let browser = try await open {
        _ = try await inputGroup(
          "You", .input("Mail", name: "mail", validate: { $0.contains("@") ? nil : "There is no @ in it" }),
          .input("Other", name: "other"))
      }
      try await browser.type("ada", into: "[name=mail]")
      try await browser.press(.tab)
      try await browser.waitForText("There is no @ in it")
      try await browser.press(.tab, shift: true)
      try await browser.press(.end)
      try await browser.type("@home")
      try await browser.press(.tab)
      try await browser.wait("it is good again", "!document.querySelector('.w-invalid')")
    }

    @Test func resetAndCancel() async throws {
      let browser = try await open {
        let kinds = [Option("a", "a"), Option("b", "b", selected: true)]
        let answer = try await inputGroup(
          "Form", .input("Text", name: "text", value: "first"), .radio("Kind", options: kinds, name: "kind"),
          InputItem<Int>.slider("Slider", name: "slider", value: 30), cancelable: true)
        putText(answer == nil ? "cancelled" : "answered")
        hold()
      }
      try await browser.type(" more", into: "[name=text]")
      try await browser.click("[name=kind]")
      _ = try await browser.run(
        "const s = document.querySelector('[name=slider]'); s.value = 90; s.dispatchEvent(new Event('input'))")
      #expect(try await browser.shown(".w-slider-value") == "90")
      try await browser.press(button: "Reset")
      #expect(try await browser.value(of: "[name=text]") == "first")
      #expect(try await browser.value(of: "[name=kind]:checked") == "\"b\"")
      try await browser.wait("the slider shows its value", "document.querySelector('.w-slider-value').innerText === '30'")
      try await browser.press(button: "Cancel")
      try await browser.waitForText("cancelled")
      try await browser.wait("the form is gone", "!document.querySelector('form')")
    }

    @Test func actionsAnswerByTheirButton() async throws {
      let browser = try await open {
        putText("first: \(try await actions("Delete it?", ["Delete", "Keep"]))")
        let buttons: [ActionButton<Int>] = [.submit("One", 1), .submit("Two", 2), .cancel("Neither")]
        let (text, number) = try await inputGroup(
          "Which?", .input("Text", name: "text"), .actions(buttons: buttons))
        putText("second: \(text) \(number ?? 0)")
        putText("third: \(try await actions("Again?", buttons: buttons) ?? 0)")
        hold()
      }
      try await browser.press(button: "Keep")
      try await browser.waitForText("first: Keep")
      try await browser.type("x", into: "[name=text]")
      #expect(try await browser.run("return document.querySelector('form').innerText.includes('Submit')").bool == false)
      try await browser.press(button: "Two")
      try await browser.waitForText("second: x 2")
      try await browser.press(button: "Neither")
      try await browser.waitForText("third: 0")
    }

    @Test func valuesArriveAsTheyWereTyped() async throws {
      let browser = try await open {
        let many = ["a", "b", "c"].map { Option($0, $0) }
        let (number, fraction, day, time, color, list, text) = try await inputGroup(
          "All", .input("Number", type: .number, name: "number"), .input("Fraction", type: .float, name: "fraction"),
          .input("Day", type: .date, name: "day"), .input("Time", type: .time, name: "time"),
          .input("Colour", type: .color, name: "color", value: "#00ff00"),
          .selectMultiple("Many", options: many, name: "many"), .textarea("Text", name: "text"))
        putText("\(number) \(fraction) \(day) \(time) \(color) \(list) \(text.utf8.count) bytes")
        hold()
      }
      try await browser.type("-42", into: "[name=number]")
      try await browser.type("2.5", into: "[name=fraction]")
      try await browser.type("02282026", into: "[name=day]")
      try await browser.type("0930AM", into: "[name=time]")
      // A click adds to the choice without Ctrl.
      try await browser.point("[name=many] option:nth-child(1)")
      try await browser.point("[name=many] option:nth-child(3)")
      try await browser.type("Zeile\n中文", into: "[name=text]")
      try await browser.press(button: "Submit")
      try await browser.waitForText("-42 2.5 2026-02-28 09:30 #00ff00 [\"a\", \"c\"] 12 bytes")
    }

    @Test func filesAreSent() async throws {
      let directory = try TemporaryDirectory("webio-page")
      try directory.write("nötes.txt", String(repeating: "0123456789", count: 50_000))
      try directory.write("large.txt", String(repeating: "x", count: 2_000_000))
      let browser = try await open {
        let files = try await filesUpload("Files", maxSize: 1_000_000, required: true)
        putText(files.map { "\($0.filename): \($0.size), \($0.mimeType)" }.joined(separator: "; "))
        hold()
      }
      try await browser.type(directory.file("large.txt"), into: "input[type=file]")
      try await browser.waitForText("is larger than the allowed")
      try await browser.picture("file-too-large")
      try await browser.click(".w-files .w-close")
      try await browser.type(directory.file("nötes.txt"), into: "input[type=file]")
      try await browser.press(button: "Submit")
      try await browser.waitForText("nötes.txt: 500000, text/plain")
      try await browser.expectNoProblems()
    }

    @Test func theNewestFormIsInViewAndTheOthersKeepTheirText() async throws {
      let browser = try await open {
        putButton("Second") { putText("second: \(try await input("Second question"))") }
        putText("first: \(try await input("First question"))")
        hold()
      }
      try await browser.type("half an ans", into: "[name=data]")
      try await browser.press(button: "Second")
      try await browser.wait("the second form", "document.querySelector('form')?.innerText.includes('Second question')")
      #expect(try await browser.count("form") == 1)
      try await browser.type("done")
      try await browser.press(.enter)
      try await browser.waitForText("second: done")
      try await browser.wait("the first form", "document.querySelector('form')?.innerText.includes('First question')")
      #expect(try await browser.value(of: "[name=data]") == "half an ans")
    }

    @Test func pinsAreReadSetAndWatched() async throws {
      let browser = try await open {
        try putInput("name", label: "Name", value: "Ada")
        try putSelect("size", options: ["S", "M"], label: "Size", value: "S")
        try putCheckbox("extras", options: ["Milk", "Sugar"], label: "Extras")
        try putActions("do", buttons: ["Save", "Discard"])
        pin.onChange("name") { putText("changed to \($0.string ?? "?")") }
        putText("at first \(try await pin.name?.string ?? "?"), none is \(String(describing: try await pin.missing))")
        let change = try await pin.waitChange("size", "extras")
        putText("\(change?.name ?? "?") is \(change?.value.string ?? "?")")
        pin.set("name", "Grace")
        pin.update("name", label: "First name", help: "Only one", readonly: true)
        putText("now \(try await pin("name", as: String.self) ?? "?")")
        let second = try await pin.waitChange("do")
        putText("do \(second?.value.string ?? "?")")
        putText("too late: \(try await pin.waitChange("name", timeout: 0.05) == nil)")
        hold()
      }
      try await browser.waitForText("at first Ada, none is nil")
      try await browser.type("!", into: "[name=name]")
      try await browser.waitForText("changed to Ada!")
      _ = try await browser.run(
        "const s = document.querySelector('[name=size]'); s.selectedIndex = 1; s.dispatchEvent(new Event('change'))")
      try await browser.waitForText("size is M")
      try await browser.waitForText("now Grace")
      #expect(try await browser.value(of: "[name=name]") == "Grace")
      try await browser.waitForText("First name")
      try await browser.waitForText("Only one")
      #expect(try await browser.run("return document.querySelector('[name=name]').readOnly").bool == true)
      try await browser.press(button: "Discard")
      try await browser.waitForText("do Discard")
      try await browser.waitForText("too late: true")
      #expect(try await browser.lines().contains("changed to Grace") == false)
      try await browser.expectNoProblems()
    }
  }
}

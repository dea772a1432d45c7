import Foundation
import TestSupport
import Testing
import WebIOHTTP

@testable import WebIO

extension PageEndToEnd {
  /// What was typed and chosen is there after the page was loaded again.
  @Suite struct RefreshTests {
    @Test func everyPinKeepsItsValue() async throws {
      let browser = try await open {
        try putInput("line", value: "at first")
        try putInput("number", type: .number, value: 5)
        try putInput("day", type: .date)
        try putTextarea("text")
        try putSelect("size", options: ["S", "M", "L"], value: "S")
        try putCheckbox("extras", options: ["Milk", "Sugar"], value: ["Milk"])
        try putRadio("where", options: ["Here", "Away"])
        try putActions("do", buttons: ["Save", "Discard"])
        pin.onChange("line") { putText("changed to \($0.string ?? "?")") }
        let names = ["line", "number", "day", "text", "size", "extras", "where", "do"]
        putButton("Tell") {
          let values = try await pin.values(names)
          putText("told: \(names.map { (values[$0] ?? .null).description }.joined(separator: " "))")
        }
        hold()
      }
      try await browser.type(" and more", into: "[name=line]")
      try await browser.waitForText("changed to at first and more")
      try await browser.type("\u{E010}\u{E003}", into: "[name=number]")
      try await browser.type("02282026", into: "[name=day]")
      try await browser.type("two\nlines", into: "[name=text]")
      try await browser.choose(2, in: "[name=size]")
      try await browser.click("[name=extras]")
      try await browser.click("[name=extras][value*=Sugar]")
      try await browser.click("[name=where][value*=Away]")
      try await browser.press(button: "Discard")
      let told = #"told: "at first and more" null "2026-02-28" "two\nlines" "L" ["Sugar"] "Away" "Discard""#
      let changes = try await browser.lines().filter { $0.hasPrefix("changed") }
      try browser.refresh()
      try await browser.press(button: "Tell")
      try await browser.waitForText("told:")
      #expect(try await browser.lines().filter { $0.hasPrefix("told") } == [told])
      #expect(try await browser.value(of: "[name=line]") == "at first and more")
      #expect(try await browser.count(":checked:not(option)") == 2)
      // Filling in is no change of the visitor's.
      #expect(try await browser.lines().filter { $0.hasPrefix("changed") } == changes)
      try await browser.expectNoProblems()
    }

    /// Who came last wins, then and after the refresh.
    @Test func theServersWordAndTheVisitorsKeepTheirOrder() async throws {
      let browser = try await open {
        try putInput("first")
        try putInput("second")
        try putSelect("third", options: ["a", "b"])
        putButton("Set") {
          pin.set("first", "by the server")
          pin.set("second", "by the server")
          pin.update("third", options: ["b", "c"])
          putText("set")
        }
        hold()
      }
      for name in ["first", "second"] { try await browser.type("by me", into: "[name=\(name)]") }
      try await browser.press(button: "Set")
      try await browser.waitForText("set")
      try await browser.type(", then by me", into: "[name=second]")
      try await browser.choose(1, in: "[name=third]")
      for _ in 0..<2 {
        try browser.refresh()
        try await browser.waitForText("set")
        #expect(try await browser.value(of: "[name=first]") == "by the server")
        #expect(try await browser.value(of: "[name=second]") == "by the server, then by me")
        #expect(try await browser.value(of: "[name=third]") == "\"c\"")
      }
    }

    @Test func aNewPinOfTheSameNameBeginsAnew() async throws {
      let browser = try await open {
        try useScope("place") { try putInput("name", value: "old") }
        putButton("Again") {
          try useScope("place", clear: true) { try putInput("name", value: "new") }
        }
        hold()
      }
      try await browser.type(" text", into: "[name=name]")
      try await browser.press(button: "Again")
      try await browser.wait("it is new", "document.querySelector('[name=name]').value === 'new'")
      try browser.refresh()
      try await browser.wait("it is new", "document.querySelector('[name=name]')?.value === 'new'")
    }

    @Test func everyFieldOfAFormKeepsItsValue() async throws {
      let browser = try await open {
        let sizes = ["S", "M", "L"].map { Option($0, $0) }
        let answer = try await inputGroup(
          "All", .input("Text", name: "text", value: "preset"), .input("Number", type: .float, name: "number"),
          .input("Colour", type: .color, name: "color"), .select("Size", options: sizes, name: "size"),
          .selectMultiple("Sizes", options: sizes, name: "sizes"), .checkbox("Boxes", options: sizes, name: "boxes"),
          .radio("Radio", options: sizes, name: "radio"), InputItem<Int>.slider("Slider", name: "slider", value: 30))
        putText("\(answer)")
        hold()
      }
      try await browser.type("\u{E009}a\u{E000}\u{E003}", into: "[name=text]")
      try await browser.type("2.5", into: "[name=number]")
      _ = try await browser.run(
        "const c = document.querySelector('[name=color]'); c.value = '#00ff00'; c.dispatchEvent(new Event('input'))")
      try await browser.choose(1, in: "[name=size]")
      try await browser.point("[name=sizes] option:nth-child(1)")
      try await browser.point("[name=sizes] option:nth-child(3)")
      try await browser.click("[name=boxes][value*=M]")
      try await browser.click("[name=radio][value*=L]")
      _ = try await browser.run(
        "const s = document.querySelector('[name=slider]'); s.value = 90; s.dispatchEvent(new Event('input'))")
      try browser.refresh()
      try await browser.press(button: "Submit")
      try await browser.waitForText(##"("", 2.5, "#00ff00", "M", ["S", "L"], ["M"], Optional("L"), 90)"##)
      try await browser.expectNoProblems()
    }

    /// A password is not written down and a file cannot be; the page says so where there was one.
    @Test func whatCannotBeKeptIsAskedForAgain() async throws {
      let directory = try TemporaryDirectory("webio-page")
      try directory.write("photo.txt", "x")
      let browser = try await open {
        try putInput("pinned", type: .password, label: "Pinned")
        _ = try await inputGroup(
          "Sign in", .input("Name", name: "name"), .input("Password", type: .password, name: "password"),
          .file("Photo", name: "photo"), .file("Other", name: "other"))
        putText("in")
        hold()
      }
      try await browser.type("tell nobody", into: "[name=pinned]")
      try await browser.type("Ada", into: "[name=name]")
      try await browser.type("tell nobody", into: "[name=password]")
      try await browser.type(directory.file("photo.txt"), into: "[name=photo]")
      try browser.refresh()
      try await browser.wait("the form is there", "document.querySelector('[name=name]')?.value === 'Ada'")
      #expect(try await browser.run("return JSON.stringify({...sessionStorage})").string?.contains("nobody") == false)
      #expect(try await browser.value(of: "[name=password]") == "")
      let remarks = try await browser.run(
        "return [...document.querySelectorAll('.w-remark .w-feedback')].map((e) => e.innerText)")
      #expect(
        remarks.items.compactMap(\.string) == [
          "Please enter this again: it is not kept when the page is reloaded.",
          "Please enter this again: it is not kept when the page is reloaded.",
          "Please choose again: files are not kept when the page is reloaded.",
        ])
      try await browser.expectAccessible()
      try await browser.picture("form-refreshed")
      try await browser.type("x", into: "[name=password]")
      #expect(try await browser.count(".w-remark") == 2)
    }

    @Test func theEndOfASessionTakesItsDraftsAlong() async throws {
      let browser = try await open {
        try putInput("name")
        _ = try await input("Question")
      }
      try await browser.type("something", into: "[name=name]")
      try await browser.type("answer\u{E007}", into: "[name=data]")
      try await browser.waitForText("This session has ended.")
      _ = try await browser.run("dispatchEvent(new Event('pagehide'))")
      #expect(try await browser.run("return Object.keys(sessionStorage)").items == [])
    }
  }
}

extension WebDriver {
  /// Chooses an option as the visitor does.
  func choose(_ index: Int, in selector: String) async throws {
    _ = try await run(
      """
      const select = document.querySelector(arguments[0]);
      select.selectedIndex = arguments[1];
      select.dispatchEvent(new Event("change"));
      """, .string(selector), .number(Double(index)))
  }
}

import TestSupport
import Testing

@testable import WebIO

extension PageEndToEnd {
  /// A visitor without a mouse.
  @Suite struct KeyboardTests {
    @Test func aFormIsFilledAndSent() async throws {
      let browser = try await open {
        let sizes = ["S", "M", "L"].map { Option($0, $0) }
        let milks = [Option("Cow", "cow"), Option("Oat", "oat"), Option("None", "none")]
        let extras = [Option("Cake", "cake"), Option("Ice", "ice")]
        let (name, size, milk, extra, sugar) = try await inputGroup(
          "Coffee", .input("Name", name: "name", required: true), .select("Size", options: sizes, name: "size"),
          .radio("Milk", options: milks, name: "milk"), .checkbox("Extras", options: extras, name: "extras"),
          InputItem<Int>.slider("Sugar", name: "sugar", max: 5))
        putText("\(name) \(size) \(milk ?? "?") \(extra) \(sugar)")
        putText("thanks: \(try await input("Comment"))")
        hold()
      }
      try await browser.wait("the first field has the focus", "document.activeElement.name === 'name'")
      // Nothing is entered: the form stays, and its first field is marked.
      try await browser.press(.enter)
      #expect(try await browser.shown(".w-invalid .w-feedback") == "Please fill in this field.")
      #expect(try await browser.focused == "name")
      try await browser.type("Ada")
      try await browser.press(.tab)
      #expect(try await browser.focused == "size")
      try await browser.press(.down, .down, .tab)
      #expect(try await browser.focused == "milk")
      try await browser.press(.space, .down, .tab)
      #expect(try await browser.focused == "extras")
      try await browser.press(.space, .tab)
      #expect(try await browser.focused == "extras")
      try await browser.press(.space, .tab)
      #expect(try await browser.focused == "sugar")
      try await browser.press(.right, .right, .right, .left, .tab)
      #expect(try await browser.focused == "Submit")
      try await browser.press(.space)
      try await browser.waitForText("Ada L oat [\"cake\", \"ice\"] 2")
      // The next form takes the focus by itself.
      try await browser.wait("the next form has the focus", "document.activeElement.name === 'data'")
      try await browser.type("très bien")
      try await browser.press(.enter)
      try await browser.waitForText("thanks: très bien")
      try await browser.expectNoProblems()
    }

    @Test func theFocusGoesBackToWhereItWas() async throws {
      let browser = try await open {
        putButton("Before") {}
        putButton("Ask") { putText("it is \(try await input("Name"))") }
      }
      try await browser.wait("the page is there", "document.querySelectorAll('button').length === 2")
      try await browser.press(.tab, .tab, .enter)
      try await browser.wait("the form has the focus", "document.activeElement.name === 'data'")
      try await browser.type("Ada")
      try await browser.press(.enter)
      try await browser.waitForText("it is Ada")
      try await browser.wait("the form is gone", "!document.querySelector('form')")
      #expect(try await browser.focused == "Ask")
    }

    @Test func aPopupKeepsTheFocusUntilEscape() async throws {
      let browser = try await open {
        putButton("Open") {
          popup("Title", ["Text", .button("One") {}, .link("Two", url: "https://example.com")])
        }
        putText("behind").onClickNothing()
      }
      _ = try await browser.find("#pywebio-scope-ROOT button")
      try await browser.press(.tab, .enter)
      _ = try await browser.find("dialog[open]")
      var visited: Set<String> = []
      for _ in 0..<8 {
        try await browser.press(.tab)
        let isOutside = "return !document.activeElement.closest('dialog') && document.activeElement !== document.body"
        #expect(try await browser.run(isOutside).bool == false)
        visited.insert(try await browser.focused)
      }
      #expect(visited.isSuperset(of: ["One", "Two", "Close"]), "\(visited)")
      try await browser.press(.escape)
      try await browser.wait("it is closed", "!document.querySelector('dialog')")
      #expect(try await browser.focused == "Open")
    }

    @Test func aPopupThatMustBeAnsweredStays() async throws {
      let browser = try await open {
        popup("Answer", [.button("Yes") { closePopup() }], implicitClose: false, closable: false)
      }
      _ = try await browser.find("dialog[open]")
      try await browser.press(.escape, .escape, .escape)
      #expect(try await browser.count("dialog[open]") == 1)
      try await browser.press(.tab)
      #expect(try await browser.focused == "Yes")
      try await browser.press(.enter)
      try await browser.wait("it is closed", "!document.querySelector('dialog')")
    }

    @Test func tabsAreChosenByArrows() async throws {
      let browser = try await open {
        putTabs(["One": ["first"], "Two": ["second"], "Three": ["third"]])
        hold()
      }
      _ = try await browser.find("[role=tab]")
      try await browser.press(.tab)
      #expect(try await browser.focused == "One")
      for (key, tab, panel) in [
        (Key.right, "Two", "second"), (.end, "Three", "third"), (.right, "One", "first"), (.left, "Three", "third"),
        (.home, "One", "first"),
      ] {
        try await browser.press(key)
        #expect(try await browser.focused == tab)
        #expect(try await browser.shown("[role=tab][aria-selected=true]") == tab)
        #expect(try await browser.shown("[role=tabpanel]:not([hidden])") == panel)
      }
      try await browser.press(.tab)
      #expect(try await browser.focused == "first")
      try await browser.press(.tab, shift: true)
      #expect(try await browser.focused == "One")
    }

    @Test func whatCanBeClickedCanBePressed() async throws {
      let browser = try await open {
        put(Content.text("text").onClick { putText("text pressed") })
        putCollapse("More", ["inside"])
        toast("Toast", duration: 0, onClick: { putText("toast pressed") })
      }
      _ = try await browser.find(".w-toast")
      try await browser.press(.tab, .space)
      try await browser.waitForText("text pressed")
      try await browser.press(.tab, .enter)
      try await browser.wait("it is open", "document.querySelector('details').open")
      try await browser.press(.tab, .enter)
      try await browser.waitForText("toast pressed")
    }
  }
}

extension Output {
  /// Something behind a window that could take the focus.
  fileprivate func onClickNothing() { update(Content.text("behind").onClick {}) }
}

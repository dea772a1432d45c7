import TestSupport
import Testing
import WebIOHTTP

@testable import WebIO

extension PageEndToEnd {
  /// Selects with so many options that one types to find one.
  @Suite struct ComboboxTests {
    private static let towns: [Option<String>] =
      options("Europe", ["Berlin", "Bern", "Paris", "Zürich", "Wien"])
      + options("Asia", ["Beijing", "Tokyo", "Delhi", "Seoul"])
      + options("America", ["Lima", "Quito", "Boston", "Berlin, New Hampshire", "La Paz"])

    private static func options(_ group: String, _ names: [String]) -> [Option<String>] {
      names.map { Option($0, $0, disabled: $0 == "Bern", group: group) }
    }

    private static let openList = "document.querySelector('.w-combo-list:popover-open')"

    @Test func oneIsFoundByTyping() async throws {
      let browser = try await open {
        putText("to \(try await select("Where to?", options: Self.towns))")
        hold()
      }
      try await browser.wait("it has the focus", "document.activeElement.getAttribute('role') === 'combobox'")
      #expect(try await browser.value(of: ".w-combo input") == "Berlin")
      try await browser.expectAccessible()
      // Down opens the list at what is chosen, and goes past what cannot be.
      try await browser.press(.down)
      #expect(try await browser.active == "Berlin")
      #expect(try await browser.shown(".w-combo-list")?.contains("Europe") == true)
      try await browser.press(.down)
      #expect(try await browser.active == "Paris")
      try await browser.expectAccessible()
      try await browser.picture("combobox")
      // What one types need not have its dots, nor be the beginning; the name of a group counts as well.
      try await browser.type("zur")
      #expect(try await browser.options == ["Zürich"])
      #expect(try await browser.active == "Zürich")
      try await browser.clear()
      try await browser.type("amer ber")
      #expect(try await browser.options == ["Berlin, New Hampshire"])
      try await browser.clear()
      try await browser.type("nowhere")
      #expect(try await browser.shown(".w-combo-list") == "Nothing found")
      // Enter in an open list sends nothing; Escape goes back to what was chosen.
      try await browser.press(.enter, .escape)
      #expect(try await browser.run("return \(Self.openList) === null").bool == true)
      #expect(try await browser.value(of: ".w-combo input") == "Berlin")
      try await browser.type("tok")
      try await browser.press(.enter)
      #expect(try await browser.value(of: ".w-combo input") == "Tokyo")
      try await browser.press(.enter)
      try await browser.waitForText("to Tokyo")
      try await browser.expectNoProblems()
    }

    @Test func severalAreChips() async throws {
      let browser = try await open {
        let (towns, _) = try await inputGroup(
          "Journey", .selectMultiple("Towns", options: Self.towns, name: "towns", required: true), .input("Name", name: "name"))
        putText("\(towns)")
        hold()
      }
      try await browser.wait("it is loaded", "document.querySelector('.w-combo input')")
      try await browser.press(button: "Submit")
      try await browser.waitForText("Please choose one.")
      #expect(try await browser.run("return document.activeElement.getAttribute('role')").string == "combobox")
      for name in ["wien", "delhi", "lima"] {
        try await browser.type(name)
        try await browser.press(.enter)
      }
      #expect(try await browser.chips == ["Wien", "Delhi", "Lima"])
      try await browser.picture("combobox-multiple")
      try await browser.press(.escape)
      try await browser.type("\u{E003}", into: ".w-combo input")
      #expect(try await browser.chips == ["Wien", "Delhi"])
      try await browser.click(".w-chip .w-close")
      #expect(try await browser.chips == ["Delhi"])
      try await browser.point(".w-combo input")
      try await browser.point(".w-combo-option[data-index='2']")
      #expect(try await browser.chips == ["Paris", "Delhi"])
      try await browser.expectAccessible()
      try browser.refresh()
      try await browser.wait("the choice is kept", "document.querySelectorAll('.w-chip').length === 2")
      try await browser.press(button: "Reset")
      try await browser.wait("it is empty", "document.querySelectorAll('.w-chip').length === 0")
      try await browser.point(".w-combo input")
      try await browser.type("seoul")
      try await browser.press(.enter, .tab)
      #expect(try await browser.focused == "name")
      #expect(try await browser.run("return \(Self.openList) === null").bool == true)
      try await browser.press(button: "Submit")
      try await browser.waitForText("[\"Seoul\"]")
      try await browser.expectNoProblems()
    }

    @Test(arguments: [1280, 390])
    func theListFitsTheWindow(_ width: Int) async throws {
      let browser = try await open {
        let many = (1...5_000).map { Option("Number \($0)", $0) }
        putText("it is \(try await select("Many", options: many))")
        hold()
      }
      try await browser.look(width: width, isDark: true)
      try await browser.wait("it is loaded", "document.querySelector('.w-combo input')")
      try await browser.point(".w-combo input")
      let fits =
        "const b = \(Self.openList).getBoundingClientRect(); return b.top >= 0 && b.left >= 0 && b.bottom <= innerHeight && b.right <= innerWidth"
      #expect(try await browser.run(fits).bool == true)
      #expect(try await browser.count(".w-combo-option") == 200)
      // The rest comes when it is scrolled to, by wheel or by key.
      try await browser.press(.up)
      #expect(try await browser.active == "Number 5000")
      try await browser.type("4321")
      #expect(try await browser.value(of: ".w-combo input") == "4321")
      #expect(try await browser.options == ["Number 4321"])
      try await browser.picture("combobox-\(width)-dark")
      try await browser.expectAccessible()
      try await browser.press(.enter, .enter)
      try await browser.waitForText("it is 4321")
    }

    @Test func aShortSelectShowsItsGroups() async throws {
      let browser = try await open {
        let options = [
          Option("None", 0), Option("Tea", 1, group: "Hot"), Option("Coffee", 2, group: "Hot"),
          Option("Water", 3, group: "Cold"),
        ]
        _ = try await select("Drink", options: options)
      }
      _ = try await browser.find("select")
      #expect(try await browser.count(".w-combo") == 0)
      let groups =
        "return [...document.querySelectorAll('optgroup')].map((g) => `${g.label}: ${[...g.children].map((o) => o.label)}`)"
      #expect(try await browser.run(groups).items == ["Hot: Tea,Coffee", "Cold: Water"])
    }

    /// `search` outranks the number of options, in questions and pins.
    @Test func theAppSaysWhetherOneTypes() async throws {
      let browser = try await open {
        let many = (1...40).map { Option("Number \($0)", $0) }
        try putSelect("pin", options: ["x", "y"], search: true)
        let (short, long, several) = try await inputGroup(
          "All", .select("Short", options: [Option("Ah", 1), Option("Oh", 2)], name: "short", search: true),
          .select("Long", options: many, name: "long", search: false),
          .selectMultiple("Several", options: many, name: "several", search: false))
        putText("\(short) \(long) \(several)")
        hold()
      }
      try await browser.wait("all are there", "document.querySelectorAll('.w-combo input').length === 2")
      #expect(try await browser.count("select.w-multiple") == 1)
      #expect(try await browser.count("select[name=long] option") == 40)
      try await browser.point("form .w-combo input")
      try await browser.type("oh")
      #expect(try await browser.options == ["Oh"])
    }

    @Test func theServerChangesWhatCanBeChosen() async throws {
      let browser = try await open {
        try putSelect("town", options: (1...20).map { "Town \($0)" }, label: "Town")
        putButton("Set") { pin.set("town", "Town 7") }
        putButton("Other") { pin.update("town", options: ["One", "Two"]) }
        pin.onChange("town") { putText("changed to \($0.string ?? "?")") }
        hold()
      }
      try await browser.wait("it is loaded", "document.querySelector('.w-combo input')")
      try await browser.press(button: "Set")
      try await browser.wait("it is set", "document.querySelector('.w-combo input').value === 'Town 7'")
      try await browser.point(".w-combo input")
      try await browser.press(.down, .enter)
      try await browser.waitForText("changed to Town 8")
      try await browser.press(button: "Other")
      try await browser.wait("it is another", "document.querySelector('.w-combo input').value === 'One'")
      #expect(try await browser.lines().filter { $0.hasPrefix("changed") } == ["changed to Town 8"])
      try await browser.expectAccessible()
    }
  }
}

extension WebDriver {
  /// The option that Enter would choose.
  fileprivate var active: String? {
    get async throws {
      try await run("return document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.innerText")
        .string
    }
  }

  fileprivate var options: [String] {
    get async throws {
      try await run("return [...document.querySelectorAll('.w-combo-option')].map((e) => e.innerText)").items.compactMap(
        \.string)
    }
  }

  fileprivate var chips: [String] {
    get async throws {
      try await run("return [...document.querySelectorAll('.w-chip')].map((e) => e.innerText)").items.compactMap(\.string)
    }
  }

  fileprivate func clear() async throws { try await type("\u{E009}a\u{E000}\u{E003}", into: ".w-combo input") }
}

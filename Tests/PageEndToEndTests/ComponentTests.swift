import TestSupport
import Testing

@testable import WebIO

extension PageEndToEnd {
  /// Every component in wide and narrow windows, by day and by night: a picture for people, and what a machine can say
  /// about it.
  @Suite struct ComponentTests {
    private struct Look {
      let width: Int
      let isDark: Bool
      var name: String { "\(width)-\(isDark ? "dark" : "light")" }
      static let all = [1280, 390].flatMap { width in [false, true].map { Look(width: width, isDark: $0) } }
    }

    @Test(arguments: Component.all)
    func looksRight(_ component: Component) async throws {
      let browser = try await show(component)
      for look in Look.all {
        try await browser.look(width: look.width, isDark: look.isDark)
        let overflow = try await browser.run("return document.documentElement.scrollWidth").int ?? 0
        #expect(overflow <= look.width, "\(component.name) at \(look.name) is \(overflow) wide")
        try await browser.expectAccessible()
        try await browser.picture("\(component.name)-\(look.name)")
      }
      try await browser.expectNoProblems()
    }

    @Test(arguments: ["paper", "mint", "sea", "plum"])
    func themesAreReadable(_ theme: String) async throws {
      for component in [Component.boxes, .choiceFields] {
        let browser = try await show(component)
        _ = try await browser.run("document.documentElement.dataset.theme = arguments[0]", .string(theme))
        for isDark in [false, true] {
          try await browser.look(width: 1280, isDark: isDark)
          try await browser.expectAccessible()
        }
        try await browser.picture("\(component.name)-\(theme)")
      }
    }

    @Test func rightToLeftFits() async throws {
      let browser = try await show(.choiceFields)
      _ = try await browser.run("document.documentElement.dir = 'rtl'")
      try await browser.look(width: 390, isDark: false)
      #expect(try await browser.run("return document.documentElement.scrollWidth").int == 390)
      try await browser.expectAccessible()
      try await browser.picture("form-choice-rtl")
    }

    private func show(_ component: Component) async throws -> WebDriver {
      let browser = try await Chromium.fresh()
      let served = try await ServedApp(debug: true, [component.application])
      try await browser.open("\(served.url)?app=\(component.name)")
      _ = try await browser.find(component.last)
      if component.name == Component.wrongAnswers.name {
        try await browser.press(button: "Submit")
        try await browser.wait("all are marked", "document.querySelectorAll('.w-invalid').length === 3")
      }
      try await browser.wait("all is loaded", "!document.querySelector('.w-lazy[aria-busy]')")
      try await browser.settle()
      return browser
    }
  }
}

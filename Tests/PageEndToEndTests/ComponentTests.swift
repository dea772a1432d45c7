import TestSupport
import Testing

@testable import WebIO

extension PageEndToEnd {
  /// Every component in wide and narrow windows, by day and by night: a picture for people, and what a machine can say
  /// about it.
  @Suite struct ComponentTests {
    @Test(arguments: Component.all)
    func looksRight(_ component: Component) async throws {
      for width in [1280, 390] {
        let browser = try await show(component, width: width)
        for isDark in [false, true] {
          let name = "\(component.name)-\(width)-\(isDark ? "dark" : "light")"
          try await browser.look(width: width, isDark: isDark)
          let needed = try await browser.run("return document.documentElement.scrollWidth").int ?? 0
          #expect(needed <= width, "\(name)")
          try await browser.expectAccessible()
          try await browser.picture(name)
        }
        try await browser.expectNoProblems()
      }
    }

    /// Each message can be read, also where three places are one.
    @Test(arguments: [1280, 390])
    func toastsDoNotHideEachOther(_ width: Int) async throws {
      let browser = try await show(.toasts, width: width)
      let covered = try await browser.run(
        """
        return [...document.querySelectorAll(".w-toast")].filter((toast) => {
          const { x, y, width, height } = toast.getBoundingClientRect();
          return !toast.contains(document.elementFromPoint(x + width / 2, y + height / 2));
        }).map((toast) => toast.innerText);
        """)
      #expect(covered.items == [])
      #expect(try await browser.count(".w-toast") == 5)
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
      let browser = try await show(.choiceFields, width: 390)
      _ = try await browser.run("document.documentElement.dir = 'rtl'")
      #expect(try await browser.run("return document.documentElement.scrollWidth").int == 390)
      try await browser.expectAccessible()
      try await browser.picture("form-choice-rtl")
    }

    private func show(_ component: Component, width: Int = 1280) async throws -> WebDriver {
      let browser = try await Chromium.fresh()
      try await browser.look(width: width, isDark: false)
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

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
      for component in [Component.boxes, .choiceFields, .richText, .code, .datatable] {
        let browser = try await show(component)
        _ = try await browser.run("document.documentElement.dataset.theme = arguments[0]", .string(theme))
        for isDark in [false, true] {
          try await browser.look(width: 1280, isDark: isDark)
          try await browser.expectAccessible()
        }
        try await browser.picture("\(component.name)-\(theme)")
      }
    }

    /// As an app in Arabic has it: `lang` makes the page right to left.
    @Test(arguments: [Component.choiceFields, .longLists, .boxes, .tables, .datatable, .code, .layout, .toasts])
    func rightToLeftFits(_ component: Component) async throws {
      let browser = try await show(component, width: 390)
      _ = try await browser.run("document.documentElement.lang = 'ar'; document.documentElement.dir = 'rtl'")
      for width in [390, 1280] {
        try await browser.look(width: width, isDark: false)
        #expect(try await browser.run("return document.documentElement.scrollWidth").int ?? 0 <= width)
        try await browser.expectAccessible()
        try await browser.picture("\(component.name)-\(width)-rtl")
      }
    }

    /// On paper: black on white by day and by night, nothing that can only be clicked, and what scrolls is shown whole.
    @Test(arguments: [Component.richText, .boxes, .words, .charts, .datatable, .pins])
    func printsWell(_ component: Component) async throws {
      let browser = try await show(component)
      let night: TestSupport.JSON = ["media": "print", "features": [["name": "prefers-color-scheme", "value": "dark"]]]
      try browser.devTools("Emulation.setEmulatedMedia", night)
      try await browser.settle()
      try await browser.picture("\(component.name)-print")
      let colors = try await browser.run("const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]")
      for theme in ["auto", "dark", "plum"] {
        _ = try await browser.run("document.documentElement.dataset.theme = arguments[0]", .string(theme))
        try await browser.expectAccessible()
      }
      try browser.devTools("Emulation.setEmulatedMedia", ["media": ""])
      #expect(colors.items == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"])
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
      let films = "[...document.querySelectorAll('video, audio')].every((one) => one.readyState > 1)"
      try await browser.wait("films and sounds are there", films)
      try await browser.settle()
      return browser
    }
  }
}

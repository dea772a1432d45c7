import TestSupport
import Testing

@testable import WebIO

extension PageEndToEnd {
  /// The input panel beside the output that came before it, and comes while it waits.
  @Suite struct PanelTests {
    /// Where the last output ends and the panel begins, in the window.
    private static let hidden = """
      const last = document.getElementById('pywebio-scope-ROOT').lastElementChild.getBoundingClientRect();
      const panel = document.getElementById('input-container').getBoundingClientRect();
      if (last.bottom > innerHeight || last.top < 0) return `out of the window: ${last.top} to ${last.bottom}`;
      if (last.bottom > panel.top + 1) return `behind the panel: ${last.bottom} > ${panel.top}`;
      return "";
      """

    /// A short form at the window's lower edge, and one that is too tall for that.
    @Test(arguments: [1280, 390])
    func itNeverHidesTheLatestOutput(_ width: Int) async throws {
      let browser = try await Chromium.fresh()
      try await browser.look(width: width, isDark: false)
      let app = try await ServedApp {
        for number in 1...60 { putText("line \(number)") }
        putText("Hello, \(try await input("Name"))")
        _ = try await textarea("More", rows: 24)
        hold()
      }
      try await browser.open(app.url)
      try await browser.wait("the form is there", "document.activeElement.name === 'data'")
      // A long text is read from its beginning; at its end nothing of it lies behind the panel.
      #expect(try await browser.run("return scrollY").int == 0)
      _ = try await browser.run("scrollTo(0, document.documentElement.scrollHeight)")
      try await browser.settle()
      let first = try await browser.run(Self.hidden)
      #expect(first == "")
      try await browser.picture("panel-\(width)")
      try await browser.type("Ada\u{E007}", into: "[name=data]")
      try await browser.waitForText("Hello, Ada")
      try await browser.wait("the next form is there", "document.querySelector('textarea') === document.activeElement")
      try await browser.settle()
      let second = try await browser.run(Self.hidden)
      #expect(second == "")
    }

    @Test(arguments: [1280, 390])
    func whatComesMeanwhileIsSeenByWhoIsAtTheEnd(_ width: Int) async throws {
      let browser = try await Chromium.fresh()
      try await browser.look(width: width, isDark: false)
      let app = try await ServedApp {
        putButton("More") {
          for number in 1...40 {
            putText("line \(number)")
            try await Task.sleep(for: .milliseconds(5))
          }
          putText("the end")
        }
        _ = try await input("Name")
      }
      try await browser.open(app.url)
      try await browser.press(button: "More")
      try await browser.waitForText("the end")
      try await browser.settle()
      let hidden = try await browser.run(Self.hidden)
      #expect(hidden == "")
      // Who reads further up is left alone.
      _ = try await browser.run("scrollTo(0, 0)")
      try await browser.settle()
      _ = try await browser.run("document.querySelector('#pywebio-scope-ROOT button').click()")
      try await browser.wait("all is there", "document.getElementById('pywebio-scope-ROOT').children.length === 83")
      try await browser.settle()
      #expect(try await browser.run("return scrollY").int == 0)
    }

    @Test func aQuestionWithButtonsIsNotAnsweredByAnEnterTooMany() async throws {
      let browser = try await open {
        putText("name: \(try await input("Name"))")
        putText("then: \(try await actions("Delete it?", ["Delete", "Keep"]))")
        hold()
      }
      try await browser.type("Ada\u{E007}", into: "[name=data]")
      try await browser.wait("the question has the focus", "document.activeElement.getAttribute('role') === 'group'")
      #expect(try await browser.shown("form")?.contains("Delete it?") == true)
      try await browser.press(.enter, .space, .enter)
      #expect(try await browser.lines() == ["name: Ada"])
      try await browser.expectAccessible()
      try await browser.press(.tab)
      #expect(try await browser.run("return document.activeElement.innerText").string == "Delete")
      try await browser.press(.tab, .enter)
      try await browser.waitForText("then: Keep")
    }

    /// With the visitor's wish nothing moves; without it, output, forms and messages come softly.
    @Test(arguments: [true, false])
    func motionIsReducedOnRequest(_ isReduced: Bool) async throws {
      let browser = try await Chromium.fresh()
      try browser.devTools(
        "Emulation.setEmulatedMedia",
        ["features": [["name": "prefers-reduced-motion", "value": isReduced ? "reduce" : "no-preference"]]])
      let app = try await ServedApp {
        putButton("Go") {
          putText("softly")
          putCollapse("More", ["inside"])
          toast("message", duration: 0)
          _ = try await input("Name")
        }
      }
      try await browser.open(app.url)
      _ = try await browser.find("#pywebio-scope-ROOT button")
      _ = try await browser.run(
        """
        window.__moved = [];
        const animate = Element.prototype.animate;
        Element.prototype.animate = function (...all) { __moved.push(this.className || this.localName); return animate.apply(this, all); };
        addEventListener("animationstart", (event) => {
          if (event.target.getAnimations().some((a) => a.effect.getComputedTiming().duration > 1)) __moved.push(event.animationName);
        });
        """)
      try await browser.press(button: "Go")
      _ = try await browser.find(".w-toast")
      _ = try await browser.find("form")
      try await browser.settle()
      let moved = try await browser.run("return __moved").items.compactMap(\.string)
      if isReduced {
        #expect(moved == [])
      } else {
        #expect(Set(moved).isSuperset(of: ["w-text", "w-collapse", "w-form card w-compact", "w-drop-in"]), "\(moved)")
      }
    }

    @Test func whatHasNothingInItSaysSo() async throws {
      let browser = try await open {
        putChart(.bar, [])
        try putDatatable([], name: "none", height: 200)
        hold()
      }
      try await browser.waitForText("No data")
      try await browser.waitForText("No rows")
      _ = try await browser.run(
        """
        const input = document.querySelector('.w-datatable input');
        input.value = 'x';
        input.dispatchEvent(new Event('input'));
        """)
      try await browser.waitForText("No rows")
    }
  }
}

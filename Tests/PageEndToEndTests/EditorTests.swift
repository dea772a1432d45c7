import TestSupport
import Testing
import WebIOHTTP

@testable import WebIO

extension PageEndToEnd {
  /// The code editor of a textarea.
  @Suite struct EditorTests {
    @Test func codeIsColouredNumberedAndIndentedAsOneTypes() async throws {
      let browser = try await open {
        putText(try await answer(editor("Source", "python", "def f(x):\n    return [x]"), nil))
        hold()
      }
      try await browser.wait("it has colours", "document.querySelector('.w-editor .hl-keyword')?.innerText === 'def'")
      #expect(try await browser.shown(".w-editor-lines") == "1\n2")
      #expect(try await browser.focused == "data")
      try await browser.press(.end)
      try await browser.moveCaret(to: 24)
      try await browser.press(.enter)
      try await browser.type("if x:")
      try await browser.press(.enter)
      try await browser.type("pass")
      #expect(try await browser.value(of: "textarea") == "def f(x):\n    return [x]\n    if x:\n        pass")
      #expect(try await browser.shown(".w-editor-lines") == "1\n2\n3\n4")
      #expect(
        try await browser.run("return [...document.querySelectorAll('.w-editor .hl-keyword')].map((e) => e.innerText)").items
          == ["def", "return", "if", "pass"])
      // What is typed and what is seen lie over each other.
      let offset = try await browser.run(
        """
        const [text, area] = ["pre", "textarea"].map((name) => {
          const element = document.querySelector(`.w-editor-text > ${name}`);
          const style = getComputedStyle(element);
          const box = element.getBoundingClientRect();
          return [box.left, box.top, box.width, box.height, style.font, style.paddingLeft, style.paddingTop, style.letterSpacing, style.tabSize].join();
        });
        return text === area ? "" : `${text} / ${area}`;
        """)
      #expect(offset.string == "")
      try await browser.press(.tab, shift: true)
      #expect(try await browser.value(of: "textarea") == "def f(x):\n    return [x]\n    if x:\n    pass")
      // Undone as in any field.
      try await browser.type("\u{E009}z\u{E000}", into: "textarea")
      #expect(try await browser.value(of: "textarea")?.hasSuffix("        pass") == true)
      try await browser.expectAccessible()
      try await browser.expectNoProblems()
      try await browser.press(.escape, .tab)
      #expect(try await browser.focused != "data")
      try await browser.press(button: "Submit")
      try await browser.waitForText("def f(x):")
    }

    @Test func bracketsFindTheirOtherHalf() async throws {
      let browser = try await open {
        putText(try await answer(editor("Source", "swift", "f([1, \")\"])\n}"), nil))
        hold()
      }
      try await browser.wait("it has colours", "document.querySelector('.w-editor .hl-string')")
      // Behind the first bracket: the last of the line is its partner, not the one in the string.
      try await browser.moveCaret(to: 2)
      try await browser.wait("two are marked", "document.querySelectorAll('.w-editor-bracket').length === 2")
      let distance = try await browser.run(
        "const [a, b] = [...document.querySelectorAll('.w-editor-bracket')].map((e) => e.getBoundingClientRect()); return Math.round((b.left - a.left) / a.width)"
      )
      #expect(distance.int == 9)
      try await browser.moveCaret(to: 13)
      try await browser.wait("it has none", "document.querySelectorAll('.w-editor-bracket.w-unmatched').length === 1")
      // Enter between brackets opens a block; a closing bracket goes back to where it began.
      try await browser.moveCaret(to: 11)
      try await browser.type(" {")
      try await browser.press(.enter)
      try await browser.type("a")
      try await browser.press(.enter)
      try await browser.type("}")
      #expect(try await browser.value(of: "textarea") == "f([1, \")\"]) {\n    a\n}\n}")
    }

    @Test func fullScreenComesAndGoes() async throws {
      let browser = try await open {
        _ = try await answer(editor("Source", "javascript", "const a = 1;"), nil)
      }
      try await browser.wait("it is loaded", "document.querySelector('.w-editor-full')")
      try await browser.press(.f11)
      let size =
        "const b = document.querySelector('.w-editor').getBoundingClientRect(); return [b.left, b.top, b.width, b.height].join()"
      let width = try await browser.run("return document.documentElement.clientWidth").int ?? 0
      #expect(try await browser.run(size).string == "0,0,\(width),800")
      #expect(try await browser.focused == "data")
      try await browser.picture("editor-full")
      try await browser.press(.escape)
      #expect(try await browser.run(size).string != "0,0,\(width),800")
      try await browser.click(".w-editor-full")
      #expect(try await browser.run(size).string == "0,0,\(width),800")
      try await browser.expectAccessible()
    }

    @Test func theServerAndTheResetReachTheEditor() async throws {
      let browser = try await open {
        put(Content.pinned("code", editor("Pinned", "json", "{}")))
        putButton("Set") { pin.set("code", "{\"a\": 1}\n") }
        hold()
      }
      try await browser.wait("it is loaded", "document.querySelector('.w-editor-full')")
      try await browser.press(button: "Set")
      try await browser.wait("it is drawn", "document.querySelector('.w-editor pre').innerText.startsWith('{\"a\": 1}')")
      #expect(try await browser.shown(".w-editor-lines") == "1\n2")
      try await browser.type("5", into: "[name=code]")
      try browser.refresh()
      try await browser.wait("it is kept", "document.querySelector('.w-editor pre')?.innerText.startsWith('{\"a\": 1}\\n5')")
    }
  }
}

/// A code editor with a language.
func editor(_ label: String, _ language: String, _ value: String, rows: Int = 6) -> InputItem<String> {
  var item = InputItem<String>.textarea(label, value: value, rows: rows)
  var code = Spec()
  code.set("mode", language)
  item.field.spec["code"] = .spec(code)
  return item
}

extension WebDriver {
  fileprivate func moveCaret(to position: Int) async throws {
    _ = try await run(
      "const area = document.activeElement; area.setSelectionRange(arguments[0], arguments[0]);",
      .number(Double(position)))
  }
}

import Foundation
import TestSupport
import Testing

@testable import WebIO

extension PageEndToEnd {
  @Suite struct OutputTests {
    @Test func outputIsReplacedAndRemoved() async throws {
      let browser = try await open {
        let first = putText("first")
        let second = putText("second")
        let nested = put(.text("a"), .text("b"))
        putText("last")
        first.update(.markdown("**new first**"))
        first.update(.button("newest first") { second.remove() })
        nested.update(.text("both"))
        hold()
      }
      try await browser.waitForText("last")
      #expect(try await browser.lines() == ["newest first", "second", "both", "last"])
      try await browser.press(button: "newest first")
      try await browser.wait("it is gone", "!document.body.innerText.includes('second')")
      #expect(try await browser.lines() == ["newest first", "both", "last"])
    }

    @Test func scopesAreFilledClearedAndRemoved() async throws {
      let browser = try await open {
        try putScope("a", ["1"])
        try useScope("b") {
          putText("2")
          putText("0", position: .top)
          putText("to a", scope: "a")
          try useScope("inner") {
            putText("3: \(currentScope() ?? "?") in \(currentScope(depth: 1) ?? "?")")
            putText("4")
          }
        }
        try setScope("a")
        putButton("clear") { clear("b") }
        putButton("blank") {
          try await useScope("b", clear: true) {
            try await Task.sleep(for: .milliseconds(300))
            putText("again")
          }
        }
        putButton("remove") { try remove("b") }
        putButton("before") { putText("before the last", scope: "a", position: 1) }
      }
      try await browser.waitForText("before")
      #expect(try await browser.lines("a") == ["1", "to a"])
      #expect(try await browser.lines("b") == ["0", "2", "3: inner in b\n\n4"])
      try await browser.press(button: "before")
      try await browser.waitForText("before the last")
      #expect(try await browser.lines("a") == ["1", "before the last", "to a"])
      // The scope is emptied, but what is below it does not move up meanwhile.
      let height = "return document.getElementById('pywebio-scope-b').offsetHeight"
      let before = try await browser.run(height).number
      try await browser.press(button: "blank")
      try await browser.wait("it is empty", "!document.getElementById('pywebio-scope-b').innerText")
      #expect(try await browser.run(height).number == before)
      try await browser.waitForText("again")
      try await browser.wait("its height is its own", "!document.getElementById('pywebio-scope-b').style.minHeight")
      try await browser.press(button: "clear")
      try await browser.wait("it is empty", "document.getElementById('pywebio-scope-b').children.length === 0")
      try await browser.press(button: "remove")
      try await browser.wait("it is gone", "!document.getElementById('pywebio-scope-b')")
    }

    @Test func thePageScrollsToAScope() async throws {
      let browser = try await open {
        for line in 1...100 { putText("line \(line)") }
        try putScope("middle", ["the middle"])
        for line in 101...200 { putText("line \(line)") }
        scrollTo("middle", position: .top)
        hold()
      }
      try await browser.waitForText("line 200")
      let top = "document.getElementById('pywebio-scope-middle').getBoundingClientRect().top"
      try await browser.wait("it is at the top", "Math.abs(\(top)) < 40")
    }

    @Test func theEndStaysInView() async throws {
      let browser = try await open {
        setEnv(autoScrollBottom: true)
        for line in 1...200 { putText("line \(line)") }
        hold()
      }
      try await browser.waitForText("line 200")
      try await browser.wait("it is at the end", "innerHeight + scrollY >= document.documentElement.scrollHeight - 2")
    }

    @Test func theEnvironmentIsSet() async throws {
      let browser = try await open {
        setEnv(title: "A new title", outputMaxWidth: "500px")
        putText("done")
        hold()
      }
      try await browser.waitForText("done")
      #expect(try await browser.run("return document.title").string == "A new title")
      let width = try await browser.run("return document.getElementById('pywebio-scope-ROOT').offsetWidth").number ?? 0
      #expect(width <= 500)
    }

    @Test func scriptsRunAndAnswer() async throws {
      let browser = try await open {
        runJS("document.body.dataset.mark = word + number", ["word": "x", "number": 3])
        putText("mark \(try await evalJS("document.body.dataset.mark").string ?? "?")")
        putText("sum \(try await evalJS("a + b", ["a": 1, "b": 2]).int ?? 0)")
        putText("later \(try await evalJS("new Promise((done) => setTimeout(() => done('now'), 50))").string ?? "?")")
        putText("failed is null: \(try await evalJS("nothing.at.all").isNull)")
        hold()
      }
      for line in ["mark x3", "sum 3", "later now", "failed is null: true"] { try await browser.waitForText(line) }
    }

    @Test func filesAreSaved() async throws {
      let directory = try TemporaryDirectory("webio-page")
      let browser = try await open {
        putFile("report.txt", Array("grüße".utf8), label: "Save")
        putButton("Other") { download("other.bin", (0...255).map { UInt8($0) }) }
      }
      try browser.devTools(
        "Browser.setDownloadBehavior", ["behavior": "allow", "downloadPath": .string(directory.path)])
      try await browser.press(button: "Save")
      try await eventually("the file is there") {
        (try? readText(directory.file("report.txt"))) == "grüße"
      }
      try await browser.press(button: "Other")
      try await eventually("the other file is there") {
        FileManager.default.contents(atPath: directory.file("other.bin")) == Data(0...255)
      }
    }

    @Test func aBroadcastReachesEveryWindow() async throws {
      let browser = try await Chromium.fresh()
      let app = try await ServedApp {
        try putScope("room")
        putButton("Say") { broadcast("hello all", scope: "room") }
      }
      try await browser.open(app.url)
      try await browser.waitForText("Say")
      let first = try browser.call("GET", "/window")
      let second = try browser.call("POST", "/window/new", ["type": "tab"])["handle"]
      _ = try browser.call("POST", "/window", ["handle": second])
      try await browser.open(app.url)
      try await browser.press(button: "Say")
      try await browser.waitForText("hello all")
      _ = try browser.call("DELETE", "/window")
      _ = try browser.call("POST", "/window", ["handle": first])
      try await browser.waitForText("hello all")
    }

    @Test func windowsAndMessagesComeAndGo() async throws {
      let browser = try await open {
        putButton("Open") {
          try popup("Title") {
            putText("inside")
            putButton("More") { toast("Brief", duration: 0.4) }
            putButton("Shut") { closePopup() }
          }
        }
      }
      try await browser.press(button: "Open")
      try await browser.waitForText("inside")
      try await browser.press(button: "More")
      // In front of the window, not behind it.
      try await browser.wait(
        "the toast is in front",
        """
        (() => {
          const toast = document.querySelector('.w-toast');
          if (!toast) return false;
          const { x, y, width, height } = toast.getBoundingClientRect();
          return toast.contains(document.elementFromPoint(x + width / 2, y + height / 2));
        })()
        """)
      try await browser.wait("the toast goes by itself", "!document.querySelector('.w-toast')")
      try await browser.press(button: "Shut")
      try await browser.wait("the window is closed", "!document.querySelector('dialog')")
      // A click beside it closes it too.
      try await browser.press(button: "Open")
      _ = try await browser.find("dialog[open]")
      let pointer: [TestSupport.JSON] = [
        ["type": "pointerMove", "x": 5, "y": 5, "duration": 0], ["type": "pointerDown", "button": 0],
        ["type": "pointerUp", "button": 0],
      ]
      _ = try browser.call(
        "POST", "/actions", ["actions": [["type": "pointer", "id": "mouse", "actions": .array(pointer)]]])
      try await browser.wait("the window is closed", "!document.querySelector('dialog')")
    }

    @Test func anErrorIsShownWithoutItsDetail() async throws {
      let browser = try await open {
        putText("before")
        throw WebIOError.invalidArgument("a secret of the server")
      }
      try await browser.waitForText("Something went wrong in this app.")
      #expect(try await browser.text.contains("secret") == false)
      #expect(try await browser.text.contains("before"))
    }
  }
}

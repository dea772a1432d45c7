import TestSupport
import Testing

@testable import WebIO

extension PageEndToEnd {
  /// What a visitor typed and an app shows must not act in another visitor's page.
  @Suite struct HostileTests {
    @Test func cleanedMarkupDoesNotAct() async throws {
      let browser = try await Chromium.fresh()
      // The pieces of Sources/Frontend/tests/hostile.js.
      let source = try readText("\(checkout)/Sources/Frontend/tests/hostile.js")
      let start = try #require(source.range(of: "const pieces = ["))
      let end = try #require(source.range(of: "];\n", range: start.upperBound..<source.endIndex))
      let list = source[source.index(before: start.upperBound)...end.lowerBound]
      let pieces = try await browser.run("return \(list)").items.compactMap(\.string)
      #expect(pieces.count > 30)
      let app = try await ServedApp {
        for piece in pieces {
          putMarkdown(piece)
          putHTML(piece)
          putText(piece)
          putCode(piece, language: "html")
          putTable([[.text(piece), .markdown(piece)]], header: [.text(piece), .html(piece)])
          put(.link(piece, url: "javascript:window.__hit=1"))
          put(.collapse(piece, [.html(piece)], open: true))
          toast(piece, duration: 0)
        }
        try putInput("pin", label: pieces[0], value: pieces[1], help: pieces[2])
        setEnv(title: pieces[0])
        popup(pieces[0], [.html(pieces[1])])
        putText("all shown")
        _ = try await inputGroup(
          pieces[0], .select(pieces[3], options: pieces.map { Option($0, $0) }), .input(pieces[4], help: pieces[5]))
      }
      try await browser.open(app.url)
      try await browser.waitForText("all shown", within: .seconds(40))
      _ = try await browser.find("form")
      let found = try await browser.run(
        """
        addEventListener("click", (event) => event.preventDefault(), true);
        const problems = [];
        const harmful = "#pywebio-scope-ROOT :is(script, style, iframe, object, embed, form, base, meta, link, math, template)";
        for (const element of document.querySelectorAll(harmful)) problems.push(element.outerHTML);
        for (const element of document.querySelectorAll("#pywebio-scope-ROOT *, dialog *, .w-toasts *, form *")) {
          for (const { name, value } of element.attributes) {
            if (name.startsWith("on") || (/^(href|src|action|formaction|srcdoc|background)$/.test(name) && /^\\s*(javascript|vbscript|data:text)/i.test(value))) problems.push(`${name}=${value}`);
          }
          if (element.click && !element.matches(".w-toast *, button")) element.click();
          for (const type of ["mouseover", "focus", "toggle", "load", "error"]) element.dispatchEvent(new Event(type));
        }
        return problems;
        """)
      #expect(found.items.compactMap(\.string) == [])
      try await browser.settle()
      #expect(try await browser.run("return window.__hit === undefined").bool == true)
      // The inert document in which markup is parsed may refuse a <base>; this page's own is what it was.
      #expect(try await browser.run("return document.baseURI === location.href").bool == true)
      let problems = try await browser.run("return __seen.problems").items.compactMap(\.string)
        .filter { !$0.hasPrefix("policy: base-uri") }
      #expect(problems == [])
    }

    @Test func anAppsOwnMarkupDoes() async throws {
      let browser = try await open {
        putHTML(
          "<p id=p style='color: rgb(1, 2, 3)' onclick='this.textContent = `clicked`'>click</p><script>window.__ran = 1</script>",
          sanitize: false)
        hold()
      }
      _ = try await browser.find("#p")
      try await browser.wait("its script ran", "window.__ran === 1")
      try await browser.click("#p")
      try await browser.waitForText("clicked")
      #expect(try await browser.run("return getComputedStyle(document.getElementById('p')).color").string == "rgb(1, 2, 3)")
      try await browser.expectNoProblems()
    }
  }
}

import Testing

@testable import WebIO

@Suite struct PageTests {
  @Test func valuesAreEscapedAndNotFilledTwice() {
    let page = Page(title: "</title><script>{{nonce}}", description: "\"x\" & <y>", app: "index")
    let html = String(decoding: page.render().html, as: UTF8.self)
    #expect(html.contains("<title>&lt;/title&gt;&lt;script&gt;{{nonce}}</title>"))
    #expect(html.contains("&quot;x&quot; &amp; &lt;y&gt;"))
    #expect(!html.contains("{{css}}") && !html.contains("{{config}}"))
  }

  @Test func nonceIsFreshAndInThePolicy() {
    let page = Page(title: "t", description: "", app: "index")
    let (one, two) = (page.render(), page.render())
    #expect(one.contentSecurityPolicy != two.contentSecurityPolicy)
    let nonce = one.contentSecurityPolicy.split(separator: "'nonce-")[1].prefix { $0 != "'" }
    #expect(String(decoding: one.html, as: UTF8.self).contains("nonce=\"\(nonce)\""))
  }

  @Test func linkedCoreHasNoImportsOrExports() {
    let lines = String(decoding: FrontendLinker.core, as: UTF8.self).split(separator: "\n")
    #expect(lines.count > 500)
    #expect(!lines.contains { $0.hasPrefix("import ") || $0.hasPrefix("export ") })
  }

  @Test func linkerJoinsByLines() {
    let joined = FrontendLinker.join([
      "import { a } from \"./a.js\";\n// why\nexport function f() {\n  return 1;\n}\n", "const text = \"// kept\";\n",
    ])
    #expect(String(decoding: joined, as: UTF8.self) == "function f() {\nreturn 1;\n}\nconst text = \"// kept\";\n")
  }
}

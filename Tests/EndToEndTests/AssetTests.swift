import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What is no code is shown without a compiler.
  @Suite struct AssetTests {
    private static let source = """
      import Foundation
      import WebIO

      func hello() async throws {
        putMarkdown("# Hello!")
        putHTML("<img src='/static/dot.svg' alt='dot'>")
        putText(try String(contentsOfFile: "Resources/words.txt", encoding: .utf8))
        let name = try await input("Your name?")
        putText("Hi, \\(name)!")
      }

      try await startServer(hello, staticDirectory: "static", config: PageConfig(cssFiles: ["/static/look.css"]))
      """

    private static func dot(_ width: Int) -> String {
      "<svg xmlns='http://www.w3.org/2000/svg' width='\(width)' height='10'><rect width='\(width)' height='10'/></svg>"
    }

    @Test(.timeLimit(.minutes(5))) func stylesPicturesAndTextsAreNotCompiled() async throws {
      let project = try await Fixture.shared.project()
      let browser = try await Fixture.shared.browser()
      let places = ["static", "Resources"].map { "\(project.path)/\($0)" }
      defer { for place in places { try? FileManager.default.removeItem(atPath: place) } }
      for place in places { try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true) }
      func save(_ name: String, _ text: String) throws {
        try text.write(toFile: "\(project.path)/\(name)", atomically: true, encoding: .utf8)
      }
      try save("static/look.css", "h1 { color: rgb(1, 2, 3) }")
      try save("static/dot.svg", Self.dot(10))
      try save("Resources/words.txt", "words of old")
      try project.save(Self.source)
      let webio = try project.dev("--port", "0")
      try await webio.explaining {
        try await browser.open(webio.ready().url)
        try await browser.waitForText("words of old")
        try await browser.type("Ada\u{E007}", into: "#input-container input")
        try await browser.waitForText("Hi, Ada!")
        _ = try await browser.run("window.isStillHere = true")
        let position = webio.position
        func sees(_ what: String, _ script: String) async throws {
          try await eventually(what) { try await browser.look("return \(script)").bool == true }
        }

        // In place: the page is the same one, and one sheet is left.
        try save("static/look.css", "h1 { color: rgb(4, 5, 6) }")
        try await sees("the colour", "getComputedStyle(document.querySelector('h1')).color === 'rgb(4, 5, 6)'")
        try await sees("one sheet", "document.querySelectorAll('link[rel=stylesheet]').length === 1")
        try save("static/look.css", "h1 { color: rgb(7, 8, 9) }")
        try await sees("the next colour", "getComputedStyle(document.querySelector('h1')).color === 'rgb(7, 8, 9)'")
        try save("static/dot.svg", Self.dot(30))
        try await sees("the picture", "document.querySelector('img[alt=dot]').naturalWidth === 30")
        #expect(try await browser.look("return window.isStillHere === true").bool == true, "nothing was loaded again")

        // The app reads it again, and the visitor is where they were.
        try save("Resources/words.txt", "words of new")
        try await browser.waitForText("words of new")
        try await browser.waitForText("Hi, Ada!")

        // What the app keeps beside its manifest is its own.
        try save("guests.json", "[]")
        defer { try? FileManager.default.removeItem(atPath: "\(project.path)/guests.json") }
        try save("static/look.css", "h1 { color: rgb(10, 11, 12) }")
        try await sees("the last colour", "getComputedStyle(document.querySelector('h1')).color === 'rgb(10, 11, 12)'")
        let events = webio.events.dropFirst(position)
        #expect(!events.contains { ["building", "built"].contains($0["event"].string) }, "\(webio.account)")
        #expect(events.filter { $0["event"] == "reloaded" }.count == 1)
      }
      webio.program.interrupt()
      _ = try await webio.end()
      try project.restore()
    }
  }
}

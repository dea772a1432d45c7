import Testing

@testable import WebIODev

@Suite struct DeployPathTests {
  private let files: Set = [
    "bmi.swift", "tools/bmi.swift", "tools/index.swift", "a/b/c.swift", "_hidden.swift", ".dot.swift", "a/_in/x.swift",
    "ä ö.swift",
    "v1.2.swift",
  ]
  private let directories: Set = ["tools", "a", "a/b", "a/_in", "static", "empty"]

  private func path(_ path: String) -> DeployPath {
    DeployPath(path, isFile: files.contains, isDirectory: directories.contains)
  }

  @Test func filesAreApps() {
    #expect(path("/bmi") == .app(file: "bmi.swift", prefix: "/bmi"))
    #expect(path("/tools/bmi") == .app(file: "tools/bmi.swift", prefix: "/tools/bmi"))
    #expect(path("/a/b/c") == .app(file: "a/b/c.swift", prefix: "/a/b/c"))
    #expect(path("/%C3%A4%20%C3%B6") == .app(file: "ä ö.swift", prefix: "/%C3%A4%20%C3%B6"))
    #expect(path("/v1.2") == .app(file: "v1.2.swift", prefix: "/v1.2"))
    #expect(path("/tools/") == .app(file: "tools/index.swift", prefix: "/tools"))
  }

  @Test func theirPartsAreTheirs() {
    #expect(path("/bmi/_webio/core.js") == .app(file: "bmi.swift", prefix: "/bmi"))
    #expect(path("/tools/_webio/core.js") == .app(file: "tools/index.swift", prefix: "/tools"))
    #expect(path("/a/b/c/static/x/y.png") == .app(file: "a/b/c.swift", prefix: "/a/b/c"))
    #expect(path("/bmi/other") == .nothing)
  }

  /// One look at the disk for each level is more than one request is worth.
  @Test func aPathOfThousandsOfLevelsIsNotLookedFor() {
    var looks = 0
    let look: (String) -> Bool = { _ in
      looks += 1
      return false
    }
    let deep = String(repeating: "/static", count: 1_000)
    #expect(DeployPath(deep, hasIndexApp: true, isFile: look, isDirectory: look) == .nothing)
    #expect(looks == 0)
    #expect(path("/bmi/static" + String(repeating: "/a", count: 60)) == .app(file: "bmi.swift", prefix: "/bmi"))
  }

  @Test func directoriesAreLists() {
    #expect(path("/") == .listing(directory: "", prefix: ""))
    #expect(path("/a/") == .listing(directory: "a/", prefix: "/a"))
    #expect(path("/a") == .redirect("/a/"))
    #expect(path("/tools") == .redirect("/tools/"))
    #expect(path("/empty/") == .listing(directory: "empty/", prefix: "/empty"))
  }

  @Test func aListThatIsAnAppHasParts() {
    for (path, directory, prefix) in [("/a/_webio/core.js", "a/", "/a"), ("/_webio/core.js", "", ""), ("/a/", "a/", "/a")] {
      let asked = DeployPath(path, hasIndexApp: true, isFile: files.contains, isDirectory: directories.contains)
      #expect(asked == .listing(directory: directory, prefix: prefix))
    }
    #expect(path("/a/_webio/core.js") == .nothing)
  }

  @Test(arguments: [
    "/_hidden", "/.dot", "/a/_in/x", "/a/_in/", "/nobody", "/bmi.swift", "/bmi/", "/tools/nobody", "/..", "/../bmi",
    "/tools/../bmi",
    "/%2e%2e/bmi", "/tools/%2e%2e/bmi", "/a%2fb/c", "/a//b/c", "//bmi", "/bmi%00", "/b\\mi", "/%ff", "bmi", "", "*",
    "/index.swift",
    "/tools/bmi.swift", "/bmi%0a", "/<script>",
  ])
  func whatIsNoPlainNameIsNotThere(_ path: String) { #expect(self.path(path) == .nothing, "\(path)") }
}

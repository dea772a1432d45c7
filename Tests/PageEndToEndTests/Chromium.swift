import Foundation
import TestSupport
import Testing

/// The page in a real browser, run by real apps in this process. There is one browser, so one test at a time.
@Suite(.serialized) enum PageEndToEnd {}

/// The root of this repository.
let checkout = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

/// The one Chromium of this suite, with an eye on what goes wrong in its pages.
actor Chromium {
  static let shared = Chromium()
  private var starting: Task<WebDriver, any Error>?

  /// As every test finds it: 1280 pixels wide, light, English.
  static func fresh() async throws -> WebDriver {
    let browser = try await shared.started()
    try await browser.look(width: 1280, isDark: false)
    try browser.speak("en-US")
    // What the last test left in the console is not this one's.
    _ = try await browser.consoleLog()
    return browser
  }

  private func started() async throws -> WebDriver {
    let task = starting ?? Task { try await Self.start() }
    starting = task
    return try await task.value
  }

  private static func start() async throws -> WebDriver {
    let browser = try await WebDriver.start()
    try browser.devTools("Page.addScriptToEvaluateOnNewDocument", ["source": .string(witness)])
    return browser
  }

  /// Runs before anything else in each page.
  private static let witness = """
    window.__seen = { problems: [], shift: 0 };
    addEventListener("securitypolicyviolation", (event) => __seen.problems.push(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`), true);
    addEventListener("error", (event) => { if (event.message) __seen.problems.push(`error: ${event.message}`); }, true);
    addEventListener("unhandledrejection", (event) => __seen.problems.push(`rejection: ${event.reason}`));
    new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) __seen.shift += entry.value; })
      .observe({ type: "layout-shift", buffered: true });
    """
}

enum Key: String {
  case tab = "\u{E004}", enter = "\u{E007}", escape = "\u{E00C}", space = " "
  case f11 = "\u{E03B}"
  case end = "\u{E010}", home = "\u{E011}", left = "\u{E012}", up = "\u{E013}", right = "\u{E014}", down = "\u{E015}"
}

extension WebDriver {
  @discardableResult
  func devTools(_ command: String, _ parameters: JSON = [:]) throws -> JSON {
    try call("POST", "/goog/cdp/execute", ["cmd": .string(command), "params": parameters])
  }

  /// The size of the window, and what the visitor's system prefers.
  func look(width: Int, isDark: Bool) async throws {
    try devTools(
      "Emulation.setDeviceMetricsOverride",
      [
        "width": .number(Double(width)), "height": 800, "deviceScaleFactor": 1, "mobile": .bool(width < 600),
      ])
    try devTools(
      "Emulation.setEmulatedMedia",
      [
        "features": [
          ["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"],
          ["name": "prefers-reduced-motion", "value": "reduce"],
        ]
      ])
    try await settle()
  }

  /// What the visitor's browser speaks, for the pages loaded after this.
  func speak(_ language: String) throws {
    try devTools(
      "Emulation.setUserAgentOverride", ["userAgent": "Mozilla/5.0 Chrome", "acceptLanguage": .string(language)])
  }

  /// The page has drawn what it has, and its transitions are over.
  func settle() async throws {
    let script = """
      const done = arguments[0];
      const frame = (next) => requestAnimationFrame(() => requestAnimationFrame(next));
      frame(() => {
        for (const one of document.getAnimations()) if (one.effect.getComputedTiming().endTime !== Infinity) one.finish();
        frame(() => done(null));
      });
      """
    _ = try self.script(script)
  }

  /// A script that calls `arguments[0]` with its answer.
  @discardableResult
  func script(_ script: String) throws -> JSON {
    try call("POST", "/execute/async", ["script": .string(script), "args": []])
  }

  /// A key as the keyboard sends it, to whatever has the focus.
  func press(_ keys: Key..., shift: Bool = false) async throws {
    for key in keys { try send([key.rawValue], shift: shift) }
  }

  func type(_ text: String) async throws { try send(text.map(String.init), shift: false) }

  private func send(_ keys: [String], shift: Bool) throws {
    func action(_ type: String, _ key: String) -> JSON { ["type": .string(type), "value": .string(key)] }
    let strokes = keys.flatMap { [action("keyDown", $0), action("keyUp", $0)] }
    let all = shift ? [action("keyDown", "\u{E008}")] + strokes + [action("keyUp", "\u{E008}")] : strokes
    _ = try call("POST", "/actions", ["actions": [["type": "key", "id": "keyboard", "actions": .array(all)]]])
  }

  /// Waits until a script returns true.
  func wait(_ what: String, within limit: Duration = .seconds(60), _ script: String) async throws {
    try await eventually(what, within: limit, every: .milliseconds(20), state: describe) {
      try await look("return Boolean(\(script))").bool == true
    }
  }

  /// An element's text, nil when there is no such element in view.
  func shown(_ selector: String) async throws -> String? {
    try await run(
      "const e = document.querySelector(arguments[0]); return e && e.checkVisibility() ? e.innerText : null",
      .string(selector)
    ).string
  }

  func count(_ selector: String) async throws -> Int {
    try await run("return document.querySelectorAll(arguments[0]).length", .string(selector)).int ?? -1
  }

  func value(of selector: String) async throws -> String? {
    try await run("return document.querySelector(arguments[0])?.value", .string(selector)).string
  }

  /// The name, label or text of what has the focus.
  var focused: String {
    get async throws {
      try await run(
        """
        const e = document.activeElement;
        return e.name || e.getAttribute("aria-label") || e.innerText?.trim() || e.localName;
        """
      ).string ?? ""
    }
  }

  /// The button with a label.
  func press(button label: String) async throws {
    let find = """
      [...document.querySelectorAll("button")].filter((b) => b.innerText.trim() === \(TestSupport.JSON.string(label).text) && b.checkVisibility()).at(-1)
      """
    try await wait("there is a button “\(label)”", find)
    let id = try await run("return \(find)")["element-6066-11e4-a52e-4f735466cecf"].string ?? ""
    _ = try call("POST", "/element/\(id)/click", [:])
  }

  /// A real click in the middle of an element: chromedriver's own sets an option by script.
  func point(_ selector: String) async throws {
    let element: JSON = ["element-6066-11e4-a52e-4f735466cecf": .string(try await find(selector))]
    _ = try await run("arguments[0].scrollIntoView({ block: 'center' })", element)
    let steps: JSON = [
      ["type": "pointerMove", "origin": element, "x": 0, "y": 0, "duration": 0], ["type": "pointerDown", "button": 0],
      ["type": "pointerUp", "button": 0],
    ]
    _ = try call("POST", "/actions", ["actions": [["type": "pointer", "id": "mouse", "actions": steps]]])
  }

  func refresh() throws { _ = try call("POST", "/refresh", [:]) }

  /// The lines in a scope, one for each element.
  func lines(_ scope: String = "ROOT") async throws -> [String] {
    try await run(
      "return [...document.getElementById(`pywebio-scope-${arguments[0]}`)?.children ?? []].map((e) => e.innerText)",
      .string(scope)
    ).items.compactMap(\.string)
  }

  /// The whole page, not only what is in the window.
  func picture(_ name: String) async throws {
    let size = try devTools("Page.getLayoutMetrics")["cssContentSize"]
    let clip: JSON = ["x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1]
    let answer = try devTools("Page.captureScreenshot", ["captureBeyondViewport": true, "clip": clip])
    guard let data = Data(base64Encoded: answer["data"].string ?? "") else { throw NotInTime("no picture") }
    try Artifacts.save("page-\(name).png", data)
  }

  /// No error, no rejection, no violation of the policy in this page, and nothing of worth in its console.
  func expectNoProblems(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let seen = try await run("return __seen.problems").items.compactMap(\.string)
    let log = try await consoleLog().filter { $0.hasPrefix("SEVERE") || $0.hasPrefix("WARNING") }
    #expect(seen + log == [], sourceLocation: sourceLocation)
  }

  /// Sources/Frontend/tests/check.js finds nothing: names, labels, ids, targets, contrast, width.
  func expectAccessible(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let script = try readText("\(checkout)/Sources/Frontend/tests/check.js")
      .replacingOccurrences(of: "export function", with: "function")
    let found = try await run("\(script)\nreturn check()").items.compactMap(\.string)
    let look = try await run(
      "return `${innerWidth} wide, ${matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'}`")
    #expect(found == [], "\(look.string ?? "")", sourceLocation: sourceLocation)
  }
}

import Foundation
import Synchronization

/// A client of the W3C WebDriver protocol: one chromedriver, one headless Chromium, one tab.
public final class WebDriver: Sendable {
  private let driver: GuardedService
  private let profile: TemporaryDirectory
  private let port: UInt16
  private let session: String

  public struct Failure: Error, CustomStringConvertible {
    public let code: String
    public let description: String
  }

  private init(_ driver: GuardedService, _ profile: TemporaryDirectory, port: UInt16, session: String) {
    self.driver = driver
    self.profile = profile
    self.port = port
    self.session = session
  }

  public static func start() async throws -> WebDriver {
    let port = try freePort()
    let driver = try await GuardedService(
      Program.require("chromedriver"), ["--port=\(port)", "--log-level=WARNING"])
    try await eventually("chromedriver is ready", within: .seconds(60), state: { await driver.output }) {
      (try? call(port, "GET", "/status"))?["ready"].bool == true
    }
    let profile = try TemporaryDirectory("webio-chromium")
    var arguments: [JSON] = [
      "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
      "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
      "--force-prefers-reduced-motion",
      "--window-size=1000,800", .string("--user-data-dir=\(profile.path)"),
      // Nothing but this machine is there for it.
      "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
    ]
    if getuid() == 0 { arguments.append("--no-sandbox") }
    let capabilities: JSON = [
      "capabilities": [
        "alwaysMatch": [
          "browserName": "chrome", "goog:chromeOptions": ["args": .array(arguments)],
          "goog:loggingPrefs": ["browser": "ALL"],
        ]
      ]
    ]
    let answer = try call(port, "POST", "/session", capabilities)
    guard let session = answer["sessionId"].string else { throw NotInTime("no session: \(answer.text)") }
    // Before the profile goes, for a living browser would write it anew. The last registered runs first.
    Self.atEnd.withLock { $0 = (port, session) }
    atexit {
      guard let (port, session) = WebDriver.atEnd.withLock({ $0 }) else { return }
      _ = try? WebDriver.call(port, "DELETE", "/session/\(session)")
    }
    return WebDriver(driver, profile, port: port, session: session)
  }

  private static let atEnd = Mutex<(UInt16, String)?>(nil)

  private static func call(_ port: UInt16, _ method: String, _ path: String, _ body: JSON? = nil) throws -> JSON {
    let answer = try HTTPProbe.get(
      path, port: port, fields: ["Content-Type": "application/json; charset=utf-8"], method: method,
      body: body?.text ?? "", within: .seconds(60))
    let value = try JSON(parsing: answer.text)["value"]
    guard answer.status == 200 else {
      throw Failure(code: value["error"].string ?? "", description: value["message"].string ?? value.text)
    }
    return value
  }

  /// A command of the protocol that has no function here.
  public func call(_ method: String, _ path: String, _ body: JSON? = nil) throws -> JSON {
    try Self.call(port, method, "/session/\(session)\(path)", body)
  }

  public func open(_ url: String) async throws { _ = try call("POST", "/url", ["url": .string(url)]) }

  public func resize(width: Int, height: Int) async throws {
    _ = try call(
      "POST", "/window/rect", ["width": .number(Double(width)), "height": .number(Double(height))])
  }

  /// The value of a script's `return`; its arguments are `arguments[0]` …
  public func run(_ script: String, _ arguments: JSON...) async throws -> JSON {
    try call("POST", "/execute/sync", ["script": .string(script), "args": .array(arguments)])
  }

  /// The same, but a page that is just being exchanged gives null instead of an error.
  public func look(_ script: String, _ arguments: JSON...) async throws -> JSON {
    do {
      return try call("POST", "/execute/sync", ["script": .string(script), "args": .array(arguments)])
    } catch let failure as Failure where failure.code != "invalid session id" {
      return .null
    }
  }

  /// What a person reads on the page.
  public var text: String { get async throws { try await look("return document.body.innerText").string ?? "" } }

  /// What the overlay of `webio dev` says, nil when there is none in view.
  public var overlay: String? {
    get async throws {
      try await look(
        """
        const card = document.querySelector("webio-dev")?.shadowRoot?.querySelector(".back .card");
        return card && card.checkVisibility() ? card.innerText : null;
        """
      ).string
    }
  }

  public func waitForText(_ wanted: String, within limit: Duration = .seconds(60)) async throws {
    try await eventually("the page shows “\(wanted)”", within: limit, state: describe) {
      try await text.contains(wanted)
    }
  }

  public func waitForOverlay(
    _ wanted: String, within limit: Duration = .seconds(60)
  ) async throws -> String {
    try await eventually("the overlay says “\(wanted)”", within: limit, state: describe) {
      let shown = try await overlay
      return shown?.contains(wanted) == true ? shown : nil
    }
  }

  public func waitForNoOverlay(within limit: Duration = .seconds(60)) async throws {
    try await eventually("the overlay goes", within: limit, state: describe) { try await overlay == nil }
  }

  /// For a failure's message.
  public func describe() async -> String {
    let url = (try? await run("return location.href"))?.string ?? "?"
    let text = (try? await text) ?? "?"
    let overlay = (try? await overlay).flatMap { $0 } ?? "none"
    let log = ((try? await consoleLog()) ?? []).joined(separator: "\n")
    return "page \(url):\n\(text)\noverlay: \(overlay)\nconsole:\n\(log)"
  }

  /// Waits for an element and gives its WebDriver id.
  public func find(_ selector: String, within limit: Duration = .seconds(60)) async throws -> String {
    try await eventually("the page has \(selector)", within: limit, state: describe) {
      do {
        let found = try call("POST", "/element", ["using": "css selector", "value": .string(selector)])
        return found["element-6066-11e4-a52e-4f735466cecf"].string
      } catch let failure as Failure where failure.code == "no such element" {
        return nil
      }
    }
  }

  public func click(_ selector: String) async throws {
    _ = try call("POST", "/element/\(try await find(selector))/click", [:])
  }

  /// Types as a person does, key by key. `\u{E007}` is Enter.
  public func type(_ text: String, into selector: String) async throws {
    _ = try call("POST", "/element/\(try await find(selector))/value", ["text": .string(text)])
  }

  /// Lines of the browser's console since the last call.
  public func consoleLog() async throws -> [String] {
    try call("POST", "/se/log", ["type": "browser"]).items.map {
      "\($0["level"].string ?? "") \($0["message"].string ?? "")"
    }
  }

  public func screenshot(_ name: String) async throws {
    let answer = try call("GET", "/screenshot")
    guard let data = Data(base64Encoded: answer.string ?? "") else { throw NotInTime("no screenshot") }
    try Artifacts.save("\(name).png", data)
  }
}

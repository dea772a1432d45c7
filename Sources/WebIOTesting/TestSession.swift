import WebIO

/// A visitor of an app, without a browser: the app runs in a session of its own, in this process, and the test answers.
///
///     @Test func greets() async throws {
///       let app = try await TestSession(hello)
///       try await app.answer("Ada")
///       #expect(app.text.contains("Hello, Ada"))
///     }
///
/// Commands and events are those of the wire; only the socket is missing, and the pixels. Each step returns when the app
/// has *settled*: the function that it woke has ended, or waits for the visitor again. What it has shown by then is
/// here. What an app shows later, by a task of its own or after a pause, is waited for with ``wait(for:)``; no test needs
/// to sleep. A step that takes longer than `timeout` throws ``TestSessionError/timeout(_:shown:)``.
public final class TestSession: Sendable {
  let page: LocalPage
  let store: PageStore
  let timeout: Duration
  private let function: TaskFunction
  private let visitor: LocalPage.Visitor

  /// Visits a fresh page: runs `app` until it asks something or ends.
  ///
  /// - Parameters:
  ///   - query: of the page's address.
  ///   - language: the Accept-Language field.
  ///   - timeout: the longest that a step may take.
  ///   - settles: false returns at once, for an app that works on without asking.
  ///   - evaluate: stands for the browser's JavaScript engine: it gets the code and the arguments of `evalJS` and `runJS`.
  ///
  /// Throws ``TestSessionError/timeout(_:shown:)`` when the app neither asks nor ends.
  public convenience init(
    query: [String: String] = [:], language: String = "en", userAgent: String = "WebIOTesting",
    timeout: Duration = .seconds(10), settles: Bool = true,
    evaluate: (@Sendable (_ code: String, _ arguments: [String: JSON]) -> JSON)? = nil,
    _ app: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await self.init(
      TaskFunction(app), LocalPage.Visitor(userAgent: userAgent, language: language, app: "index"),
      TestBrowser(query: query, evaluate: evaluate), timeout: timeout, settles: settles, beside: nil)
  }

  /// Visits an app that blocks a thread of its own while it waits.
  public convenience init(
    query: [String: String] = [:], language: String = "en", userAgent: String = "WebIOTesting",
    timeout: Duration = .seconds(10), settles: Bool = true,
    evaluate: (@Sendable (_ code: String, _ arguments: [String: JSON]) -> JSON)? = nil,
    blocking app: @escaping @Sendable () throws -> Void
  ) async throws {
    try await self.init(
      TaskFunction(blocking: app), LocalPage.Visitor(userAgent: userAgent, language: language, app: "index"),
      TestBrowser(query: query, evaluate: evaluate), timeout: timeout, settles: settles, beside: nil)
  }

  private init(
    _ function: TaskFunction, _ visitor: LocalPage.Visitor, _ browser: TestBrowser, timeout: Duration, settles: Bool,
    beside neighbour: LocalPage?
  ) async throws {
    let store = PageStore(browser)
    self.function = function
    self.visitor = visitor
    self.store = store
    self.timeout = timeout
    page = await LocalPage(
      function, visitor, beside: neighbour, received: { store.receive($0, $1) }, changed: { store.changed() })
    if settles { try await settled(page.main, "The app's first question or end") }
  }

  deinit { page.leave() }

  /// Another visitor of the same app: `broadcast` reaches both.
  public func newVisitor() async throws -> TestSession {
    let browser = store.read { TestBrowser(query: $0.browser.query, evaluate: $0.browser.evaluate) }
    return try await TestSession(function, visitor, browser, timeout: timeout, settles: true, beside: page)
  }

  /// The visitor closes the page for good: what waits in the app throws `WebIOError.sessionClosed`.
  public func leave() async throws {
    page.leave()
    let page = page
    let isOver = await store.wait(timeout, look: page.look) { _ in !page.isRunning }
    guard isOver else { throw TestSessionError.timeout("The end of the app's tasks", shown: text) }
  }

  // MARK: What the page shows

  /// All that is shown, an open popup at the end: a line for each piece, a table's cells between tabs. Markdown and HTML
  /// are as the app wrote them.
  public var text: String { store.read { $0.text } }

  /// What is shown in a scope, nil when there is no such scope.
  public func text(in scope: String) -> String? { store.read { $0.scope(scope)?.text } }

  /// The labels of all buttons, in their order; those of an open popup first.
  public var buttons: [String] { store.read { $0.buttons.map(\.label) } }

  /// The form that the visitor sees: the one that asked last.
  public var form: TestForm? { store.read { $0.forms.last } }

  /// The open popup's title, nil when none is open.
  public var popup: String? { store.read { $0.popup?.title } }

  /// The texts of all toasts until now.
  public var toasts: [String] { store.read { $0.toasts.map(\.text) } }

  /// The errors that the app's functions threw, as the developer sees them.
  public var errors: [String] { store.read { $0.errors } }

  /// What the app let the browser save.
  public var downloads: [TestFile] {
    store.read { page in
      page.downloads.map { TestFile($0.name, LocalPage.decodeBase64($0.content) ?? []) }
    }
  }

  /// The JavaScript that the app ran, without that of this library.
  public var scripts: [String] { store.read { $0.scripts } }

  /// What `setEnv` has set, by PyWebIO's names: `title`, `output_max_width`.
  public var settings: [String: JSON] { store.read { $0.settings } }

  /// The page's cookies.
  public var cookies: [String: String] {
    get { store.read { $0.browser.cookies } }
    set { store.write { $0.browser.cookies = newValue } }
  }

  /// The browser's local storage.
  public var localStorage: [String: String] {
    get { store.read { $0.browser.storage } }
    set { store.write { $0.browser.storage = newValue } }
  }

  /// How many times the app fetched pins from the page.
  public var roundTrips: Int { store.read { $0.roundTrips } }

  /// Whether the app has said good-bye.
  public var hasEnded: Bool { store.read { $0.hasEnded } || page.isClosed }

  // MARK: Waiting

  /// Waits until a text is shown.
  public func wait(for text: String) async throws {
    try await wait("\"\(text)\"") { $0.text.contains(text) }
  }

  /// Waits until the app asks something.
  public func waitForForm(_ label: String? = nil) async throws {
    try await wait("A form") { page in page.forms.contains { label == nil || $0.label == label } }
  }

  /// Waits until the app has ended by itself.
  public func waitForEnd() async throws {
    try await wait("The end") { $0.hasEnded }
  }

  func wait(_ what: String, until condition: @escaping @Sendable (TestPage) -> Bool) async throws {
    let page = page
    let came = await store.wait(timeout, look: page.look) { condition($0) || page.isClosed }
    if store.read(condition) { return }
    throw came ? TestSessionError.ended(shown: text) : TestSessionError.timeout(what, shown: text)
  }

  /// Returns when a task of the app waits for the visitor, or has ended.
  func settled(_ task: String, _ what: String) async throws {
    let page = page
    guard await store.wait(timeout, look: page.look, until: { _ in page.isSettled(task) }) else {
      throw TestSessionError.timeout(what, shown: text)
    }
    await page.turn()
  }
}

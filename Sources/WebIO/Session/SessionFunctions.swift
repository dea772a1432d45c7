import WebIOHTTP
import WebIOPosix

/// A value from JavaScript, or for it.
public typealias JSON = JSONValue
/// The members of a JSON object, in their order.
public typealias JSONObject = WebIOHTTP.JSONObject

/// What is known of the visitor. PyWebIO: `session.info`.
///
/// In a program without `startServer` it blocks until the page is there. Throws ``WebIOError/noSession(function:)`` outside a
/// session.
public var info: SessionInfo {
  get throws {
    let session = try TaskContext.required().session
    Script.waitForPage(of: session)
    return session.info
  }
}

/// Runs JavaScript in the page and does not wait. PyWebIO: `run_js`.
///
///     runJS("document.title = name", ["name": "Ada"])
///
/// `arguments` are local variables of the code. Outside a session it does nothing but say so in the log.
public func runJS(_ code: String, _ arguments: [String: JSON] = [:]) {
  let spec = scriptSpec(code, arguments, wantsResult: false)
  perform { $0.send("run_script", spec) }
}

/// Evaluates a JavaScript expression in the page and waits for its value; promises are awaited. PyWebIO: `eval_js`.
///
///     let width = try await evalJS("window.innerWidth").int
///
/// The value is `.null` when the expression throws or is undefined. Throws ``WebIOError/sessionClosed`` when the
/// visitor leaves first.
public func evalJS(_ expression: String, _ arguments: [String: JSON] = [:]) async throws -> JSON {
  try await TaskContext.required().question("run_script", scriptSpec(expression, arguments, wantsResult: true))
}

/// ``evalJS(_:_:)-(String,[String:JSON])`` for a task function with a thread of its own.
public func evalJS(_ expression: String, _ arguments: [String: JSON] = [:]) throws -> JSON {
  try TaskContext.required().questionBlocking("run_script", scriptSpec(expression, arguments, wantsResult: true))
}

private func scriptSpec(_ code: String, _ arguments: [String: JSON], wantsResult: Bool) -> Spec {
  var spec = Spec()
  spec.set("code", code)
  var values = Spec()
  for (name, value) in arguments.sorted(by: { $0.key < $1.key }) { values[name] = .json(value) }
  spec["args"] = .spec(values)
  if wantsResult { spec.set("eval", true) }
  return spec
}

/// Settings of the page, changed at run time; nil leaves one as it is. PyWebIO: `set_env`.
///
/// Widths are CSS lengths such as `"80%"`, heights are pixels.
public func setEnv(
  title: String? = nil, outputAnimation: Bool? = nil, autoScrollBottom: Bool? = nil, httpPullInterval: Int? = nil,
  inputPanelFixed: Bool? = nil, inputPanelMinHeight: Int? = nil, inputPanelInitHeight: Int? = nil,
  inputAutoFocus: Bool? = nil, outputMaxWidth: String? = nil, theme: String? = nil
) {
  var spec = Spec()
  spec.set("title", title)
  spec.set("output_animation", outputAnimation)
  spec.set("auto_scroll_bottom", autoScrollBottom)
  spec.set("http_pull_interval", httpPullInterval)
  spec.set("input_panel_fixed", inputPanelFixed)
  spec.set("input_panel_min_height", inputPanelMinHeight)
  spec.set("input_panel_init_height", inputPanelInitHeight)
  spec.set("input_auto_focus", inputAutoFocus)
  spec.set("output_max_width", outputMaxWidth)
  spec.set("theme", theme)
  perform { $0.send("set_env", spec) }
}

/// Lets the browser save a file. PyWebIO: `download`.
public func download(_ name: String, _ content: [UInt8]) {
  var spec = Spec()
  spec.set("name", name)
  spec.set("content", Base64.encode(content))
  perform { $0.send("download", spec, .passing(retiring: [])) }
}

/// Opens another app of the same server, in a new tab unless told otherwise. PyWebIO: `go_app`.
public func goApp(_ name: String, newWindow: Bool = true) {
  runJS("javascript:WebIO.openApp(app, new_window)", ["app": .string(name), "new_window": .bool(newWindow)])
}

/// Calls `body` when the session ends, however it ends; several run in their order. No input or output works then.
/// PyWebIO: `defer_call`.
public func deferCall(_ body: @escaping @Sendable () -> Void) {
  perform { context in
    if !context.session.deferCall(body) { body() }
  }
}

/// Keeps the session after its functions have returned, until the visitor leaves. PyWebIO: `hold`.
public func hold() {
  perform { $0.session.hold() }
}

/// Runs `body` with the caller's context; outside a session it cannot, and says so once a call.
func perform(_ function: StaticString = #function, _ body: (TaskContext) -> Void) {
  guard let context = TaskContext.calling else {
    return Log.error(WebIOError.noSession(function: "\(function)").description)
  }
  body(context)
}

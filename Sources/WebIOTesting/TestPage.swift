import WebIO

/// What a visitor's page holds after the commands that came: a page without pixels.
struct TestPage {
  private(set) var root = Element(scope: "ROOT")
  private(set) var popup: (title: String, body: Element)?
  private(set) var forms: [TestForm] = []
  private(set) var toasts: [(text: String, callback: String?)] = []
  private(set) var errors: [String] = []
  private(set) var downloads: [(name: String, content: String)] = []
  private(set) var scripts: [String] = []
  private(set) var settings: [String: JSON] = [:]
  private(set) var hasEnded = false
  private(set) var roundTrips = 0
  var pins: [String: TestField] = [:]
  private(set) var pinCallbacks: [String: [String]] = [:]
  /// Tasks that wait for the change of a pin.
  var pinWaits: [(task: String, names: [String])] = []
  var browser: TestBrowser

  init(_ browser: TestBrowser) { self.browser = browser }

  /// The result are answers that a page gives by itself.
  mutating func receive(_ number: Int, _ command: JSON) -> [JSON] {
    let spec = command["spec"] ?? .null
    let task = command["task_id"]?.string ?? ""
    switch command["command"]?.string {
    case "output": output(spec, number)
    case "output_ctl": control(spec)
    case "input_group": forms.append(TestForm(command, number: number))
    case "update_input": updateInput(task, spec)
    case "destroy_form": forms.lastIndex { $0.task == task }.map { _ = forms.remove(at: $0) }
    case "popup": open(spec)
    case "close_popup": popup = nil
    case "toast": toasts.append((spec["content"]?.string ?? "", spec["callback_id"]?.string))
    case "task_error": errors.append(spec["detail"]?.string ?? spec["message"]?.string ?? "")
    case "download": downloads.append((spec["name"]?.string ?? "", spec["content"]?.string ?? ""))
    case "set_env": for (name, value) in spec.object?.members ?? [] { settings[name] = value }
    case "logbox", "progressbar": updateNamed(spec)
    case "close_session": hasEnded = true
    case "pin_update": updatePin(spec)
    case "pin_onchange": onChange(spec)
    case "pin_wait": pinWaits.append((task, (spec["names"]?.array ?? []).compactMap(\.string)))
    case "pin_values":
      roundTrips += 1
      let names = (spec["names"]?.array ?? []).compactMap(\.string)
      let values = names.compactMap { name in pins[name].map { (name: name, value: $0.value) } }
      return [Self.event("js_yield", task, .object(JSONObject(values)))]
    case "run_script": return run(spec, task)
    default: break
    }
    return []
  }

  static func event(_ name: String, _ task: String, _ data: JSON) -> JSON {
    ["event": .string(name), "task_id": .string(task), "data": data]
  }

  // MARK: Output

  func scope(_ name: String) -> Element? {
    let isIt: (Element) -> Bool = { $0.scope == name }
    return popup?.body.first(where: isIt) ?? root.first(where: isIt)
  }

  private mutating func output(_ spec: JSON, _ number: Int) {
    guard let container = scope(scopeName(spec["scope"]?.string ?? "ROOT")) else { return }
    let element = Element(spec)
    element.handle = element.handle ?? "#\(number)"
    container.insert(element, at: spec["position"]?.int ?? -1)
    addPins(of: element)
  }

  private mutating func addPins(of element: Element) {
    for pin in element.allPins {
      let field = TestField(pin)
      pins[field.name] = field
    }
  }

  private mutating func control(_ spec: JSON) {
    if let handle = (spec["update"] ?? spec["delete"])?.string {
      let new = spec["spec"].map(Element.init)
      if !root.replace(handle, with: new) { _ = popup?.body.replace(handle, with: new) }
      new.map { addPins(of: $0) }
    }
    if let name = spec["set_scope"]?.string.map(scopeName) { setScope(name, spec) }
    if let name = spec["clear"]?.string.map(scopeName) { scope(name)?.children = [] }
    if let name = spec["remove"]?.string.map(scopeName) {
      root.removeScope(name)
      popup?.body.removeScope(name)
    }
  }

  private func setScope(_ name: String, _ spec: JSON) {
    if let existing = scope(name) {
      switch spec["if_exist"]?.string {
      case "remove": root.removeScope(name)
      case "clear", "blank":
        existing.children = []
        return
      default: return
      }
    }
    scope(scopeName(spec["container"]?.string ?? "ROOT"))?.insert(
      Element(scope: name), at: spec["position"]?.int ?? -1)
  }

  private mutating func open(_ spec: JSON) {
    let body = Element(scope: scopeName(spec["dom_id"]?.string ?? ""))
    body.children = (spec["content"]?.array ?? []).map { Element($0) }
    popup = (spec["title"]?.string ?? "", body)
    addPins(of: body)
  }

  private func updateNamed(_ spec: JSON) {
    let name = spec["name"]?.string
    let isIt: (Element) -> Bool = { name != nil && $0.name == name }
    guard let element = popup?.body.first(where: isIt) ?? root.first(where: isIt) else { return }
    if spec["clear"]?.bool ?? false { element.words = [] }
    if let text = spec["append"]?.string { element.words = [element.words.joined() + text] }
    if let value = spec["value"] { element.words = [spec["label"]?.string ?? Element.percentage(value)] }
  }

  var text: String {
    let over = popup.map { "\($0.title)\n\($0.body.text)" } ?? ""
    return [root.text, over].filter { !$0.isEmpty }.joined(separator: "\n")
  }

  var buttons: [Element.Button] { (popup?.body.allButtons ?? []) + root.allButtons }

  // MARK: Input

  private mutating func updateInput(_ task: String, _ spec: JSON) {
    guard let form = forms.lastIndex(where: { $0.task == task }), let name = spec["target_name"]?.string,
      let field = forms[form].fields.firstIndex(where: { $0.name == name })
    else { return }
    forms[form].fields[field].update(spec["attributes"] ?? .null)
  }

  /// The visitor fills a field in, and has not sent the form yet.
  mutating func fill(_ form: TestForm, _ index: Int, _ value: JSON) {
    guard let open = forms.firstIndex(where: { $0.number == form.number }) else { return }
    forms[open].fields[index].value = value
  }

  /// What was wrong before the visitor answers again.
  mutating func forget(_ form: TestForm, _ name: String) {
    guard let open = forms.firstIndex(where: { $0.number == form.number }), let field = forms[open].index(of: name)
    else { return }
    forms[open].fields[field].forgetError()
  }

  // MARK: Pins

  private mutating func updatePin(_ spec: JSON) {
    guard let name = spec["name"]?.string, let attributes = spec["attributes"] else { return }
    pins[name]?.update(attributes)
  }

  private mutating func onChange(_ spec: JSON) {
    guard let name = spec["name"]?.string else { return }
    if spec["clear"]?.bool ?? false { pinCallbacks[name] = [] }
    if let callback = spec["callback_id"]?.string { pinCallbacks[name, default: []].append(callback) }
  }

  // MARK: Scripts

  private mutating func run(_ spec: JSON, _ task: String) -> [JSON] {
    let code = spec["code"]?.string ?? ""
    if !BrowserScript.all.contains(code) { scripts.append(code) }
    let value = browser.run(code, spec["args"] ?? .null)
    guard spec["eval"]?.bool ?? false else { return [] }
    return [Self.event("js_yield", task, value ?? .null)]
  }
}

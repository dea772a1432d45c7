import WebIO

/// Something in the page, as far as a test can look at it: its words, its buttons, and what is inside.
final class Element {
  struct Button {
    let label: String
    let isDisabled: Bool
    let callback: String
    let value: JSON
  }

  /// What stands in it before its contents.
  var words: [String] = []
  var children: [Element] = []
  var buttons: [Button] = []
  /// Between the words and the contents: a table's cells stand beside each other.
  private var separator = "\n"
  /// The name of the scope that it is, or holds.
  private(set) var scope: String?
  /// By which the app changes it later.
  var handle: String?
  /// The name of a log box or progress bar.
  private(set) var name: String?
  private(set) var pin: JSON?

  init() {}

  init(scope: String) { self.scope = scope }

  private init(_ children: [Element], separator: String = "\n") {
    self.children = children
    self.separator = separator
  }

  /// From the spec of an `output`; a plain value is text.
  convenience init(_ spec: JSON) {
    self.init()
    guard let type = spec["type"]?.string else {
      words = [spec.plainText]
      return
    }
    scope = (spec["dom_id"] ?? spec["container_dom_id"])?.string.map(scopeName)
    handle = spec["handle"]?.string
    name = spec["name"]?.string
    read(spec, type)
    if let callback = spec["click_callback_id"]?.string {
      buttons.append(Button(label: text, isDisabled: false, callback: callback, value: .null))
    }
  }

  private func read(_ spec: JSON, _ type: String) {
    let contents = (spec["contents"] ?? spec["content"])?.array ?? []
    switch type {
    case "buttons":
      let callback = spec["callback_id"]?.string ?? ""
      buttons = (spec["buttons"]?.array ?? []).map { button in
        Button(
          label: button["label"]?.string ?? "", isDisabled: button["disabled"]?.bool ?? false, callback: callback,
          value: button["value"] ?? .null)
      }
      words = [buttons.map(\.label).joined(separator: " ")]
    case "table":
      children = (spec["data"]?.array ?? []).map { row in
        Element((row.array ?? []).map { Element($0) }, separator: "\t")
      }
    case "tabs":
      children = (spec["tabs"]?.array ?? []).flatMap { tab in
        [Element(tab["title"] ?? "")] + (tab["content"]?.array ?? []).map { Element($0) }
      }
    case "grid":
      let cells = spec["cells"]?.array?.flatMap { $0.array ?? [] } ?? contents
      children = cells.filter { !$0.isNull }.map { Element($0) }
    case "pin":
      pin = spec["input"]
      words = [spec["input"]?["label"]?.string ?? ""]
    case "datatable":
      children = (spec["records"]?.array ?? []).map { Element([Element($0)]) }
    case "custom_widget": words = [spec["data"]?.plainText ?? ""]
    case "progressbar": words = [spec["label"]?.string ?? Self.percentage(spec["value"])]
    default:
      let keys = ["title", "text", "label", "content", "message"]
      words = keys.compactMap { spec[$0]?.string }
      children = contents.map { Element($0) }
    }
  }

  static func percentage(_ value: JSON?) -> String { "\(Int(((value?.double ?? 0) * 100).rounded()))%" }

  /// All words in it, in their order, a line for each piece; a table's cells stand between tabs.
  var text: String {
    let inside = children.map(\.text)
    guard separator == "\n" else { return inside.joined(separator: separator) }
    return (words + inside).filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// All buttons in it, in their order.
  var allButtons: [Button] { buttons + children.flatMap(\.allButtons) }

  var allPins: [JSON] { (pin.map { [$0] } ?? []) + children.flatMap(\.allPins) }

  func first(where condition: (Element) -> Bool) -> Element? {
    if condition(self) { return self }
    for child in children {
      if let found = child.first(where: condition) { return found }
    }
    return nil
  }

  /// Replaces the element of that handle inside this one, or takes it out; false when it is not there.
  func replace(_ handle: String, with new: Element?) -> Bool {
    guard let index = children.firstIndex(where: { $0.handle == handle }) else {
      return children.contains { $0.replace(handle, with: new) }
    }
    new?.handle = handle
    children.replaceSubrange(index...index, with: new.map { [$0] } ?? [])
    return true
  }

  func removeScope(_ name: String) {
    children.removeAll { $0.scope == name }
    for child in children { child.removeScope(name) }
  }

  /// As `position` of an output counts: from the end when it is negative.
  func insert(_ element: Element, at position: Int) {
    let index = position >= 0 ? position : children.count + 1 + position
    if (0...children.count).contains(index) { children.insert(element, at: index) }
  }
}

/// Of an element's id or selector.
func scopeName(_ id: String) -> String {
  let bare = id.hasPrefix("#") || id.hasPrefix(".") ? String(id.dropFirst()) : id
  return bare.hasPrefix("pywebio-scope-") ? String(bare.dropFirst("pywebio-scope-".count)) : bare
}

extension JSON {
  /// Its scalar values, as a person would read them.
  var plainText: String {
    switch self {
    case .null: ""
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .double(let value): "\(value)"
    case .string(let text): text
    case .array(let values): values.map(\.plainText).joined(separator: "\t")
    case .object(let object): object.members.map { $0.value.plainText }.joined(separator: "\t")
    }
  }
}

import WebIO

/// What a browser has beside the page: the address's query, cookies, local storage, and a JavaScript engine, for which a
/// test's own function stands.
struct TestBrowser: Sendable {
  var query: [String: String]
  var cookies: [String: String] = [:]
  var storage: [String: String] = [:]
  let evaluate: (@Sendable (String, [String: JSON]) -> JSON)?

  /// Nil when there is nothing to run strange code.
  mutating func run(_ code: String, _ arguments: JSON) -> JSON? {
    let name = arguments["name"]?.string ?? ""
    switch code {
    case BrowserScript.query: return .object(JSONObject(query.map { ($0.key, .string($0.value)) }))
    case BrowserScript.getCookie: return cookies[name].map { .string($0) } ?? .null
    case BrowserScript.setCookie: cookies[name] = arguments["value"]?.string
    case BrowserScript.getItem: return storage[name].map { .string($0) } ?? .null
    case BrowserScript.setItem: storage[name] = arguments["value"]?.string
    default:
      let members = arguments.object?.members ?? []
      return evaluate?(code, Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first })
    }
    return .null
  }
}

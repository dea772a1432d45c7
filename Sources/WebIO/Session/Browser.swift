import WebIOHTTP

/// JavaScript that this library runs in the page. `run_script` evaluates it in any PyWebIO client.
package enum BrowserScript {
  package static let query = "Object.fromEntries(new URLSearchParams(location.search))"
  package static let getCookie = """
    (document.cookie.split("; ").map(c => c.split("=")).find(c => c[0] === encodeURIComponent(name)) || [])\
    .slice(1).map(decodeURIComponent)[0] ?? null
    """
  package static let setCookie = """
    document.cookie = encodeURIComponent(name) + "=" + encodeURIComponent(value ?? "") + "; path=/; samesite=lax" + \
    (value === null ? "; max-age=0" : age === null ? "" : "; max-age=" + age) + \
    (location.protocol === "https:" ? "; secure" : "")
    """
  package static let getItem = "localStorage.getItem(name)"
  package static let all = [query, getCookie, setCookie, getItem, setItem]
  package static let setItem = "value === null ? localStorage.removeItem(name) : localStorage.setItem(name, value)"
}

/// A value of the query of the page's address, nil when it has none. pywebio-battery: `get_query`.
///
///     let language = try await query("lang") ?? "en"
///
/// The visitor's browser is asked: the value is whatever the visitor wrote. Throws ``WebIOError/sessionClosed``.
public func query(_ name: String) async throws -> String? { try await query()[name] }

/// The query of the page's address; of a name that comes twice the last value. pywebio-battery: `get_all_query`.
public func query() async throws -> [String: String] { texts(try await evalJS(BrowserScript.query)) }

/// ``query(_:)-(String)`` for a task function with a thread of its own.
public func query(_ name: String) throws -> String? { try query()[name] }

/// ``query()-()`` for a task function with a thread of its own.
public func query() throws -> [String: String] { texts(try evalJS(BrowserScript.query)) }

private func texts(_ json: JSON) -> [String: String] {
  let members = json.object?.members ?? []
  return Dictionary(members.compactMap { member in member.value.string.map { (member.name, $0) } }) { _, last in last }
}

/// A cookie of the page's address, nil when there is none. pywebio-battery: `get_cookie`.
///
/// Cookies that are marked HttpOnly cannot be read by a page, and so not by this.
public func cookie(_ name: String) async throws -> String? {
  try await evalJS(BrowserScript.getCookie, ["name": .string(name)]).string
}

/// ``cookie(_:)-(String)`` for a task function with a thread of its own.
public func cookie(_ name: String) throws -> String? {
  try evalJS(BrowserScript.getCookie, ["name": .string(name)]).string
}

/// Sets a cookie for all pages of the server; nil removes it. pywebio-battery: `set_cookie`.
///
/// Without `maxAge` it lives until the browser is closed. It is sent by pages of the same site only, and over HTTPS only
/// where the page came by HTTPS. A page's scripts can read it: put no secret there that another app on this host must
/// not see.
public func setCookie(_ name: String, _ value: String?, maxAge: Duration? = nil) {
  let age: JSON = maxAge.map { .int($0.components.seconds) } ?? .null
  runJS(
    BrowserScript.setCookie, ["name": .string(name), "value": value.map { .string($0) } ?? .null, "age": age])
}

/// A value of the browser's local storage, nil when there is none. pywebio-battery: `get_localstorage`.
public func localStorage(_ name: String) async throws -> String? {
  try await evalJS(BrowserScript.getItem, ["name": .string(name)]).string
}

/// ``localStorage(_:)-(String)`` for a task function with a thread of its own.
public func localStorage(_ name: String) throws -> String? {
  try evalJS(BrowserScript.getItem, ["name": .string(name)]).string
}

/// Keeps a value in the browser's local storage, beyond the session; nil removes it. pywebio-battery:
/// `set_localstorage`, `remove_localstorage`.
public func setLocalStorage(_ name: String, _ value: String?) {
  runJS(BrowserScript.setItem, ["name": .string(name), "value": value.map { .string($0) } ?? .null])
}

import WebIOHTTP
import WebIOPosix

/// The first response: the template with the app's title and a fresh nonce.
struct Page {
  var title: String
  var description: String
  var language = "en"
  var theme = "auto"
  var app: String
  var transport = Transport.webSocket
  var config = PageConfig()
  /// The URL of the assets, with a slash at its end.
  var base = assetPrefix
  /// The assets of this server, when `base` is elsewhere: the page turns to them when that does not answer.
  var hasFallback = false
  /// Where the assets would be, if this page had not been asked for without them.
  var lostBase: String?
  /// Another server whose sessions the page is for: `scheme://host:port`.
  var backend: String?
  /// Set behind `webio dev`, for the developer's own browser only.
  var dev: DevMode?

  private static let template = Template(FrontendAssets.text("page.html"))
  private static let css = FrontendLinker.join([FrontendAssets.text("page.css")])

  /// The page, and the policy that belongs to its nonce.
  func render() -> (html: [UInt8], contentSecurityPolicy: String) {
    let nonce = randomToken(22)
    let html = Self.template.render { value($0, nonce: nonce) }
    let policy =
      "default-src 'none'; script-src 'nonce-\(nonce)' 'strict-dynamic' 'unsafe-eval'; "
      + "style-src 'self' 'nonce-\(nonce)'\(elsewhere); img-src * data: blob:; media-src * data: blob:; "
      + "connect-src 'self' ws: wss:\(backend.map { " \($0)" } ?? ""); font-src 'self'\(elsewhere); "
      + (config.isInstallable ? "manifest-src 'self'; " : "") + "object-src 'none'; base-uri 'none'"
    return (html, policy)
  }

  private func value(_ placeholder: String, nonce: String) -> [UInt8] {
    switch placeholder {
    case "title": HTML.escape(title)
    case "description": HTML.escape(description)
    case "lang": HTML.escape(language)
    case "theme": HTML.escape(theme)
    case "nonce": Array(nonce.utf8)
    case "css": Self.css
    case "config": configuration
    case "icon": HTML.escape(config.icon ?? Self.defaultIcon)
    case "script": Array("\(base)core.js?v=\(FrontendAssets.version)".utf8)
    case "head": head(nonce)
    default: []
    }
  }

  /// A hash of the page without its session: where newer code has the same, an open page need not be loaded again. Empty
  /// for a page with scripts of its own, which may have done anything to it.
  var shell: String {
    guard config.javaScript.isEmpty, config.javaScriptFiles.isEmpty else { return "" }
    var page = self
    page.dev = nil
    // The style sheet is one of the assets, whose version the script's address has.
    var hash = ContentHash()
    for name in ["title", "description", "lang", "theme", "icon", "script", "config", "head"] {
      hash.add(page.value(name, nonce: ""))
    }
    return hash.text
  }

  /// What may come from where the assets are.
  private var elsewhere: String { hasFallback ? " \(base)" : "" }

  private func head(_ nonce: String) -> [UInt8] {
    var html: [UInt8] = []
    func meta(_ property: String, _ text: String) {
      html += "<meta property=\"\(property)\" content=\"".utf8
      html += HTML.escape(text)
      html += "\">\n".utf8
    }
    meta("og:title", title)
    if !description.isEmpty { meta("og:description", description) }
    if config.isInstallable { html += "<link rel=\"manifest\" href=\"?app=\(app)&amp;manifest=1\">\n".utf8 }
    if hasFallback { html += AssetFallback.leaving(nonce).utf8 }
    if let lostBase { html += AssetFallback.notice(of: lostBase, nonce).utf8 }
    html += config.head(nonce: nonce)
    if let dev { html += Self.devHead(nonce, run: dev.run).utf8 }
    return html
  }

  static let defaultIcon =
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' "
    + "rx='8' fill='%233554d1'/%3E%3Cpath d='M7 11l4.5 10L16 12l4.5 9L25 11' fill='none' stroke='%23fff' stroke-width='3' "
    + "stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E"

  /// A page that comes back to its place shows nothing until it is there; until then the browser shows the old one.
  private static func devHead(_ nonce: String, run: String) -> String {
    """
    <style nonce="\(nonce)">.webio-returning body { visibility: hidden; }</style>
    <script nonce="\(nonce)">try { if (sessionStorage["webio:place"]) document.documentElement.classList.add("webio-returning"); } catch {}</script>
    <script type="module" nonce="\(nonce)" src="/__webio/dev.js?v=\(run)"></script>
    """
  }

  /// `scheme://host:port` of an absolute URL; nil for one of this server, and for what does not belong into a policy.
  static func backend(_ url: String) -> String? {
    let bytes = Array(url.utf8)
    guard let scheme = ["http://", "https://", "ws://", "wss://"].first(where: { bytes.starts(with: $0.utf8) }) else {
      return nil
    }
    let host = bytes[scheme.utf8.count...].prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
    guard !host.isEmpty, host.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || ".-:[]".utf8.contains($0) }) else {
      return nil
    }
    let isSecure = scheme == "https://" || scheme == "wss://"
    return (isSecure ? "https://" : "http://") + String(decoding: Array(host), as: UTF8.self)
  }

  private var configuration: [UInt8] {
    var object: JSONObject = [
      "app": .string(app), "base": .string(base), "transport": .string(transport.name),
      "version": .string(FrontendAssets.version), "theme": .string(theme), "dev": .bool(dev != nil),
    ]
    if !FrontendAssets.languages.isEmpty {
      object["languages"] = .array(FrontendAssets.languages.map { .string($0) })
    }
    if let dev {
      object["generation"] = .int(Int64(dev.generation))
      object["devToken"] = .string(dev.token)
      if dev.journal != nil { object["shell"] = .string(shell) }
    }
    return JSONValue.object(object).inert
  }
}

/// Where the assets are, below the server's prefix.
let assetPrefix = "/_webio/"

/// A text with `{{name}}` in it, cut up once.
struct Template {
  private var parts: [(text: [UInt8], name: String?)] = []

  init(_ text: String) {
    var rest = Array(text.utf8)[...]
    while let open = Self.find("{{", in: rest), let close = Self.find("}}", in: rest[(open + 2)...]) {
      parts.append((Array(rest[..<open]), String(decoding: rest[(open + 2)..<close], as: UTF8.self)))
      rest = rest[(close + 2)...]
    }
    parts.append((Array(rest), nil))
  }

  /// One pass: what is put in is not looked at again.
  func render(_ value: (String) -> [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    for part in parts {
      result += part.text
      if let name = part.name { result += value(name) }
    }
    return result
  }

  private static func find(_ pair: StaticString, in bytes: ArraySlice<UInt8>) -> Int? {
    let wanted = pair.utf8Start[0]
    var index = bytes.startIndex
    while index + 1 < bytes.endIndex {
      if bytes[index] == wanted, bytes[index + 1] == wanted { return index }
      index += 1
    }
    return nil
  }
}

enum HTML {
  /// For text and for attribute values in quotes.
  static func escape(_ text: String) -> [UInt8] {
    var result: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "&"): result += "&amp;".utf8
      case UInt8(ascii: "<"): result += "&lt;".utf8
      case UInt8(ascii: ">"): result += "&gt;".utf8
      case UInt8(ascii: "\""): result += "&quot;".utf8
      case UInt8(ascii: "'"): result += "&#39;".utf8
      default: result.append(byte)
      }
    }
    return result
  }
}

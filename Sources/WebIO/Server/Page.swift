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
  /// Set behind `webio dev`, for the developer's own browser only.
  var dev: DevMode?

  private static let template = Template(FrontendAssets.text("page.html"))
  private static let css = FrontendLinker.join([FrontendAssets.text("page.css")])

  /// The page, and the policy that belongs to its nonce.
  func render() -> (html: [UInt8], contentSecurityPolicy: String) {
    let nonce = randomToken(22)
    let html = Self.template.render { name in
      switch name {
      case "title": HTML.escape(title)
      case "description": HTML.escape(description)
      case "lang": HTML.escape(language)
      case "theme": HTML.escape(theme)
      case "nonce": Array(nonce.utf8)
      case "css": Self.css
      case "config": configuration
      case "script": Array("\(assetPrefix)core.js?v=\(FrontendAssets.version)".utf8)
      case "head":
        dev == nil ? [] : Array(Self.devHead(nonce).utf8)
      default: []
      }
    }
    let policy =
      "default-src 'none'; script-src 'nonce-\(nonce)' 'strict-dynamic' 'unsafe-eval'; "
      + "style-src 'self' 'nonce-\(nonce)'; img-src * data: blob:; media-src * data: blob:; "
      + "connect-src 'self' ws: wss:; font-src 'self'; object-src 'none'; base-uri 'none'"
    return (html, policy)
  }

  /// A page that comes back to its place shows nothing until it is there; until then the browser shows the old one.
  private static func devHead(_ nonce: String) -> String {
    """
    <style nonce="\(nonce)">.webio-returning body { visibility: hidden; }</style>
    <script nonce="\(nonce)">try { if (sessionStorage["webio:place"]) document.documentElement.classList.add("webio-returning"); } catch {}</script>
    <script type="module" nonce="\(nonce)" src="/__webio/dev.js"></script>
    """
  }

  private var configuration: [UInt8] {
    var object: JSONObject = [
      "app": .string(app), "base": .string(assetPrefix), "transport": .string(transport.name),
      "version": .string(FrontendAssets.version), "theme": .string(theme), "dev": .bool(dev != nil),
    ]
    if !FrontendAssets.languages.isEmpty {
      object["languages"] = .array(FrontendAssets.languages.map { .string($0) })
    }
    if let dev {
      object["generation"] = .int(Int64(dev.generation))
      object["devToken"] = .string(dev.token)
    }
    return JSONValue.object(object).inert
  }
}

/// Where the assets are. Absolute, so that apps below a path share them.
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

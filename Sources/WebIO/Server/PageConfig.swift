import WebIOHTTP

/// How an app's page looks, and what it brings along. PyWebIO: `config`.
///
///     Application("bmi", config: PageConfig(theme: "mint", css: "h1 { color: teal }", icon: "/static/bmi.png"), bmi)
///
/// All of it is in the first response, where crawlers and previews of links read it.
public struct PageConfig: Sendable {
  /// `auto`, `light`, `dark`, `paper`, `mint`, `sea` or `plum`, and PyWebIO's names; nil is the server's.
  public var theme: String?
  /// A style sheet's text. It comes after the page's own.
  public var css: String
  /// URLs of style sheets.
  public var cssFiles: [String]
  /// JavaScript, which runs before the session begins. It is the app's own code: what visitors wrote must not be in it.
  public var javaScript: String
  /// URLs of scripts. They are loaded in their order, before `javaScript`.
  public var javaScriptFiles: [String]
  /// The URL of an image, which is shown in the tab and on the home screen.
  public var icon: String?
  /// Browsers offer to install the page as an app. PyWebIO: `manifest`.
  public var isInstallable: Bool

  public init(
    theme: String? = nil, css: String = "", cssFiles: [String] = [], javaScript: String = "", javaScriptFiles: [String] = [],
    icon: String? = nil, isInstallable: Bool = false
  ) {
    self.theme = theme
    self.css = css
    self.cssFiles = cssFiles
    self.javaScript = javaScript
    self.javaScriptFiles = javaScriptFiles
    self.icon = icon
    self.isInstallable = isInstallable
  }

  /// Throws ``WebIOError/invalidArgument(_:)``: what ends its own element would become part of the page.
  func validate() throws {
    for (name, text, end) in [("css", css, "</style"), ("javaScript", javaScript, "</script")] {
      let bytes = text.utf8.map(ASCII.lower)
      if bytes.firstRange(of: Array(end.utf8)) != nil {
        throw WebIOError.invalidArgument("config: \(name) contains \"\(end)\", which would end it. Put it into a file.")
      }
    }
  }

  /// The tags for the page's head.
  func head(nonce: String) -> [UInt8] {
    var html: [UInt8] = []
    func add(_ parts: String...) { for part in parts { html += part.utf8 } }
    for url in cssFiles {
      add("<link rel=\"stylesheet\" nonce=\"\(nonce)\" href=\"")
      html += HTML.escape(url)
      add("\">\n")
    }
    if !css.isEmpty { add("<style nonce=\"\(nonce)\">", css, "</style>\n") }
    for url in javaScriptFiles {
      add("<script nonce=\"\(nonce)\" src=\"")
      html += HTML.escape(url)
      add("\"></script>\n")
    }
    if !javaScript.isEmpty { add("<script nonce=\"\(nonce)\">", javaScript, "</script>\n") }
    return html
  }

  /// A web app manifest: W3C Web Application Manifest.
  func manifest(of application: Application, icon: String) -> JSONValue {
    [
      "name": .string(application.title), "short_name": .string(application.title),
      "description": .string(application.description), "start_url": .string("?app=\(application.name)"),
      "display": "standalone",
      "icons": [["src": .string(icon), "sizes": "any", "purpose": "any"]],
    ]
  }
}

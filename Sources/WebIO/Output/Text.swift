import WebIOHTTP

extension Content {
  /// Text as it is: line breaks and spaces are kept.
  public static func text(_ text: String, inline: Bool = false) -> Content {
    var spec = Spec(type: "text")
    spec.set("content", text)
    spec.set("inline", inline)
    return Content(spec)
  }

  /// Markdown: CommonMark with tables, strikethrough, task lists. HTML in it is cleaned unless `sanitize` is false.
  public static func markdown(_ markdown: String, sanitize: Bool = true) -> Content {
    var spec = Spec(type: "markdown")
    spec.set("content", markdown)
    spec.set("sanitize", sanitize)
    return Content(spec)
  }

  /// HTML. Scripts and handlers are taken out unless `sanitize` is false: then the text must be your own, for it can
  /// do in the page whatever your app can.
  public static func html(_ html: String, sanitize: Bool = true) -> Content {
    var spec = Spec(type: "html")
    spec.set("content", html)
    spec.set("sanitize", sanitize)
    return Content(spec)
  }

  /// Source code, highlighted for `language`. `rows` limits the height; the rest scrolls.
  public static func code(_ code: String, language: String = "", rows: Int? = nil) -> Content {
    // A fence longer than any run of backticks in the code.
    var longest = 0
    var run = 0
    for byte in code.utf8 {
      run = byte == UInt8(ascii: "`") ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: max(3, longest + 1))
    let content = Content.markdown("\(fence)\(language)\n\(code)\n\(fence)")
    guard let rows else { return content }
    return content.style("max-height: \(rows * 19 + 32)px")
  }

  /// A link to a URL.
  public static func link(_ text: String, url: String, newWindow: Bool = false) -> Content {
    var spec = Spec(type: "link")
    spec.set("text", text)
    spec.set("url", url)
    spec.set("new_window", newWindow)
    return Content(spec)
  }

  /// A link to another app of this server.
  public static func link(_ text: String, app: String, newWindow: Bool = false) -> Content {
    var spec = Spec(type: "link")
    spec.set("text", text)
    spec.set("app", app)
    spec.set("new_window", newWindow)
    return Content(spec)
  }

  /// An image by its URL. `width` and `height` are CSS lengths; `title` is what a screen reader says.
  public static func image(url: String, title: String = "", width: String? = nil, height: String? = nil) -> Content {
    var spec = Spec(type: "image")
    spec.set("src", url)
    spec.set("title", title)
    spec.set("width", width)
    spec.set("height", height)
    return Content(spec)
  }

  /// An image from its bytes; it travels inside the page. `format` is `png`, `jpeg`, `gif`, `webp` or `svg+xml`.
  public static func image(
    _ bytes: [UInt8], format: String = "png", title: String = "", width: String? = nil, height: String? = nil
  ) -> Content {
    .image(
      url: "data:image/\(format);base64,\(Base64.encode(bytes))", title: title, width: width, height: height)
  }
}

/// Shows text; values are joined like `print` does. PyWebIO: `put_text`.
///
///     putText("Hello,", name)
@discardableResult
public func putText(
  _ items: Any..., separator: String = " ", inline: Bool = false, scope: String? = nil,
  position: OutputPosition = .bottom
) -> Output {
  // Mostly it is one text already, and finding out how to describe an `Any` takes longer than all the rest.
  let text = items.count == 1 ? items[0] as? String ?? "\(items[0])" : items.map { "\($0)" }.joined(separator: separator)
  return put(.text(text, inline: inline), scope: scope, position: position)
}

/// Shows Markdown. PyWebIO: `put_markdown`.
///
///     putMarkdown("""
///       # Title
///       *Some* text
///       """)
@discardableResult
public func putMarkdown(
  _ markdown: String, sanitize: Bool = true, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.markdown(markdown, sanitize: sanitize), scope: scope, position: position)
}

/// Shows HTML, cleaned unless `sanitize` is false (PyWebIO's default is the other way round). PyWebIO: `put_html`.
@discardableResult
public func putHTML(
  _ html: String, sanitize: Bool = true, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.html(html, sanitize: sanitize), scope: scope, position: position)
}

/// Shows source code. PyWebIO: `put_code`.
@discardableResult
public func putCode(
  _ code: String, language: String = "", rows: Int? = nil, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.code(code, language: language, rows: rows), scope: scope, position: position)
}

/// Shows a link to a URL. PyWebIO: `put_link`.
@discardableResult
public func putLink(
  _ text: String, url: String, newWindow: Bool = false, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.link(text, url: url, newWindow: newWindow), scope: scope, position: position)
}

/// Shows a link to another app of this server. PyWebIO: `put_link`.
@discardableResult
public func putLink(
  _ text: String, app: String, newWindow: Bool = false, scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(.link(text, app: app, newWindow: newWindow), scope: scope, position: position)
}

/// Shows an image by its URL. PyWebIO: `put_image`.
@discardableResult
public func putImage(
  url: String, title: String = "", width: String? = nil, height: String? = nil, scope: String? = nil,
  position: OutputPosition = .bottom
) -> Output {
  put(.image(url: url, title: title, width: width, height: height), scope: scope, position: position)
}

/// Shows an image from its bytes. PyWebIO: `put_image`.
@discardableResult
public func putImage(
  _ bytes: [UInt8], format: String = "png", title: String = "", width: String? = nil, height: String? = nil,
  scope: String? = nil, position: OutputPosition = .bottom
) -> Output {
  put(
    .image(bytes, format: format, title: title, width: width, height: height), scope: scope, position: position)
}

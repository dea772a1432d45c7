import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

/// What a crawler, a link's preview and a browser find in the first response.
@EventLoop @Suite(.timeLimit(.minutes(5))) struct PageConfigTests {
  private func page(_ server: AppServer, _ query: String = "", path: String = "/") async throws -> (
    html: String, policy: String
  ) {
    let answer = try await ask(server, "GET", query, path: path)
    return (answer.body.string ?? "", answer.fields["Content-Security-Policy"] ?? "")
  }

  private func serve(
    _ change: (inout ServerOptions) -> Void, _ applications: [Application], descriptions: String? = nil
  ) throws -> AppServer {
    var options = ServerOptions(
      host: "localhost", port: 0, debug: false, staticDirectory: nil, theme: "auto", tls: nil, remoteAccess: nil,
      reconnectTimeout: .seconds(10), allowedOrigins: [], checkOrigin: nil, autoOpenBrowser: false, maxPayloadSize: 1 << 20)
    change(&options)
    return try AppServer.start(ApplicationTable(applications, descriptions: descriptions), options)
  }

  @Test func eachAppHasItsTitleDescriptionAndLook() async throws {
    let own = PageConfig(
      theme: "mint", css: "h1 { color: teal }", cssFiles: ["/static/a.css?x=1&y=2"], javaScript: "window.own = 1",
      javaScriptFiles: ["https://cdn.example/x.js"], icon: "/static/icon.png", isInstallable: true)
    let server = try serve(
      { $0.config = PageConfig(theme: "dark", css: "p { color: red }") },
      [
        Application("bmi", title: "Body <mass>", description: "Tells your \"index\"", config: own) {},
        Application("plain", title: "Plain") {},
      ])
    let (html, policy) = try await page(server, "app=bmi")
    for text in [
      "<title>Body &lt;mass&gt;</title>", "<meta name=\"description\" content=\"Tells your &quot;index&quot;\">",
      "<meta property=\"og:title\" content=\"Body &lt;mass&gt;\">", "data-theme=\"mint\"", "h1 { color: teal }",
      "href=\"/static/a.css?x=1&amp;y=2\"", "src=\"https://cdn.example/x.js\"", "window.own = 1",
      "<link rel=\"icon\" href=\"/static/icon.png\">", "<link rel=\"manifest\" href=\"?app=bmi&amp;manifest=1\">",
    ] { #expect(html.contains(text), "\(text)") }
    #expect(policy.contains("manifest-src 'self'"))
    #expect(!html.contains("color: red"))
    let other = try await page(server, "app=plain").html
    for text in ["<title>Plain</title>", "data-theme=\"dark\"", "p { color: red }", String(Page.defaultIcon.prefix(30))] {
      #expect(other.contains(text), "\(text)")
    }
    #expect(!other.contains("manifest"))
    let manifest = try await ask(server, "GET", "app=bmi&manifest=1")
    #expect(manifest.fields["Content-Type"] == "application/manifest+json")
    #expect(manifest.body["name"] == "Body <mass>")
    #expect(manifest.body["start_url"] == "?app=bmi")
    #expect(manifest.body["icons"]?.array?.first?["src"] == "/static/icon.png")
    // An unknown name is the index, which is a list here.
    #expect(try await page(server, "app=nobody").html.contains("<title>Apps</title>"))
  }

  @Test func aCommentDescribesAnAppThatHasNoDescription() async throws {
    let server = try serve(
      { _ in }, [Application("index") {}, Application("own", description: "Mine") {}],
      descriptions: #"{"index":"From the \"comment\"","own":"Not this","other":1}"#)
    #expect(try await page(server).html.contains("<meta name=\"description\" content=\"From the &quot;comment&quot;\">"))
    #expect(try await page(server, "app=own").html.contains("<meta name=\"description\" content=\"Mine\">"))
    let damaged = try serve({ _ in }, [Application("index") {}], descriptions: "{")
    #expect(try await page(damaged).html.contains("<title>WebIO</title>"))
  }

  @Test func whatWouldEndItsElementIsRefused() {
    for config in [PageConfig(css: "a </STYLE><script>"), PageConfig(javaScript: "'</script>'")] {
      #expect(throws: WebIOError.self) { try config.validate() }
    }
  }

  @Test func assetsComeFromElsewhereAndFromHereWhenThatFails() async throws {
    let server = try serve({ $0.cdn = "https://cdn.example/webio/" }, [Application("index") {}])
    let (html, policy) = try await page(server)
    #expect(html.contains("src=\"https://cdn.example/webio/core.js?v="))
    #expect(policy.contains("style-src 'self' 'nonce-") && policy.contains(" https://cdn.example/webio/;"))
    let own = try await page(server, "_pywebio_cdn=false")
    #expect(own.html.contains("src=\"/_webio/core.js?v="))
    #expect(!own.policy.contains("cdn.example"))
    #expect(own.html.contains("https://cdn.example/webio/ did not give the page its files."))
    #expect(!html.contains("did not give"))
    for text in ["cdn.example", "javascript:x", "https://a b", "https://x\"", "//x'"] {
      #expect(throws: WebIOError.self) { try ServerOptions.assetBase(text) }
    }
    #expect(try ServerOptions.assetBase("https://cdn.example") == "https://cdn.example/")
    // Whoever takes them from here may show them anywhere.
    let asset = try await ask(server, "GET", "", path: "/_webio/core.js")
    #expect(asset.fields["Access-Control-Allow-Origin"] == "*")
  }

  @Test func aPageMaySpeakToTheServerThatItsAddressNames() async throws {
    let server = try serve({ _ in }, [Application("index") {}])
    for (address, wanted) in [
      ("https://api.example:8443/x", "connect-src 'self' ws: wss: https://api.example:8443;"),
      ("ws://api.example", "connect-src 'self' ws: wss: http://api.example;"), ("/other", "connect-src 'self' ws: wss:;"),
      ("https://a;b", "connect-src 'self' ws: wss:;"), ("javascript:alert(1)", "connect-src 'self' ws: wss:;"),
    ] {
      let encoded = address.replacing(";", with: "%3B")
      #expect(try await page(server, "pywebio_api=\(encoded)").policy.contains(wanted), "\(address)")
    }
  }

  @Test func everythingIsBelowThePrefix() async throws {
    let server = try serve({ $0.prefix = "/tools/app" }, [Application("index", title: "Below") {}])
    for path in ["/tools/app", "/tools/app/"] {
      let html = try await page(server, path: path).html
      #expect(html.contains("<title>Below</title>") && html.contains("src=\"/tools/app/_webio/core.js"))
    }
    for (path, status) in [
      ("/tools/app/_webio/core.js", 200), ("/healthz", 200), ("/tools/app/healthz", 200), ("/", 404), ("/tools/apple", 404),
      ("/_webio/core.js", 404), ("/tools/app/x", 404), ("/tools", 404),
    ] { #expect(try await ask(server, "GET", "", path: path).status == status, "\(path)") }
    for (text, wanted) in [("/", ""), ("", ""), ("/a/", "/a"), ("/a/b", "/a/b")] {
      #expect(try ServerOptions.prefix(text) == wanted)
    }
    for text in ["a", "/a b", "/a?b", "https://x/"] {
      #expect(throws: WebIOError.self) { try ServerOptions.prefix(text) }
    }
  }
}

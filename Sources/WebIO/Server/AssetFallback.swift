import WebIOHTTP

/// What a page does whose assets are elsewhere, `startServer(cdn:)`, when that place does not answer: it takes them from here,
/// with `?_pywebio_cdn=false` as PyWebIO's page says it, and tells the developer.
enum AssetFallback {
  /// A host that takes connections and stays silent raises no error for minutes.
  static let patience = Duration.seconds(5)

  /// In the page that takes them from elsewhere.
  static func leaving(_ nonce: String) -> String {
    """
    <script nonce="\(nonce)">{
      const leave = () => {
        try { sessionStorage["webio:cdn"] = "lost"; } catch {}
        const url = new URL(location.href);
        url.searchParams.set("_pywebio_cdn", "false");
        location.replace(url);
      };
      const isCore = (script) => script.tagName === "SCRIPT" && script.id === "webio-core";
      addEventListener("error", (event) => { if (isCore(event.target)) leave(); }, true);
      setTimeout(() => { if (!window.WebIO) leave(); }, \(patience.wholeMilliseconds));
    }</script>

    """
  }

  /// In the page that came instead: a line in the browser's console, and for who sits at the server's own machine a message.
  static func notice(of cdn: String, _ nonce: String) -> String {
    let words = JSONValue.string("\(advice(cdn)) This page has them from its own server.").inert
    return """
      <script nonce="\(nonce)">try {
        if (sessionStorage["webio:cdn"] === "lost") {
          delete sessionStorage["webio:cdn"];
          const content = \(String(decoding: words, as: UTF8.self));
          console.warn(content);
          if (["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)) addEventListener("load", () =>
            window.WebIO?._state.run({ command: "toast", spec: { content, color: "warning", duration: 0 } }));
        }
      } catch {}</script>

      """
  }

  /// The first sentence tells what has happened, the second what to do.
  static func advice(_ cdn: String) -> String {
    "\(cdn) did not give the page its files. Put what is at /_webio/ there, or leave out cdn: of startServer."
  }
}

import WebIOHTTP
import WebIOPosix

/// What a browser sees while there is no app. It goes on by itself.
struct WaitingPage {
  /// The page's template with `{{nonce}}`, `{{config}}` and `{{dev}}`, for the developer; nil for the plain page.
  let template: [UInt8]?
  let token: String

  /// The developer's page hears of builds through the dev socket.
  func developer() -> (fields: HTTPFields, body: [UInt8]) {
    guard let template else { return plain() }
    let nonce = randomToken(22)
    let config = JSONValue.object(["generation": 0, "devToken": .string(token), "dev": true]).inert
    let values = [
      "nonce": Array(nonce.utf8), "dev": Array("\(DevEndpoints.prefix)dev.js".utf8),
      "config": config,
    ]
    var fields = Self.fields
    fields.set(
      "Content-Security-Policy",
      "default-src 'none'; script-src 'nonce-\(nonce)' 'strict-dynamic'; style-src 'self' 'nonce-\(nonce)'; "
        + "img-src data:; connect-src 'self' ws: wss:; base-uri 'none'")
    return (fields, Self.fill(template, values))
  }

  /// Anybody else's asks again each second, and says the same or how far it is.
  func plain(saying text: String = "Just a moment: the app is starting.") -> (fields: HTTPFields, body: [UInt8]) {
    var fields = Self.fields
    fields.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'")
    return (fields, Self.fill(Array(Self.page.utf8), ["text": Array(text.utf8)]))
  }

  private static let fields: HTTPFields = [
    "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Retry-After": "1",
    "X-Content-Type-Options": "nosniff",
  ]

  private static let page = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="refresh" content="1">
    <title>Just a moment</title>
    <style>
    body { display: grid; place-items: center; min-height: 90vh; margin: 0; font: 1.1rem/1.6 system-ui, sans-serif; }
    </style>
    </head>
    <body><p>{{text}}</p></body>
    </html>

    """

  private static func fill(_ template: [UInt8], _ values: [String: [UInt8]]) -> [UInt8] {
    var result: [UInt8] = []
    var rest = template[...]
    while let open = pair(UInt8(ascii: "{"), in: rest), let close = pair(UInt8(ascii: "}"), in: rest[(open + 2)...]) {
      result += rest[..<open]
      result += values[String(decoding: rest[(open + 2)..<close], as: UTF8.self)] ?? []
      rest = rest[(close + 2)...]
    }
    return result + rest
  }

  private static func pair(_ byte: UInt8, in bytes: ArraySlice<UInt8>) -> Int? {
    bytes.indices.dropLast().first { bytes[$0] == byte && bytes[$0 + 1] == byte }
  }
}

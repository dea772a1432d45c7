/// Media types of files by their suffix, and which are worth compressing.
package enum MediaType {
  /// `path` in whatever case; `application/octet-stream` for what is not listed. Text is UTF-8.
  package static func of(path: [UInt8]) -> String {
    guard let dot = path.lastIndex(of: UInt8(ascii: ".")) else { return "application/octet-stream" }
    switch String(decoding: path[(dot + 1)...].map(ASCII.lower), as: UTF8.self) {
    case "html", "htm": return "text/html; charset=utf-8"
    case "css": return "text/css; charset=utf-8"
    case "js", "mjs": return "text/javascript; charset=utf-8"
    case "json", "map": return "application/json"
    case "webmanifest": return "application/manifest+json"
    case "txt", "text", "log": return "text/plain; charset=utf-8"
    case "md": return "text/markdown; charset=utf-8"
    case "csv": return "text/csv; charset=utf-8"
    case "xml": return "application/xml"
    case "svg": return "image/svg+xml"
    case "png": return "image/png"
    case "jpg", "jpeg": return "image/jpeg"
    case "gif": return "image/gif"
    case "webp": return "image/webp"
    case "avif": return "image/avif"
    case "ico": return "image/vnd.microsoft.icon"
    case "bmp": return "image/bmp"
    case "woff": return "font/woff"
    case "woff2": return "font/woff2"
    case "ttf": return "font/ttf"
    case "otf": return "font/otf"
    case "mp3": return "audio/mpeg"
    case "ogg", "oga": return "audio/ogg"
    case "wav": return "audio/wav"
    case "m4a": return "audio/mp4"
    case "mp4": return "video/mp4"
    case "webm": return "video/webm"
    case "pdf": return "application/pdf"
    case "zip": return "application/zip"
    case "gz": return "application/gzip"
    case "wasm": return "application/wasm"
    default: return "application/octet-stream"
    }
  }

  /// Text in one form or another. Images, fonts of the web and archives are compressed already.
  package static func isCompressible(_ type: String) -> Bool {
    let essence = type.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 }.map(ASCII.lower)
    if essence.starts(with: "text/".utf8) { return true }
    switch String(decoding: essence, as: UTF8.self) {
    case "application/json", "application/manifest+json", "application/xml", "application/javascript",
      "application/wasm", "image/svg+xml", "image/vnd.microsoft.icon", "image/bmp", "font/ttf", "font/otf":
      return true
    default: return false
    }
  }
}

import Glibc
import Testing
import WebIOPosix

@testable import WebIOHTTP

/// A directory with a served root in it and a secret beside.
final class StaticSite: Sendable {
  let directory: String
  var root: String { Path.join(directory, "root") }

  init() throws {
    directory = try Files.makeTemporaryDirectory("webio-static")
    try Files.makeDirectories(Path.join(root, "sub/.hidden"))
    try write("hello.txt", "hello world")
    try write("sub/page.html", "<p>page</p>")
    try write("empty.txt", "")
    try write("data.bin", "\0\u{1}\u{2}")
    try write(".env", "SECRET")
    try write("sub/.hidden/file", "SECRET")
    try write("a b.txt", "space")
    try write("é.txt", "accent")
    try write("big.js", String(repeating: "var a = 1;\n", count: 500))
    try write("packed.css", String(repeating: "p { color: red }\n", count: 50))
    try Files.create(Path.join(root, "packed.css.gz"), Gzip.compress(Array("packed".utf8)))
    try Files.create(Path.join(directory, "secret.txt"), Array("SECRET".utf8))
    symlink("../secret.txt", Path.join(root, "link.txt"))
    symlink("..", Path.join(root, "up"))
    symlink("hello.txt", Path.join(root, "inside.txt"))
    symlink("/etc/passwd", Path.join(root, "abs.txt"))
    try write("linked.css", "p {}")
    symlink("../secret.txt", Path.join(root, "linked.css.gz"))
    mkfifo(Path.join(root, "fifo"), 0o644)
  }

  deinit { try? Files.remove(directory) }

  func write(_ name: String, _ text: String) throws { try Files.create(Path.join(root, name), Array(text.utf8)) }
}

@EventLoop @Suite struct StaticFilesTests {
  private let site: StaticSite
  private let files: StaticFiles

  init() throws {
    site = try StaticSite()
    files = try StaticFiles(directory: site.root)
  }

  private struct Answer {
    var code = 0
    var head = ""
    var body: [UInt8] = []
    var text: String { String(decoding: body, as: UTF8.self) }

    func field(_ name: String) -> String? {
      for line in head.utf8.split(separator: 0x0a).dropFirst() {
        let parts = line.split(separator: 0x3a, maxSplits: 1)
        guard parts.count == 2, ASCII.equalsIgnoringCase(String(decoding: parts[0], as: UTF8.self), name) else {
          continue
        }
        return String(decoding: parts[1].dropFirst().prefix { $0 != 0x0d }, as: UTF8.self)
      }
      return nil
    }
  }

  private func request(_ target: String, _ fields: String = "", method: String = "GET") -> Answer {
    let test = TestServer { files.handle($0) }
    test.stream.receive("\(method) \(target) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n")
    let bytes = test.stream.written
    let end = bytes.indices.first { bytes[$0...].starts(with: [13, 10, 13, 10]) } ?? bytes.count
    let head = String(decoding: bytes[..<end], as: UTF8.self)
    return Answer(
      code: ASCII.decimal(String(head.dropFirst(9).prefix(3))) ?? 0, head: head, body: Array(bytes.dropFirst(end + 4)))
  }

  @Test func aFile() {
    let answer = request("/static/hello.txt")
    #expect(answer.code == 200 && answer.text == "hello world")
    #expect(answer.field("Content-Type") == "text/plain; charset=utf-8")
    #expect(answer.field("X-Content-Type-Options") == "nosniff")
    #expect(answer.field("Cache-Control") == "no-cache")
    #expect(answer.field("Accept-Ranges") == "bytes")
    #expect(answer.field("Vary") == "Accept-Encoding")
    #expect(answer.field("ETag")?.hasPrefix("\"") == true)
    #expect(answer.field("Last-Modified").flatMap(HTTPDate.init) != nil)
    let head = request("/static/hello.txt", method: "HEAD")
    #expect(head.head.withoutDate == answer.head.withoutDate && head.body.isEmpty)
  }

  @Test func names() {
    #expect(request("/static/sub/page.html?x=../y").text == "<p>page</p>")
    #expect(request("/static/a%20b.txt").text == "space")
    #expect(request("/static/%c3%a9.txt").text == "accent")
    #expect(request("/static/%68ello.txt").text == "hello world")
    #expect(request("/static/empty.txt").code == 200)
    #expect(request("/static/data.bin").field("Content-Type") == "application/octet-stream")
    #expect(request("/static/data.bin").field("Vary") == nil)
  }

  /// Every way out that is known: 404 each time, and none of the secret.
  @Test func traversal() {
    let up = [
      "..", "%2e%2e", ".%2e", "%2e.", "%252e%252e", "..%00", "%c0%ae%c0%ae", "..;", "...", "%2E%2E", "．．", "%u002e",
    ]
    let separators = ["/", "%2f", "%2F", "\\", "%5c", "//", "/./", "%252f", "/%2e/", "%c0%af", ";/"]
    var targets: [String] = []
    for dots in up {
      for separator in separators {
        targets += [
          "/static/\(dots)\(separator)secret.txt", "/static/sub/\(dots)\(separator)\(dots)\(separator)secret.txt",
          "/static\(separator)\(dots)\(separator)secret.txt",
        ]
      }
    }
    targets += [
      "/static/", "/static", "/static/sub", "/static/sub/", "/static//hello.txt", "/static/./hello.txt",
      "/static/sub//page.html", "/static/sub/../hello.txt", "/static/hello.txt/", "/static/hello.txt%00",
      "/static/hello.txt%00.png", "/static/%00hello.txt", "/static/.env", "/static/%2eenv", "/static/sub/.hidden/file",
      "/static/link.txt", "/static/up/secret.txt", "/static/inside.txt", "/static/abs.txt", "/static/fifo",
      "/static//etc/passwd", "/static/%2fetc/passwd", "/static//proc/self/environ", "/static/c:/x",
      "/static/hello.txt::$DATA",
      "/static/hello.txt%20", "/static/hello.txt.", "/static/HELLO.TXT", "/static/%ff.txt", "/static/hello%0a.txt",
      "/static/%", "/static/%2", "/static/%zz", "/static/sub%5cpage.html", "/static/hello.txt?raw??/..",
      "/Static/hello.txt",
      "/static/\(String(repeating: "a/", count: 600))x", "/static/\(String(repeating: "a", count: 300))",
      "/other/hello.txt",
    ]
    for target in targets where !target.utf8.contains(where: { $0 >= 0x7f || $0 <= 0x20 }) {
      let answer = request(target)
      let isQuery = target.hasPrefix("/static/hello.txt?")
      #expect(answer.code == (isQuery ? 200 : 404), "\(target)")
      #expect(!answer.text.contains("SECRET") && !answer.text.contains("root:"), "\(target)")
    }
    #expect(targets.count > 300)
  }

  @Test func refusalsLookTheSame() {
    let answers = ["/static/none", "/static/.env", "/static/link.txt", "/static/sub", "/static/%00"].map { request($0) }
    #expect(Set(answers.map { $0.head.withoutDate + $0.text }).count == 1)
  }

  @Test func otherMethods() {
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
      let answer = request("/static/hello.txt", method: method)
      #expect(answer.code == 405 && answer.field("Allow") == "GET, HEAD")
    }
  }

  @Test(arguments: [
    ("bytes=0-4", 206, "hello"), ("bytes=6-", 206, "world"), ("bytes=-5", 206, "world"), ("bytes=6-100", 206, "world"),
    ("bytes=0-0", 206, "h"), ("bytes=-100", 206, "hello world"), ("bytes=10-10", 206, "d"), ("bytes=11-", 416, ""),
    ("bytes=-0", 416, ""), ("bytes=5-4", 200, "hello world"), ("bytes=0-1,3-4", 200, "hello world"),
    ("bytes=", 200, "hello world"), ("bytes=-", 200, "hello world"), ("bytes=a-b", 200, "hello world"),
    ("bytes=+0-4", 200, "hello world"), ("bytes=0x0-4", 200, "hello world"), ("bytes= 0-4", 200, "hello world"),
    ("items=0-4", 200, "hello world"), ("bytes=99999999999999999999-", 200, "hello world"),
    ("bytes=0-9223372036854775807", 206, "hello world"), ("bytes=9223372036854775807-", 416, ""),
    ("bytes=0--1", 200, "hello world"),
  ])
  func ranges(_ range: String, _ code: Int, _ text: String) {
    let answer = request("/static/hello.txt", "Range: \(range)\r\nAccept-Encoding: gzip\r\n")
    #expect(answer.code == code, "\(range)")
    #expect(answer.text == text)
    if code == 206 { #expect(answer.field("Content-Range")?.hasSuffix("/11") == true) }
    if code == 416 { #expect(answer.field("Content-Range") == "bytes */11") }
    #expect(request("/static/hello.txt", "Range: \(range)\r\n", method: "HEAD").code == 200)
  }

  @Test func conditions() throws {
    let plain = request("/static/hello.txt")
    let etag = try #require(plain.field("ETag"))
    let modified = try #require(plain.field("Last-Modified"))
    let old = "Sun, 06 Nov 1994 08:49:37 GMT"
    func code(_ fields: String...) -> Int { request("/static/hello.txt", fields.map { $0 + "\r\n" }.joined()).code }
    #expect(code("If-None-Match: \(etag)") == 304)
    #expect(code("If-None-Match: W/\(etag)") == 304)
    #expect(code("If-None-Match: \"x\", \(etag)") == 304)
    #expect(code("If-None-Match: *") == 304)
    #expect(code("If-None-Match: \"x\"") == 200)
    #expect(code("If-Modified-Since: \(modified)") == 304)
    #expect(code("If-Modified-Since: \(old)") == 200)
    #expect(code("If-Modified-Since: nonsense") == 200)
    #expect(code("If-None-Match: \"x\"", "If-Modified-Since: \(modified)") == 200)
    #expect(code("If-Match: \(etag)") == 200)
    #expect(code("If-Match: \"x\"") == 412)
    #expect(code("If-Match: W/\(etag)") == 412)
    #expect(code("If-Unmodified-Since: \(old)") == 412)
    #expect(code("If-Unmodified-Since: \(modified)") == 200)
    #expect(code("Range: bytes=0-1", "If-Range: \(etag)") == 206)
    #expect(code("Range: bytes=0-1", "If-Range: \(modified)") == 206)
    #expect(code("Range: bytes=0-1", "If-Range: \"x\"") == 200)
    #expect(code("Range: bytes=0-1", "If-Range: W/\(etag)") == 200)
    #expect(code("Range: bytes=0-1", "If-Range: \(old)") == 200)
    #expect(code("Range: bytes=0-1", "If-None-Match: \(etag)") == 304)
    let answer = request("/static/hello.txt", "If-None-Match: \(etag)\r\n")
    #expect(answer.field("ETag") == etag && answer.field("Cache-Control") == "no-cache" && answer.field("Vary") != nil)
    #expect(answer.field("Content-Type") == nil && answer.body.isEmpty)
  }

  @Test func compression() throws {
    let plain = request("/static/big.js")
    #expect(plain.field("Content-Encoding") == nil && plain.body.count == 5_500)
    for _ in 0..<2 {
      let packed = request("/static/big.js", "Accept-Encoding: gzip, deflate, br\r\n")
      #expect(packed.field("Content-Encoding") == "gzip" && packed.body.count < 200)
      #expect(Gzip.expand(packed.body, limit: 10_000) == plain.body)
      #expect(packed.field("ETag") != plain.field("ETag"))
      let etag = try #require(packed.field("ETag"))
      #expect(request("/static/big.js", "Accept-Encoding: gzip\r\nIf-None-Match: \(etag)\r\n").code == 304)
      #expect(request("/static/big.js", "If-None-Match: \(etag)\r\n").code == 200)
    }
    for refusal in ["br", "gzip;q=0", "gzip; q=0.000", "*;q=0", "identity", "", "gzip;q=0, *"] {
      #expect(
        request("/static/big.js", "Accept-Encoding: \(refusal)\r\n").field("Content-Encoding") == nil, "\(refusal)")
    }
    for consent in ["GZIP", "gzip;q=0.1", "*", "br;q=1.0, gzip;q=0.8, *;q=0.1", "identity;q=0, *"] {
      #expect(
        request("/static/big.js", "Accept-Encoding: \(consent)\r\n").field("Content-Encoding") == "gzip", "\(consent)")
    }
    // Not worth it.
    #expect(request("/static/hello.txt", "Accept-Encoding: gzip\r\n").field("Content-Encoding") == nil)
  }

  @Test func aPackedSibling() {
    let answer = request("/static/packed.css", "Accept-Encoding: gzip\r\n")
    #expect(answer.field("Content-Encoding") == "gzip")
    #expect(answer.field("Content-Type") == "text/css; charset=utf-8")
    #expect(Gzip.expand(answer.body, limit: 100) == Array("packed".utf8))
    #expect(request("/static/packed.css.gz").field("Content-Type") == "application/gzip")
  }

  /// CVE-2024-42367: the packed variant goes through the same check.
  @Test func aPackedSiblingThatIsALinkIsNotFollowed() {
    let answer = request("/static/linked.css", "Accept-Encoding: gzip\r\n")
    #expect(answer.code == 200 && answer.text == "p {}" && answer.field("Content-Encoding") == nil)
  }

  @Test func aLargeFileIsSentAtTheClientsPace() async throws {
    try site.write("large.bin", String(repeating: "0123456789abcdef", count: 200_000))
    let test = TestServer { files.handle($0) }
    test.stream.bufferedBytes = highWaterMark + 1
    test.stream.receive("GET /static/large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(test.stream.written.count < 1_000)
    test.stream.bufferedBytes = 0
    test.stream.drain()
    while !test.stream.isClosed, test.stream.written.count < 3_200_000 { await Task.yield() }
    #expect(test.stream.text.contains("Content-Length: 3200000\r\n"))
    #expect(test.stream.text.hasSuffix("0123456789abcdef"))
  }
}

import Glibc
import Synchronization
import TestSupport
import Testing
import WebIOHTTP
import WebIOPosix

/// The parameters of eventlet's `wsgi.server`, in its order, each by its public name here and over a real socket.
///
/// What they do in every corner is tested beside the parts that do it.
@Suite(.timeLimit(.minutes(5))) struct ServerParameterTests {
  /// Answers one connection with what `requests` get, to its end.
  private func talk(
    _ requests: String, host: String = "127.0.0.1", options: HTTPServerOptions = HTTPServerOptions(),
    showsErrors: Bool = false, _ handler: @escaping WebServer.Handler = { _ in "hello" }
  ) async throws -> String {
    let server = WebServer(host: host, port: 0, showsErrors: showsErrors, options: options, handler)
    let connection = try Connection(port: UInt16(try await server.start()), host: host)
    try connection.write(requests)
    let answer = String(decoding: try connection.readToEnd(Deadline(.seconds(60))), as: UTF8.self)
    await server.stop()
    return answer
  }

  private static let last = "GET /last?x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

  /// `sock`: an address of either family; unix sockets and inherited ones are in StartServerTests.
  @Test(arguments: ["127.0.0.1", "::1"]) func sock(_ host: String) async throws {
    #expect(try await talk(Self.last, host: host).hasPrefix("HTTP/1.1 200 OK\r\n"))
  }

  /// `site`: the handler, which may answer by text, bytes, JSON, a stream, or a WebSocket, and may fail.
  @Test func site() async throws {
    #expect(try await talk(Self.last) { HTTPResponse("\($0.method) \($0.path)") }.hasSuffix("\r\n\r\nGET /last"))
    #expect(
      try await talk(Self.last) { _ in HTTPResponse { try await $0.write("abc") } }.contains("\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
  }

  /// `log` and `log_output`: its target, or none.
  @Test func log() async throws {
    let directory = try TemporaryDirectory("webio-log")
    var options = HTTPServerOptions()
    options.accessLog = try AccessLog(.file(directory.file("log")))
    _ = try await talk(Self.last, options: options)
    let text = try await eventually("the log's line", state: { "" }) {
      (try? Files.readText(directory.file("log"))).flatMap { $0.isEmpty ? nil : $0 }
    }
    #expect(text.contains("\"GET /last?x HTTP/1.1\" 200 "))
    #expect(HTTPServerOptions().accessLog == nil)
  }

  /// `max_size`: connections served at once. What comes beyond them is told so.
  @Test func maxSize() async throws {
    var options = HTTPServerOptions()
    options.limits.connections = 2
    let working = Mutex(0)
    let server = WebServer(host: "127.0.0.1", port: 0, options: options) { _ in
      working.withLock { $0 += 1 }
      try await Task.sleep(for: .seconds(60))
      return ""
    }
    let port = UInt16(try await server.start())
    let busy = try (0..<2).map { _ in try Connection(port: port) }
    for connection in busy { try connection.write(Self.last) }
    try await eventually("both are at work") { working.withLock { $0 == 2 } }
    let third = String(decoding: try Connection(port: port).readToEnd(Deadline(.seconds(60))), as: UTF8.self)
    #expect(third.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
    _ = busy
    await server.stop(grace: .zero)
  }

  /// `max_http_version`: HTTP/1.0 knows no chunks, and ends a body with the connection.
  @Test func maxHTTPVersion() async throws {
    var options = HTTPServerOptions()
    options.maximumMinorVersion = 0
    let answer = try await talk("GET / HTTP/1.1\r\nHost: h\r\n\r\n", options: options) { _ in
      HTTPResponse { try await $0.write("abc") }
    }
    #expect(answer.hasPrefix("HTTP/1.0 200 OK\r\n") && answer.hasSuffix("\r\n\r\nabc"))
  }

  /// `minimum_chunk_size`: smaller writes wait for others.
  @Test func minimumChunkSize() async throws {
    var options = HTTPServerOptions()
    options.minimumChunkSize = 4
    let answer = try await talk(Self.last, options: options) { _ in
      HTTPResponse { for word in ["a", "bc", "def", "g"] { try await $0.write(word) } }
    }
    #expect(answer.hasSuffix("\r\n\r\n6\r\nabcdef\r\n1\r\ng\r\n0\r\n\r\n"))
  }

  /// `log_x_forwarded_for`: only a trusted peer's word counts.
  @Test(arguments: [(["127.0.0.1"], "1.2.3.4,127.0.0.1"), ([], "127.0.0.1"), (["10.0.0.1"], "127.0.0.1")])
  func logXForwardedFor(_ trusted: [String], _ expected: String) async throws {
    let lines = Mutex<[String]>([])
    var options = HTTPServerOptions()
    options.accessLog = try AccessLog(
      .lines { line in lines.withLock { $0.append(line) } }, format: "%(client_ip)s", trustedProxies: trusted)
    _ = try await talk(
      "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.2.3.4\r\nConnection: close\r\n\r\n", options: options)
    #expect(lines.withLock { $0 } == [expected])
  }

  /// `custom_pool`: the handlers run where the program says.
  @Test func customPool() async throws {
    var options = HTTPServerOptions()
    options.executor = NamedThreads("my-pool")
    #expect(try await talk(Self.last, options: options) { _ in "\(NamedThreads.current)" }.hasSuffix("my-pool"))
    #expect(try await talk(Self.last) { _ in "\(NamedThreads.current)" }.hasSuffix("another"))
    // And of a streamed body.
    #expect(
      try await talk(Self.last, options: options) { _ in HTTPResponse { try await $0.write(NamedThreads.current) } }
        .contains("\r\nmy-pool\r\n"))
  }

  /// `keepalive`: a number is how long a connection may wait for its next request, and the client is told.
  @Test func keepAliveSeconds() async throws {
    var options = HTTPServerOptions()
    options.limits.idle = .seconds(1)
    // The server ends it, or this would not return.
    let answer = try await talk("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n", options: options)
    #expect(answer.contains("\r\nConnection: keep-alive\r\nKeep-Alive: timeout=1\r\n"))
  }

  /// `keepalive=False`: one request a connection.
  @Test func keepAliveOff() async throws {
    var options = HTTPServerOptions()
    options.limits.idle = nil
    let answer = try await talk("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n", options: options)
    #expect(answer.contains("\r\nConnection: close\r\n") && !answer.contains("Keep-Alive"))
  }

  /// `log_format`: all placeholders of eventlet's.
  @Test func logFormat() async throws {
    let lines = Mutex<[String]>([])
    var options = HTTPServerOptions()
    options.accessLog = try AccessLog(
      .lines { line in lines.withLock { $0.append(line) } },
      format: "%(client_ip)s|%(request_line)s|%(status_code)s|%(body_length)s|%(wall_seconds).6f|%(date_time)s|%(client_port)s")
    let answer = try await talk(Self.last, options: options)
    let parts = try #require(lines.withLock { $0.first }).split(separator: "|")
    #expect(parts[..<4] == ["127.0.0.1", "GET /last?x HTTP/1.1", "200", "\(answer.utf8.count)"])
    #expect(parts.count == 7 && parts[4].hasPrefix("0.") && Int(parts[6]) ?? 0 > 0)
  }

  /// `url_length_limit`: of the request line.
  @Test(arguments: [(100, "200 OK"), (101, "414 URI Too Long")])
  func urlLengthLimit(_ length: Int, _ status: String) async throws {
    var options = HTTPServerOptions()
    options.limits.requestLine = 100
    let target = "/" + String(repeating: "x", count: length - "GET / HTTP/1.1".utf8.count)
    let answer = try await talk("GET \(target) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", options: options)
    #expect(answer.hasPrefix("HTTP/1.1 \(status)\r\n"))
  }

  private struct Oops: Error {}

  /// `debug`: whether a 500 tells what was thrown.
  @Test func debug() async throws {
    #expect(try await talk(Self.last, showsErrors: true) { _ in throw Oops() }.hasSuffix("\r\n\r\nOops()\n"))
    #expect(try await talk(Self.last) { _ in throw Oops() }.hasSuffix("\r\n\r\nSomething went wrong.\n"))
  }

  /// `socket_timeout`: here one for each thing that can be waited for; a head that does not end is one of them.
  @Test func socketTimeout() async throws {
    var options = HTTPServerOptions()
    options.limits.headDeadline = .milliseconds(1)
    #expect(try await talk("GET / HTTP/1.1\r\nHo", options: options).hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
  }

  /// `capitalize_response_headers`
  @Test(arguments: [(true, "Some-Weird"), (false, "sOMe-WEirD")])
  func capitalizeResponseHeaders(_ isOn: Bool, _ name: String) async throws {
    var options = HTTPServerOptions()
    options.capitalizesNames = isOn
    let answer = try await talk(Self.last, options: options) { _ in
      HTTPResponse(.ok, ["sOMe-WEirD": "1"], body: [])
    }
    #expect(answer.contains("\r\n\(name): 1\r\n"))
  }
}

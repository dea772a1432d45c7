import Glibc
import Synchronization
import TestSupport
import Testing
import WebIOHTTP
import WebIOPosix

/// The public face, over real sockets.
@Suite struct WebServerTests {
  private struct Reply: Sendable {
    var code = 0
    var body: [UInt8] = []
    var type: String?
    var text: String { String(decoding: body, as: UTF8.self) }
  }

  private func send(_ port: Int, _ method: String, _ target: String, _ body: String = "") async -> Reply? {
    await withCheckedContinuation { (done: CheckedContinuation<Reply?, Never>) in
      EventLoop.run {
        guard let address = SocketAddress(numericHost: "127.0.0.1", port: UInt16(port)) else {
          return done.resume(returning: nil)
        }
        Connector.connect(to: address) { result in
          guard let stream = try? result.get() else { return done.resume(returning: nil) }
          let client = HTTPClientConnection(stream: stream)
          var reply = Reply()
          client.onHead = {
            reply.code = $0.status.code; reply.type = $0.fields["Content-Type"]
          }
          client.onBody = { reply.body += $0 }
          client.onEnd = { error in
            done.resume(returning: error == nil ? reply : nil)
            client.close()
          }
          client.send(method, target, ["Host": "x"], bodyLength: body.utf8.count)
          client.write(Array(body.utf8))
        }
      }
    }
  }

  private struct Oops: Error, CustomStringConvertible { var description: String { "oops" } }

  private func server(showsErrors: Bool = false, log: (@Sendable (String) -> Void)? = nil) -> WebServer {
    var options = HTTPServerOptions()
    options.accessLog = log.flatMap { try? AccessLog(.lines($0)) }
    return WebServer(port: 0, bodyLimit: 100, showsErrors: showsErrors, options: options) { request in
      switch (request.method, request.path) {
      case ("GET", "/"): "Hello, \(request.query("name") ?? "world")!"
      case ("POST", "/echo"): HTTPResponse(json: try request.json())
      case ("GET", "/html"): HTTPResponse(html: "<p>")
      case ("GET", "/away"): HTTPResponse(redirect: "/")
      case ("GET", "/bad"): HTTPResponse(redirect: "/\r\nX: y")
      case ("GET", "/throw"): throw Oops()
      case ("GET", "/teapot"): throw HTTPError(.unsupported, 418, "a teapot")
      case ("GET", "/stream"):
        HTTPResponse { writer in
          for _ in 0..<100 { try await writer.write([UInt8](repeating: 0x61, count: 50_000)) }
        }
      case ("GET", "/broken"):
        HTTPResponse { writer in
          try await writer.write("abc")
          throw Oops()
        }
      default: HTTPResponse(.notFound, "nothing")
      }
    }
  }

  @Test func answers() async throws {
    let server = server()
    let port = try await server.start()
    #expect(await send(port, "GET", "/")?.text == "Hello, world!")
    #expect(await send(port, "GET", "/?name=J%C3%BCrgen")?.text == "Hello, Jürgen!")
    let echo = await send(port, "POST", "/echo", "{\"a\": [1, 2]}")
    #expect(echo?.text == "{\"a\":[1,2]}" && echo?.type == "application/json")
    #expect(await send(port, "POST", "/echo", "{")?.code == 400)
    #expect(await send(port, "POST", "/echo", String(repeating: " ", count: 101))?.code == 413)
    #expect(await send(port, "GET", "/html")?.type == "text/html; charset=utf-8")
    #expect(await send(port, "GET", "/away")?.code == 303)
    #expect(await send(port, "GET", "/bad")?.code == 500)
    #expect(await send(port, "GET", "/teapot")?.code == 418)
    #expect(await send(port, "GET", "/none")?.code == 404)
    let failed = await send(port, "GET", "/throw")
    #expect(failed?.code == 500 && failed?.text.contains("oops") == false)
    #expect(await send(port, "GET", "/stream")?.body.count == 5_000_000)
    #expect(await send(port, "GET", "/broken") == nil)
    await server.stop()
    #expect(await send(port, "GET", "/") == nil)
  }

  @Test func webSocketsFilesAndImmediateAnswers() async throws {
    let directory = try TemporaryDirectory("webio-web")
    try Files.create(directory.file("a.txt"), Array("a file".utf8))
    let server = WebServer(
      port: 0, staticDirectory: directory.path,
      immediate: { request in
        switch request.path {
        case "/now": return "at once"
        case "/throw": throw HTTPError(.unsupported, 418, "a teapot")
        case "/stream": return HTTPResponse { body in try await body.write("later") }
        default:
          return .webSocket { socket in
            for await message in socket {
              if message == .text("bye") { return }
              try await socket.send(message)
            }
          }
        }
      })
    let port = try await server.start()
    #expect(await send(port, "GET", "/static/a.txt")?.text == "a file")
    #expect(await send(port, "GET", "/static/../WebServerTests.swift")?.code == 404)
    #expect(await send(port, "GET", "/now")?.text == "at once")
    #expect(await send(port, "GET", "/throw")?.code == 418)
    #expect(await send(port, "GET", "/stream")?.text == "later")
    #expect(await send(port, "GET", "/ws")?.code == 426)
    let socket = try WebSocketProbe("/ws", port: UInt16(port))
    for number in 0..<100 { try socket.send("message \(number)") }
    for number in 0..<100 { #expect(try socket.receive() == "message \(number)") }
    try socket.send("bye")
    let closed = #expect(throws: Connection.Failure.self) { try socket.receive() }
    #expect(closed?.description == "closed with 1000")
    await server.stop()
  }

  /// The README's server is the one below, which compiles.
  @Test func theReadmesServer() throws {
    let own = try Files.readText(#filePath)
    let readme = try Files.readText("\(Path.directory(of: #filePath))/../../README.md")
    let start = try #require(readme.firstRange(of: "    let server = WebServer("), "the README has no server")
    let end = try #require(readme[start.lowerBound...].firstRange(of: "server.run()"))
    let lines = readme[start.lowerBound..<end.upperBound].split(separator: "\n")
    #expect(lines.count <= 10)
    for line in lines { #expect(own.contains("\n\(line)\n"), "\(line)") }
  }

  private func readme() async throws {
    let server = WebServer(port: 8080, staticDirectory: "public") { request in
      switch (request.method, request.path) {
      case ("GET", "/"): "Hello, \(request.query("name") ?? "world")!"
      case ("POST", "/echo"): HTTPResponse(json: try request.json())
      case ("GET", "/count"): HTTPResponse { body in for number in 1...9 { try await body.write("\(number)\n") } }
      case ("GET", "/talk"): .webSocket { for await message in $0 { try await $0.send(message) } }
      default: HTTPResponse(.notFound, "There is nothing here.\n")
      }
    }
    try await server.run()
  }

  @Test func errorsCanBeShown() async throws {
    let server = server(showsErrors: true)
    let port = try await server.start()
    #expect(await send(port, "GET", "/throw")?.text == "oops\n")
    await server.stop()
  }

  @Test func theLogGetsALine() async throws {
    let lines = Mutex<[String]>([])
    let server = server(log: { line in lines.withLock { $0.append(line) } })
    let port = try await server.start()
    _ = await send(port, "GET", "/?name=x")
    await server.stop()
    let all = lines.withLock { $0 }
    #expect(all.count == 1 && all[0].hasPrefix("127.0.0.1 - - [") && all[0].contains("\"GET /?name=x HTTP/1.1\" 200 "))
  }

  @Test func runEndsWithItsTask() async throws {
    let server = server()
    let task = Task { try await server.run() }
    try await Task.sleep(for: .milliseconds(50))
    task.cancel()
    try await task.value
  }

  @Test func aTakenPort() async throws {
    let first = server()
    let port = try await first.start()
    let second = WebServer(port: port) { _ in "" }
    let taken = await #expect(throws: ListenError.self) { try await second.start() }
    #expect(
      taken?.description.contains("\(port) is taken by ") == true
        && taken?.description.contains("(process \(getpid()))") == true)
    let wrong = WebServer(port: 70_000) { _ in "" }
    await #expect(throws: ListenError.self) { try await wrong.start() }
    let host = WebServer(host: "example.org", port: 0) { _ in "" }
    await #expect(throws: ListenError.self) { try await host.start() }
    let size = WebServer(port: 0, bodyLimit: "much") { _ in "" }
    await #expect(throws: InvalidByteCount.self) { try await size.start() }
    await first.stop()
  }
}

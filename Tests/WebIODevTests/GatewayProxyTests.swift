import Glibc
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIODev

/// A gateway in front of a running app.
@EventLoop
final class GatewaySetting {
  let scratch: Scratch
  let gateway: Gateway
  let events = Recorder<AppProcess.Event>()
  var app: AppProcess
  private(set) var generation = 1

  init(_ options: Gateway.Options = Gateway.Options(), modes: [String] = []) async throws {
    scratch = try Scratch()
    gateway = Gateway(options)
    app = try await FakeApp.start(scratch, modes, token: options.token, events: events)
    gateway.use(.app(app.socket, generation: 1))
  }

  /// A new app takes the old one's place, as a session does it.
  func swap() async throws {
    generation += 1
    let next = try await FakeApp.start(scratch, generation: generation)
    let before = app
    app = next
    gateway.use(.app(next.socket, generation: generation)) { before.stop() }
  }

  func stop() async {
    app.stop()
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      gateway.stop(grace: .zero) { done.resume() }
    }
  }
}

extension LoopTests {
  @EventLoop @Suite struct GatewayProxyTests {
    @Test func requestAndAnswerPass() async throws {
      let setting = try await GatewaySetting()
      let answer = try await TestClient.send(setting.gateway, "GET", "/some/path?a=%20b")
      #expect(answer.status == 200)
      #expect(answer.text == "path /some/path?a=%20b")
      #expect(try await TestClient.send(setting.gateway, "HEAD", "/gen").fields["Content-Length"] == "1")
      #expect(try await TestClient.send(setting.gateway, "GET", "http://localhost:8080/x?y").text == "path /x?y")
      #expect(try await TestClient.send(setting.gateway, "OPTIONS", "*").text == "path *")
      await setting.stop()
    }

    @Test(arguments: [false, true]) func aHundredMegabytesAreByteExact(chunked: Bool) async throws {
      let setting = try await GatewaySetting()
      var body = [UInt8](repeating: 0, count: 100 << 20)
      for index in stride(from: 0, to: body.count, by: 4093) { body[index] = UInt8(truncatingIfNeeded: index &* 31) }
      try setting.scratch.write("expected", "")
      let answer = try await TestClient.send(setting.gateway, "POST", "/echo", body: body, chunked: chunked)
      let file = open(setting.scratch("body"), O_WRONLY | O_CREAT, 0o600)
      body.withUnsafeBytes { _ = write(file, $0.baseAddress!, $0.count) }
      close(file)
      let digest = try await shell("sha256sum body | cut -d' ' -f1", in: setting.scratch.path)
      #expect(answer.text == "\(body.count) \(digest.dropLast())")
      await setting.stop()
    }

    @Test func downloadsAreByteExactAndHeldBackByTheReader() async throws {
      let setting = try await GatewaySetting()
      var count = 0
      var isRight = true
      let answer = try await TestClient.send(setting.gateway, "GET", "/download?50000000") { bytes in
        for byte in bytes.prefix(64) {
          if byte != UInt8(truncatingIfNeeded: count) { isRight = false }
          count += 1
        }
        count += bytes.count - min(64, bytes.count)
      }
      #expect(answer.fields["Content-Length"] == "50000000")
      #expect(count == 50_000_000 && isRight)
      // A client that reads nothing: what is on its way stays bounded.
      let lazy = try TestClient.stream(setting.gateway, .local)
      lazy.write(Array("GET /download?500000000 HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
      await setting.events.settle(.milliseconds(300))
      let resident = try Files.readText("/proc/self/statm").split(separator: " ").compactMap { Int($0) }[1] * 4096
      #expect(resident < 700 << 20)
      lazy.abort()
      await setting.stop()
    }

    /// The answer's last piece is what fills the slow visitor's buffer: the connection to the app is the next one's by then.
    @Test func aSlowVisitorDoesNotDeafenTheConnectionItGaveBack() async throws {
      let setting = try await GatewaySetting()
      let answered = Recorder<Int>()
      setting.gateway.onRequest = { answered.add($0.status) }
      let (slow, visitor) = MemoryStream.pair(peerAddress: "", origin: .tunnel)
      setting.gateway.server.accept(visitor)
      slow.write(Array("GET /download?65436 HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
      #expect(await answered.wait { $0 == [200] })
      #expect(visitor.bufferedBytes > visitor.highWater)
      let next = RawClient(try TestClient.stream(setting.gateway, .public))
      next.write("GET /gen HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(await answered.wait(.seconds(10)) { $0 == [200, 200] })
      next.stream.abort()
      slow.abort()
      await setting.stop()
    }

    @Test func eventsComeWhenTheyHappen() async throws {
      let setting = try await GatewaySetting()
      var delays: [Double] = []
      let answer = try await TestClient.send(setting.gateway, "GET", "/events?20") { bytes in
        let now = Double(MonotonicTime.now.nanoseconds) / 1e9
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
          if let sent = Double(line.dropFirst(6)) { delays.append(now - sent) }
        }
      }
      #expect(answer.error == nil)
      #expect(delays.count == 20)
      #expect(delays.sorted()[10] < 0.010, "median \(delays.sorted()[10])")
      await setting.stop()
    }

    @Test func anUpgradeIsSplicedBothWaysToItsEnd() async throws {
      let setting = try await GatewaySetting()
      let client = RawClient(try TestClient.stream(setting.gateway, .local))
      client.write("GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\nearly ")
      #expect(await client.wait(for: "early"))
      #expect(client.text.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
      client.write("late")
      #expect(await client.wait(for: "late"))
      // A half-close goes through, and what the app says after it comes back.
      client.stream.closeWriting()
      #expect(await client.wait(for: "total 10"))
      #expect(await client.waitForEnd())
      await setting.stop()
    }

    @Test func aLargeSpliceIsHeldBackAndWhole() async throws {
      let setting = try await GatewaySetting()
      let client = RawClient(try TestClient.stream(setting.gateway, .public))
      client.write("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\n")
      #expect(await client.wait(for: "\r\n\r\n"))
      let block = String(repeating: "0123456789abcdef", count: 4096)
      for _ in 0..<320 { client.write(block) }
      client.stream.closeWriting()
      #expect(await client.wait(for: "total \(320 * 65536)"))
      await setting.stop()
    }

    @Test func webSocketsOfAnAppEndWithIt() async throws {
      let setting = try await GatewaySetting()
      let client = RawClient(try TestClient.stream(setting.gateway, .local))
      client.write("GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\nhello")
      #expect(await client.wait(for: "hello"))
      try await setting.swap()
      #expect(await client.waitForEnd())
      #expect(try await TestClient.send(setting.gateway, "GET", "/gen").text == "2")
      await setting.stop()
    }

    @Test(arguments: [false, true]) func anAnswerBeforeTheBodyIsOverArrives(chunked: Bool) async throws {
      let setting = try await GatewaySetting()
      let answer = try await TestClient.send(
        setting.gateway, "POST", "/refuse", body: [UInt8](repeating: 1, count: 30 << 20), chunked: chunked)
      #expect(answer.status == 413 && answer.text == "no" && answer.error == nil)
      await setting.stop()
    }

    @Test func aCutAnswerIsSeenAsCut() async throws {
      let setting = try await GatewaySetting()
      #expect(try await TestClient.send(setting.gateway, "GET", "/half").error != nil)
      let silent = try await TestClient.send(setting.gateway, "POST", "/silent", body: [1])
      #expect(silent.status == 502)
      await setting.stop()
    }

    /// Before the answer's head a visitor's browser gets the page that asks again, and nothing else pretends.
    @Test(arguments: [GatewaySide.public, .local])
    func anAppThatDiesOverAPageIsWaitedFor(_ side: GatewaySide) async throws {
      let setting = try await GatewaySetting()
      let page = try await TestClient.send(setting.gateway, "GET", "/silent", ["Accept": "text/html"], side: side)
      #expect(page.status == 503 && page.fields["Retry-After"] == "1" && page.text.contains("http-equiv=\"refresh\""))
      let data = try await TestClient.send(setting.gateway, "GET", "/silent", ["Accept": "application/json"], side: side)
      #expect(data.status == 502 && !data.text.contains("refresh"))
      // It had begun to answer: what there is goes out, and the client sees that it is not whole.
      let half = try await TestClient.send(setting.gateway, "GET", "/half", ["Accept": "text/html"], side: side)
      #expect(half.status == 200 && half.error != nil && half.text == "half")
      await setting.stop()
    }

    @Test func aClientThatLeavesFreesTheApp() async throws {
      let setting = try await GatewaySetting()
      let before = setting.gateway.server.connectionCount
      let client = try TestClient.stream(setting.gateway, .local)
      client.write(Array("GET /events?1000 HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
      let raw = RawClient(client)
      #expect(await raw.wait(for: "data"))
      client.abort()
      await setting.events.settle(.milliseconds(50))
      #expect(setting.gateway.server.connectionCount == before)
      await setting.stop()
    }

    // MARK: Swaps

    @Test func requestsWaitForTheFirstApp() async throws {
      let scratch = try Scratch()
      let gateway = Gateway()
      async let answer = TestClient.send(gateway, "GET", "/gen")
      let app = try await FakeApp.start(scratch)
      gateway.use(.app(app.socket, generation: 1))
      #expect(try await answer.text == "1")
      app.stop()
    }

    @Test func noRequestFailsInTwentySwaps() async throws {
      let setting = try await GatewaySetting()
      let counts = Recorder<Int>()
      var isOver = false
      let gateway = setting.gateway
      let loops = (0..<4).map { loop in
        Task { @EventLoop in
          var failed: [String] = []
          var generations: [Int] = []
          while !isOver {
            let answer = try await TestClient.send(gateway, "GET", loop == 0 ? "/slow?30" : "/gen")
            if answer.status == 200, answer.error == nil, let generation = Int(answer.text) {
              generations.append(generation)
            } else {
              failed.append("\(answer)")
            }
            counts.add(1)
          }
          return (failed, generations)
        }
      }
      for _ in 0..<20 { try await setting.swap() }
      isOver = true
      for loop in loops {
        let (failed, generations) = try await loop.value
        #expect(failed == [])
        #expect(generations == generations.sorted(), "an old app answered a newer request")
        #expect(generations.count > 5)
      }
      await setting.stop()
    }

    @Test func aCrashHoldsRequestsUntilTheNextApp() async throws {
      let setting = try await GatewaySetting()
      async let dying = TestClient.send(setting.gateway, "POST", "/die", body: [])
      #expect(await setting.events.wait { $0.contains { if case .crashed = $0 { true } else { false } } })
      setting.gateway.use(.none)
      #expect(try await dying.status == 502)
      async let held = TestClient.send(setting.gateway, "GET", "/gen")
      try await setting.swap()
      #expect(try await held.text == "2")
      await setting.stop()
    }

    @Test func afterTheHoldEachKindOfClientHearsItsOwn() async throws {
      var options = Gateway.Options()
      options.hold = .milliseconds(30)
      options.waitingPage = Array("<title>{{nonce}}</title>{{config}}<script src={{dev}}>".utf8)
      let gateway = Gateway(options)
      let api = try await TestClient.send(gateway, "GET", "/data", ["Accept": "application/json"])
      #expect(api.status == 503 && api.fields["Retry-After"] == "1" && api.text == "The app is not running.\n")
      let page = try await TestClient.send(gateway, "GET", "/", ["Accept": "text/html,*/*"])
      #expect(page.status == 503 && page.text.contains(options.token) && page.text.contains("/__webio/dev.js"))
      let visitor = try await TestClient.send(gateway, "GET", "/", ["Accept": "text/html,*/*"], side: .public)
      #expect(visitor.status == 503 && !visitor.text.contains(options.token) && visitor.text.contains("refresh"))
    }

    @Test func aPortWhereNobodyListensIsToldOnceAndWaitedFor() async throws {
      let setting = try await GatewaySetting()
      let address = try setting.gateway.listen(on: try #require(SocketAddress(numericHost: "127.0.0.1", port: 0)))
      let unused = try Listener.bind(try #require(SocketAddress(numericHost: "127.0.0.1", port: 0)))
      let closed = try SocketAddress.local(of: unused).port
      close(unused)
      let front = Gateway()
      var told = 0
      front.onUpstreamDown = { _ in told += 1 }
      front.use(.server(host: "127.0.0.1", port: closed, rewritesHost: false))
      for _ in 0..<2 {
        async let data = TestClient.send(front, "GET", "/data", side: .public)
        let page = try await TestClient.send(front, "GET", "/", ["Accept": "text/html"], side: .public)
        #expect(page.status == 503 && page.text.contains("refresh"))
        #expect(try await data.status == 502)
      }
      #expect(told == 1)
      front.use(.server(host: "127.0.0.1", port: address.port, rewritesHost: true))
      #expect(try await TestClient.send(front, "GET", "/gen", side: .public).text == "1")
      await setting.stop()
    }

    /// A server that tells which of its connections a request came by, and closes each after three.
    @Test func connectionsToTheAppAreUsedAgainAndOneThatWasClosedCostsNothing() async throws {
      final class Counter: HTTPRequestHandler {
        var requests = 0
        var methods: [String] = []
        func handle(_ exchange: HTTPExchange) {
          requests += 1
          methods.append(exchange.request.method)
          let fields: HTTPFields = requests % 3 == 0 ? ["Connection": "close"] : [:]
          exchange.respond(.ok, fields, text: "\(requests)")
        }
      }
      let counter = Counter()
      let server = HTTPServer(handler: counter)
      let address = try server.listen(on: try #require(SocketAddress(numericHost: "127.0.0.1", port: 0)))
      let front = Gateway()
      front.use(.server(host: "127.0.0.1", port: address.port, rewritesHost: false))
      for index in 1...10 {
        #expect(try await TestClient.send(front, "GET", "/", side: .public).text == "\(index)")
        #expect(server.connectionCount <= 1, "one after the other they need one connection")
      }
      // A connection that the server has closed meanwhile is not an error for the visitor.
      let closed = server
      await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
        closed.stop(grace: .zero) { done.resume() }
      }
      let second = HTTPServer(handler: counter)
      _ = try second.listen(on: address)
      #expect(try await TestClient.send(front, "GET", "/", side: .public).text == "11")
      #expect(try await TestClient.send(front, "POST", "/", side: .public, body: [1]).text == "12")
      #expect(counter.methods.last == "POST")
      front.use(.none)
    }

    @Test func anyHTTPServerCanBeBehindIt() async throws {
      let setting = try await GatewaySetting()
      // Another gateway stands for somebody's server on a port.
      let address = try setting.gateway.listen(on: try #require(SocketAddress(numericHost: "127.0.0.1", port: 0)))
      let front = Gateway()
      front.use(.server(host: "localhost", port: address.port, rewritesHost: true))
      let answer = try await TestClient.send(front, "GET", "/headers", side: .public)
      #expect(answer.status == 200)
      #expect(answer.text.contains("Host: localhost:\(address.port)\n"))
      #expect(!answer.text.contains("Webio-Public"), "a public mark from a stranger's port is stripped")
      await setting.stop()
    }
  }
}

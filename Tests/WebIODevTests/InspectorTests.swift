import Glibc
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIODev

/// The inspector's pure parts.
@Suite struct FrameScannerTests {
  private static func frame(_ opcode: UInt8, _ payload: [UInt8], mask: [UInt8] = [], final: Bool = true) -> [UInt8] {
    var bytes: [UInt8] = [(final ? 0x80 : 0) | opcode]
    let masked: UInt8 = mask.isEmpty ? 0 : 0x80
    switch payload.count {
    case ..<126: bytes.append(masked | UInt8(payload.count))
    case ..<65_536: bytes += [masked | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
    default: bytes += [masked | 127] + (0..<8).reversed().map { UInt8(payload.count >> ($0 * 8) & 255) }
    }
    return bytes + mask + payload.enumerated().map { mask.isEmpty ? $1 : $1 ^ mask[$0 % 4] }
  }

  @Test(arguments: [1, 2, 3, 7, 1_000_000]) func framesAreSeenHoweverTheBytesAreCut(_ piece: Int) {
    let long = (0..<70_000).map { UInt8(truncatingIfNeeded: $0) }
    let middle = Array(repeating: UInt8(ascii: "m"), count: 300)
    let bytes =
      Self.frame(1, Array("hello".utf8), mask: [1, 2, 3, 4]) + Self.frame(9, []) + Self.frame(2, long, mask: [9, 8, 7, 6])
      + Self.frame(1, middle, final: false) + Self.frame(8, [3, 0xe8])
    var scanner = FrameScanner(payloadLimit: 4096)
    var frames: [FrameScanner.Frame] = []
    for start in stride(from: 0, to: bytes.count, by: piece) {
      bytes[start..<min(start + piece, bytes.count)].withUnsafeBytes { frames += scanner.receive($0) }
    }
    #expect(frames.map(\.opcode) == [1, 9, 2, 1, 8])
    #expect(frames.map(\.length) == [5, 0, 70_000, 300, 2])
    #expect(frames.map(\.isFinal) == [true, true, true, false, true])
    #expect(frames.first?.payload == Array("hello".utf8))
    #expect(frames[2].payload == Array(long.prefix(4096)))
    #expect(frames[3].payload == middle)
    #expect(!scanner.isBroken)
  }

  @Test func aLengthThatIsNoneEndsTheWatching() {
    var scanner = FrameScanner(payloadLimit: 16)
    let bytes: [UInt8] = [0x82, 127, 0xff, 0, 0, 0, 0, 0, 0, 0] + Self.frame(1, [65])
    #expect(bytes.withUnsafeBytes { scanner.receive($0) }.isEmpty)
    #expect(scanner.isBroken)
  }
}

extension LoopTests {
  /// What is kept, who gets to see it, and what a replay does.
  @EventLoop @Suite struct InspectorTests {
    private let page = Array("<title>inspector</title>".utf8)

    /// A gateway with an app behind it, and its inspector on a port of its own.
    private func setting(_ options: Gateway.Options = Gateway.Options()) async throws -> (
      GatewaySetting, Inspector, UInt16, String
    ) {
      let setting = try await GatewaySetting(options)
      let inspector = Inspector(
        setting.gateway, page: page, assets: ["/inspect.js": GatewayAsset([65], "text/javascript")])
      let url = try inspector.start(port: 0)
      let parts = url.split(separator: "=")
      let port = try #require(url.split(separator: ":").last?.split(separator: "/").first.flatMap { UInt16($0) })
      return (setting, inspector, port, String(parts[1]))
    }

    private func stop(_ setting: GatewaySetting, _ inspector: Inspector) async {
      await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in inspector.stop { done.resume() } }
      await setting.stop()
    }

    private func ask(_ port: UInt16, _ method: String, _ target: String, _ fields: HTTPFields) async throws -> Answer {
      let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: port))
      return try await withCheckedThrowingContinuation { (done: CheckedContinuation<Answer, any Error>) in
        Connector.connect(to: address) { result in
          do {
            let client = HTTPClientConnection(stream: try result.get())
            final class Box { var answer = Answer() }
            let box = Box()
            client.onHead = { head in
              box.answer.status = head.status.code
              box.answer.fields = head.fields
              if head.status.code == 101 {
                client.onEnd = nil
                client.takeOver().abort()
                done.resume(returning: box.answer)
              }
            }
            client.onBody = { box.answer.body.append(contentsOf: $0) }
            client.onEnd = { _ in
              client.onEnd = nil
              client.close()
              done.resume(returning: box.answer)
            }
            client.send(method, target, fields)
          } catch {
            done.resume(throwing: error)
          }
        }
      }
    }

    @Test func onlyItsOwnPageWithTheTokenOnThisMachineGetsIn() async throws {
      let (setting, inspector, port, token) = try await setting()
      _ = try await TestClient.send(setting.gateway, "GET", "/gen", side: .public)
      let own: HTTPFields = ["Host": "localhost:\(port)", "webio-token": token, "Origin": "http://localhost:\(port)"]
      func status(_ method: String, _ target: String, _ changes: HTTPFields = [:]) async throws -> Int {
        var fields = own
        for (name, value) in changes.list { fields.set(name, value) }
        return try await ask(port, method, target, fields).status
      }
      let shown = try await ask(port, "GET", "/?token=\(token)", own)
      #expect(shown.status == 200 && shown.body == page)
      let policy = shown.fields["Content-Security-Policy"] ?? ""
      #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
      #expect(try await status("GET", "/") == 403)
      #expect(try await status("GET", "/?token=wrong") == 403)
      #expect(try await status("GET", "/inspect.js") == 200)
      #expect(try await status("GET", "/exchange?id=1") == 200)
      #expect(try await status("GET", "/exchange?id=2") == 404)
      #expect(try await status("GET", "/exchange?id=+1") == 404)
      #expect(try await status("POST", "/exchange?id=1") == 405)
      #expect(try await status("GET", "/replay?id=1") == 405)
      #expect(try await status("GET", "/other") == 404)
      for target in ["/?token=\(token)", "/inspect.js", "/exchange?id=1", "/events?token=\(token)"] {
        for host in ["evil.com", "evil.com:\(port)", "app.localhost", "192.168.1.20:\(port)", "localhost.evil.com"] {
          #expect(try await status("GET", target, ["Host": host]) == 403, "\(target) \(host)")
        }
        #expect(try await status("GET", target, ["Sec-Fetch-Site": "cross-site"]) == 403)
        #expect(try await status("GET", target, ["Sec-Fetch-Site": "same-site"]) == 403)
      }
      for change: HTTPFields in [["webio-token": "wrong"], ["Origin": "http://evil.com"], ["Origin": "null"]] {
        #expect(try await status("POST", "/replay?id=1", change) == 403, "\(change.list)")
        #expect(try await status("POST", "/clear", change) == 403, "\(change.list)")
      }
      let upgrade: HTTPFields = [
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      ]
      #expect(try await status("GET", "/events?token=\(token)", upgrade) == 101)
      #expect(try await status("GET", "/events", upgrade) == 403)
      var foreign = upgrade
      foreign.append("Origin", "http://localhost:1")
      #expect(try await status("GET", "/events?token=\(token)", foreign) == 403)
      // Nothing of it is on the public side, nor on the app's own.
      for side in [GatewaySide.public, .local] {
        let answer = try await TestClient.send(setting.gateway, "GET", "/inspect.js", side: side)
        #expect(answer.text == "path /inspect.js")
      }
      await stop(setting, inspector)
    }

    @Test func aRequestAndItsAnswerAreKeptAndSentAgain() async throws {
      var options = Gateway.Options()
      options.publicGate = PublicGate(credentials: "me:secret")
      let (setting, inspector, _, _) = try await setting(options)
      let traffic = try #require(setting.gateway.traffic)
      let login: HTTPFields = [
        "Authorization": "Basic " + Base64.encode(Array("me:secret".utf8)), "X-Forwarded-For": "203.0.113.9",
        "Webio-Replay": "1",
      ]
      let body = Array("name=Ada".utf8)
      _ = try await TestClient.send(setting.gateway, "POST", "/echo?x", login, side: .public, body: body)
      _ = try await TestClient.send(setting.gateway, "GET", "/gen", side: .public)
      #expect(traffic.records.map(\.status) == [200, 401])
      let record = traffic.records[0]
      #expect(record.method == "POST" && record.target == "/echo?x" && record.from == "203.0.113.9")
      #expect(record.requestBody.bytes == body && record.duration != nil && record.replayOf == nil)
      let answer = String(decoding: record.responseBody.bytes, as: UTF8.self)
      #expect(answer.hasPrefix("8 "))
      #expect(record.responseFields.contains { $0.name == "X-Robots-Tag" })

      #expect(setting.gateway.replay(record) == nil)
      await wait("the replay") { traffic.records.count == 3 && traffic.records[2].duration != nil }
      let again = traffic.records[2]
      #expect(again.status == 200 && again.replayOf == record.id && again.requestBody.bytes == body)
      #expect(again.responseBody.bytes == record.responseBody.bytes)
      await stop(setting, inspector)
    }

    @Test func whatIsNotWholeIsNotReplayed() async throws {
      let (setting, inspector, _, _) = try await setting()
      let traffic = try #require(setting.gateway.traffic)
      let body = [UInt8](repeating: 7, count: TrafficRecord.Body.limit + 1)
      let answer = try await TestClient.send(setting.gateway, "POST", "/echo", side: .public, body: body)
      #expect(answer.text.hasPrefix("\(body.count) "), "the app gets all of it")
      let record = try #require(traffic.records.first)
      #expect(record.requestBody.count == body.count && record.requestBody.bytes.count == TrafficRecord.Body.limit)
      #expect(setting.gateway.replay(record)?.contains("64 KiB") == true)
      await stop(setting, inspector)
    }

    @Test func framesOfBothDirectionsAreKeptAndCompressionIsNotAgreedOn() async throws {
      let (setting, inspector, _, _) = try await setting()
      let traffic = try #require(setting.gateway.traffic)
      let client = RawClient(try TestClient.stream(setting.gateway, .public))
      client.write(
        "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: raw\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
      )
      #expect(await client.wait(for: "\r\n\r\n"))
      let record = try #require(traffic.records.first)
      #expect(record.isWebSocket && record.status == 101 && record.duration == nil)
      // The app sends back what it gets.
      client.write("\u{1}\u{5}hello")
      #expect(await client.wait(for: "hello"))
      #expect(record.frames.map(\.isFromVisitor) == [true, false])
      #expect(record.frames.allSatisfy { $0.frame.payload == Array("hello".utf8) && $0.frame.opcode == 1 })
      for _ in 0..<300 { client.write("\u{1}\u{1}x") }
      await wait("all frames") { record.frameCount == 602 }
      #expect(record.frames.count == TrafficRecord.frameLimit)
      client.stream.closeWriting()
      #expect(await client.waitForEnd())
      await wait("the end") { record.duration != nil }
      _ = try await TestClient.send(setting.gateway, "GET", "/headers", ["Sec-WebSocket-Extensions": "x"], side: .public)
      let seen = String(decoding: traffic.records[1].responseBody.bytes, as: UTF8.self)
      #expect(!seen.contains("Sec-WebSocket-Extensions"))
      await stop(setting, inspector)
    }

    @Test func memoryIsBoundedByCountAndByBytes() async throws {
      let (setting, inspector, _, _) = try await setting()
      let traffic = try #require(setting.gateway.traffic)
      for _ in 0..<TrafficLog.countLimit + 10 {
        _ = try await TestClient.send(setting.gateway, "GET", "/gen", side: .public)
      }
      #expect(traffic.records.count == TrafficLog.countLimit && traffic.records.first?.id == 11)
      let body = [UInt8](repeating: 7, count: 60 << 10)
      var highest = 0
      for _ in 0..<150 {
        _ = try await TestClient.send(
          setting.gateway, "POST", "/download?\(100 << 10)", side: .public, body: body)
        highest = max(highest, traffic.cost)
      }
      #expect(highest <= TrafficLog.costLimit && highest > TrafficLog.costLimit - (256 << 10), "\(highest)")
      #expect(traffic.cost == traffic.records.reduce(0) { $0 + $1.cost })
      traffic.clear()
      #expect(traffic.cost == 0)
      await stop(setting, inspector)
    }

    private func wait(_ what: String, _ condition: @EventLoop () -> Bool) async {
      for _ in 0..<400 {
        if condition() { return }
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
          Reactor.shared.schedule(after: .milliseconds(10)) { done.resume() }
        }
      }
      Issue.record("not \(what) within 4 s")
    }
  }
}

import Foundation
import TestSupport
import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

/// What those who run a server look at: metrics, logs, limits, and how it ends.
@Suite(.timeLimit(.minutes(5))) struct OperationsTests {
  private static let path: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return (own as NSString).deletingLastPathComponent + "/TestServer"
  }()

  /// The app's port, and that of its metrics.
  private func ports(of program: Program) async throws -> (app: UInt16, metrics: UInt16) {
    func number(_ mark: String) async throws -> UInt16 {
      try await eventually(mark, state: { program.errorText }) {
        program.errorText.firstRange(of: mark).flatMap { range in
          UInt16(program.errorText[range.upperBound...].prefix { $0.isNumber })
        }
      }
    }
    return (try await number("serving at http://localhost:"), try await number("metrics are at port "))
  }

  private func metrics(_ port: UInt16) throws -> MetricsFormat {
    let answer = try HTTPProbe.get("/metrics", port: port)
    #expect(answer.status == 200)
    #expect(answer.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
    return try MetricsFormat(parsing: answer.text)
  }

  @Test func metricsTellWhatTheServerDoes() async throws {
    let program = try Program(Self.path, ["app", "metrics=0"])
    defer { program.killAll() }
    let ports = try await ports(of: program)
    let before = try metrics(ports.metrics)
    #expect(before["webio_sessions_open"] == 0)
    #expect(before["webio_http_requests_total{class=\"2xx\"}"] == 0)
    let socket = try WebSocketProbe("/?app=index&session=NEW", port: ports.app)
    _ = try socket.receive()
    for target in ["/", "/healthz", "/nothing"] { _ = try HTTPProbe.get(target, port: ports.app) }
    let message = #"{"event":"callback","task_id":"none","data":null}"#
    try socket.send(message)
    let after = try await eventually("messages have come and gone") {
      let after = try metrics(ports.metrics)
      return after["webio_messages_received_total"] == 1 && after["webio_messages_sent_total"] ?? 0 >= 1 ? after : nil
    }
    #expect(after["webio_sessions_open"] == 1)
    #expect(after["webio_sessions_started_total"] == 1)
    #expect(after["webio_websockets_open"] == 1)
    #expect(after["webio_http_requests_total{class=\"1xx\"}"] == 1)
    #expect(after["webio_http_requests_total{class=\"2xx\"}"] == 2)
    #expect(after["webio_http_requests_total{class=\"4xx\"}"] == 1)
    #expect(after["webio_http_request_duration_seconds_count"] == 3)
    #expect((after["webio_messages_sent_bytes_total"] ?? 0) > 20)
    #expect(after["webio_messages_received_bytes_total"] == Double(message.utf8.count))
    #expect((after["webio_http_response_bytes_total"] ?? 0) > 1_000)
    #expect(after["webio_draining"] == 0)
    #expect((after["webio_uptime_seconds"] ?? 0) > 0)
    #expect((after["process_resident_memory_bytes"] ?? 0) > 1_048_576)
    #expect((after["process_open_fds"] ?? 0) > 5)
    #expect((after["process_start_time_seconds"] ?? 0) > 1_700_000_000)
    socket.close()
    _ = try await eventually("the socket is gone") { try metrics(ports.metrics)["webio_websockets_open"] == 0 ? true : nil }
  }

  @Test func metricsHaveAListenerOfTheirOwn() async throws {
    let program = try Program(Self.path, ["app", "metrics=0"])
    defer { program.killAll() }
    let ports = try await ports(of: program)
    #expect(try HTTPProbe.get("/metrics", port: ports.app).status == 404)
    // A page that a browser on this machine has open cannot read them under a name of its own.
    #expect(try HTTPProbe.get("/metrics", port: ports.metrics, host: "evil.example").status == 403)
    #expect(try HTTPProbe.get("/metrics", port: ports.metrics, method: "POST").status == 405)
    #expect(try HTTPProbe.get("/", port: ports.metrics).status == 404)
    // Bound to 127.0.0.1: one that listens on every address would answer at the next one too.
    #expect(await canConnect("127.0.0.1", ports.metrics))
    #expect(await !canConnect("127.0.0.2", ports.metrics))
  }

  @EventLoop private func canConnect(_ host: String, _ port: UInt16) async -> Bool {
    guard let address = SocketAddress(numericHost: host, port: port) else { return false }
    return await withCheckedContinuation { done in
      Connector.connect(to: address) { result in
        if case .success(let stream) = result { stream.abort() }
        done.resume(returning: (try? result.get()) != nil)
      }
    }
  }

  @Test func withoutAWordThereAreNone() async throws {
    let program = try Program(Self.path, ["app"])
    defer { program.killAll() }
    _ = try await eventually("it serves", state: { program.errorText }) { program.errorText.contains("serving at") }
    #expect(!program.errorText.contains("metrics"))
    let wrong = try Program(Self.path, ["app"], environment: ["WEBIO_METRICS": "localhost"])
    defer { wrong.killAll() }
    #expect(try await wrong.waitForEnd() != .exited(0))
    let late = try Program(Self.path, ["app"], environment: ["WEBIO_RECONNECT": "1,5"])
    defer { late.killAll() }
    #expect(try await late.waitForEnd() != .exited(0))
    #expect(late.errorText.contains("WEBIO_RECONNECT: \"1,5\" is no number of seconds. Write 30, or 0.5."))
    #expect(wrong.errorText.contains("metrics: \"localhost\" is no address. Write 9464, or 0.0.0.0:9464."))
  }

  @Test func aServerDrainsBeforeItEnds() async throws {
    let program = try Program(Self.path, ["app", "metrics=0", "drain=30"])
    defer { program.killAll() }
    let ports = try await ports(of: program)
    #expect(try HTTPProbe.get("/readyz", port: ports.app).text == "ready\n")
    let socket = try WebSocketProbe("/?app=index&session=NEW", port: ports.app)
    _ = try socket.receive()
    program.send(SIGTERM)
    _ = try await eventually("it drains") { try HTTPProbe.get("/readyz", port: ports.app).status == 503 ? true : nil }
    // Meanwhile it serves as before, new visitors too: a load balancer takes a moment to notice.
    #expect(try HTTPProbe.get("/healthz", port: ports.app).status == 200)
    #expect(try HTTPProbe.get("/", port: ports.app).status == 200)
    let late = try WebSocketProbe("/?app=index&session=NEW", port: ports.app)
    _ = try late.receive()
    #expect(try metrics(ports.metrics)["webio_draining"] == 1)
    socket.close()
    late.close()
    // Its sessions are over, long before the thirty seconds.
    #expect(try await program.waitForEnd(within: .seconds(60)) == .exited(0))
    #expect(program.outputText == "stopped\n")
  }

  @Test func anEmptyServerWaitsForTheLoadBalancerOnly() async throws {
    let program = try Program(Self.path, ["app", "drain=3600"])
    defer { program.killAll() }
    _ = try await eventually("it serves", state: { program.errorText }) { program.errorText.contains("serving at") }
    program.send(SIGTERM)
    #expect(try await program.waitForEnd(within: .seconds(60)) == .exited(0))
  }

  // MARK: Logs

  @Test func logsAreObjectsOnRequest() async throws {
    let directory = try TemporaryDirectory("webio-log")
    let log = directory.file("access.log")
    let program = try Program(Self.path, ["app", "log=\(log)", "format=json"], environment: ["WEBIO_LOG": "json"])
    defer { program.killAll() }
    let note = try await eventually("it serves", state: { program.errorText }) {
      program.errorText.hasSuffix("\n") ? try JSON(parsing: program.errorText) : nil
    }
    #expect(note["event"].string == "message")
    #expect(note["level"].string == "note")
    let message = note["message"].string ?? ""
    #expect(message.hasPrefix("WebIO is serving at http://localhost:"))
    let port = try #require(UInt16(message.split(separator: ":").last ?? ""))
    _ = try HTTPProbe.get("/nothing?a=%22", port: port, fields: ["User-Agent": "x\"\\\u{1F}é"])
    _ = try HTTPProbe.get("/nothing?a=%22", port: port, fields: ["User-Agent": "x\"\\é", "Referer": "http://r/"])
    let lines = try await eventually("the line is written") {
      let text = (try? readText(log)) ?? ""
      return text.hasSuffix("\n") && text.contains("404") ? text.split(separator: "\n").map(String.init) : nil
    }
    // What is broken has no request; every line is one object.
    let entries = try lines.map { try JSON(parsing: $0) }
    #expect(entries.first?["status"].int == 400)
    let entry = try #require(entries.last)
    #expect(entry["event"].string == "request")
    #expect(entry["client"].string == "127.0.0.1")
    #expect(entry["method"].string == "GET")
    #expect(entry["target"].string == "/nothing?a=%22")
    #expect(entry["status"].int == 404)
    #expect(entry["userAgent"].string == "x\"\\é")
    #expect(entry["referer"].string == "http://r/")
    #expect((entry["bytes"].int ?? 0) > 100)
    #expect((entry["time"].string ?? "").wholeMatch(of: /20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ/) != nil)
  }

  // MARK: Limits

  @Test func theTableHasEveryLimit() throws {
    var limits = ServerLimits()
    limits.sessions.total = 12_345
    limits.http.idle = nil
    limits.reconnect = .milliseconds(1_500)
    func names(_ value: Any, _ prefix: String) -> [String] {
      Mirror(reflecting: value).children.compactMap { $0.label.map { prefix + $0 } }
    }
    let all =
      names(limits, "").filter { !["http", "sessions"].contains($0) } + names(limits.sessions, "sessions.")
      + names(limits.http, "http.")
    let table = limits.table.filter { $0.name != "(fixed)" }
    #expect(Set(table.map(\.name)) == Set(all))
    #expect(table.count == all.count)
    #expect(table.first { $0.name == "sessions.total" }?.value == "12345")
    #expect(table.first { $0.name == "http.idle" }?.value == "none")
    #expect(table.first { $0.name == "reconnect" }?.value == "1.5")
    #expect(table.first { $0.name == "payload" }?.value == "\(200 << 20)")
    #expect(limits.table.allSatisfy { !$0.unit.isEmpty && !$0.meaning.isEmpty })
  }

  @Test func limitsThatContradictAreTold() async throws {
    var limits = ServerLimits()
    limits.http.connections = 5
    var http = HTTPServerOptions()
    http.limits.connections = 6
    await #expect(throws: WebIOError.invalidArgument("limits.http and http.limits differ. Set one of them.")) {
      _ = try await AppHandler({}, limits: limits, http: http)
    }
    _ = try await AppHandler({}, http: http)
    limits.payload = "many"
    await #expect(throws: WebIOError.self) { _ = try await AppHandler({}, limits: limits) }
  }

  // MARK: Proxies

  @Test func aVisitorIsWhomTheLastTrustedProxyNames() throws {
    let proxies = TrustedProxies(addresses: ["10.0.0.1", "10.0.0.2", "unix"])
    try proxies.validate()
    for (peer, forwarded, visitor) in [
      // Anybody may say anything, but not to us.
      ("192.0.2.1", ["203.0.113.5"], "192.0.2.1"),
      ("10.0.0.1", ["203.0.113.5"], "203.0.113.5"),
      ("10.0.0.1", ["6.6.6.6, 203.0.113.5"], "203.0.113.5"),
      ("10.0.0.1", ["6.6.6.6", "203.0.113.5,10.0.0.2"], "203.0.113.5"),
      ("10.0.0.1", ["10.0.0.2"], "10.0.0.2"), ("10.0.0.1", [], "10.0.0.1"), ("10.0.0.1", ["evil, x"], "10.0.0.1"),
      ("10.0.0.1", ["<script>,203.0.113.5"], "203.0.113.5"), ("", ["2001:db8::7"], "2001:db8::7"),
    ] as [(String, [String], String)] {
      #expect(proxies.visitor(peer: peer, forwarded: forwarded) == visitor, "\(peer) \(forwarded)")
    }
    #expect(throws: WebIOError.self) { try TrustedProxies(addresses: ["proxy.example"]).validate() }
  }

  @Test func patternsThatMatchNothingAreTold() throws {
    for pattern in [
      "https://example.org", "https://*.example.org", "*", "*.example.org", "http?://x", "https://[ab].x:80", "[!a]*", "null",
    ] {
      #expect(throws: Never.self) { try Glob.validate(pattern) }
    }
    for pattern in [
      "", "example.org", "https://example.org/", "https://example.org/path", "https://[ab", "https://ex ample.org",
      "https://é.org",
    ] {
      #expect(throws: WebIOError.self, "\(pattern)") { try Glob.validate(pattern) }
    }
  }
}

import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

/// Every registered route, asked in every way, under every kind of Host and Origin: who gets what.
@EventLoop @Suite(.timeLimit(.minutes(5))) struct GateTableTests {
  private enum Way: CaseIterable {
    case get, head, post, options, upgrade, poll, pollPost

    var feedsSession: Bool { self != .get && self != .head }
  }

  /// Of a server that is bound to this machine: the name, and whether it may be used.
  private let hosts: [(name: String, isAllowed: Bool)] = [
    ("localhost:PORT", true), ("127.0.0.1:PORT", true), ("127.1.2.3:PORT", true), ("[::1]:PORT", true), ("app.localhost", true),
    ("LOCALHOST:PORT", true), ("127.1", false), ("192.168.1.7:PORT", false), ("evil.example", false),
    ("localhost.evil.example", false),
    ("127.0.0.1.evil.example", false), ("abcdef.lhr.life", false), ("169.254.169.254", false), ("[::ffff:10.0.0.1]", false),
    ("0.0.0.0:PORT", false), ("xlocalhost", false),
  ]

  /// HOST stands for the request's own.
  private let origins: [(name: String?, isAllowed: Bool)] = [
    (nil, true), ("http://HOST", true), ("https://HOST", true), ("https://good.example", true), ("null", false), ("", false),
    ("http://evil.example", false), ("http://localhost:1", false), ("http://10.0.0.1", false),
    ("https://good.example.evil.example", false),
    ("https://sub.good.example", false), ("http://HOST.evil.example", false), ("HOST", false),
  ]

  @Test func everyRouteUnderEveryHostAndOrigin() async throws {
    let server = try serve(allowedOrigins: ["https://good.example"], [Application("index") { hold() }])
    var count = 0
    for (name, hostIsAllowed) in hosts {
      let host = name.replacing("PORT", with: "\(server.port)")
      for (origin, originIsAllowed) in origins {
        for route in Route.examples {
          for way in Way.allCases {
            let status = try await self.status(server, route, way, host, origin?.replacing("HOST", with: host))
            let isRefused = !hostIsAllowed || way.feedsSession && !originIsAllowed
            count += 1
            #expect(
              (status == 403) == isRefused, "\(way) \(route.example), Host \(host), Origin \(origin ?? "none"): \(status)")
            if !isRefused { #expect(status == expected(route, way), "\(way) \(route.example)") }
          }
        }
      }
    }
    #expect(count == hosts.count * origins.count * Route.examples.count * Way.allCases.count)
  }

  private func expected(_ route: Route, _ way: Way) -> Int {
    switch (route, way) {
    case (.page, .upgrade): 101
    case (.page, .options): 204
    case (.page, .post): 405
    case (.page, _), (.asset, _), (.health, _), (.readiness, _): 200
    case (.file, _), (.nothing, _): 404
    }
  }

  private func status(_ server: AppServer, _ route: Route, _ way: Way, _ host: String, _ origin: String?) async throws -> Int {
    var fields = HTTPFields()
    if let origin { fields.append("Origin", origin) }
    let id = "NEW-\(randomToken(24))"
    func send(_ method: String, id: String? = nil, body: String? = nil) async throws -> Int {
      try await ask(server, method, "ack=-1&seq=0", id: id, body: body, path: route.example, host: host, fields: fields).status
    }
    switch way {
    case .get: return try await send("GET")
    case .head: return try await send("HEAD")
    case .post: return try await send("POST", body: "[]")
    case .options: return try await send("OPTIONS")
    case .poll: return try await send("GET", id: id)
    case .pollPost: return try await send("POST", id: randomToken(24), body: "[]")
    case .upgrade:
      fields.append("Connection", "Upgrade")
      fields.append("Upgrade", "websocket")
      fields.append("Sec-WebSocket-Version", "13")
      fields.append("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
      return try await send("GET")
    }
  }
}

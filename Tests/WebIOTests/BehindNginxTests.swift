import Foundation
import TestSupport
import Testing

/// An app below a path, behind a real nginx that passes the whole path on. The configuration is the one that the guide has.
@Suite(.serialized, .timeLimit(.minutes(5))) struct BehindNginxTests {
  private static let server: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return (own as NSString).deletingLastPathComponent + "/TestServer"
  }()

  /// With `upgrades` it lets WebSockets pass.
  private static func configuration(_ directory: String, port: UInt16, app: UInt16, upgrades: Bool) -> String {
    """
    daemon off;
    worker_processes 1;
    pid \(directory)/nginx.pid;
    error_log \(directory)/error.log;
    events {}
    http {
      access_log off;
      client_body_temp_path \(directory)/body;
      proxy_temp_path \(directory)/proxy;
      fastcgi_temp_path \(directory)/fastcgi;
      uwsgi_temp_path \(directory)/uwsgi;
      scgi_temp_path \(directory)/scgi;
      server {
        listen 127.0.0.1:\(port);
        location /tools/ {
          proxy_pass http://127.0.0.1:\(app);
          proxy_http_version 1.1;
          proxy_set_header Host $http_host;
          proxy_set_header X-Forwarded-For $remote_addr;
          \(upgrades ? "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;" : "")
          # A page that waits for output asks for up to 20 s.
          proxy_read_timeout 60s;
          proxy_buffering off;
        }
      }
    }
    """
  }

  private func port(of program: Program) async throws -> UInt16 {
    try await eventually("the server says its address", state: { program.errorText }) {
      program.errorText.split(separator: "\n").first { $0.contains("serving at http") }
        .flatMap { UInt16($0.split(separator: ":").last ?? "") }
    }
  }

  private func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(descriptor, pointer, length) == 0 ? getsockname(descriptor, pointer, &length) : -1
      }
    }
    try #require(code == 0)
    return UInt16(bigEndian: address.sin_port)
  }

  @Test(arguments: [true, false]) func anAppBelowAPath(_ upgrades: Bool) async throws {
    let app = try Program(Self.server, ["app"], environment: ["WEBIO_PREFIX": "/tools/"])
    defer { app.killAll() }
    let appPort = try await port(of: app)
    let directory = try TemporaryDirectory("webio-nginx")
    let port = try freePort()
    try directory.write(
      "nginx.conf", Self.configuration(directory.path, port: port, app: appPort, upgrades: upgrades))
    let nginx = try Program(
      "/usr/sbin/nginx", ["-p", directory.path, "-e", directory.file("start.log"), "-c", directory.file("nginx.conf")])
    // Its workers end with it only if it is told to.
    defer { nginx.send(SIGTERM) }
    let page: HTTPAnswer = try await eventually("nginx answers", state: { nginx.errorText }) {
      try? HTTPProbe.get("/tools/", port: port)
    }
    #expect(page.status == 200, Comment(rawValue: page.text))
    #expect(page.text.contains("src=\"/tools/_webio/core.js"))
    #expect(try HTTPProbe.get("/tools/_webio/core.js", port: port).status == 200)
    #expect(try HTTPProbe.get("/tools/healthz", port: port).text == "ok\n")
    let address = "/tools/?app=index&session=NEW"
    if upgrades {
      let socket = try WebSocketProbe(address, port: port)
      #expect(try socket.receive().contains("set_session_id"))
      #expect(throws: Connection.Failure.self) {
        try WebSocketProbe(address, port: port, origin: "https://evil.example")
      }
    } else {
      // What the page does then.
      #expect(throws: Connection.Failure.self) { try WebSocketProbe(address, port: port) }
    }
    let fields = ["webio-session-id": "NEW-abcdefghijklmnopqrstuvwx"]
    let answer = try HTTPProbe.get("/tools/?app=index&ack=-1", port: port, fields: fields)
    #expect(answer.text.hasPrefix("{\"commands\":"))
    let foreign = fields.merging(["Origin": "https://evil.example"]) { own, _ in own }
    #expect(try HTTPProbe.get("/tools/?app=index&ack=-1", port: port, fields: foreign).status == 403)
  }
}

import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// `webio dev --https`, asked by a client that checks everything and trusts the local authority only.
  @Suite struct HTTPSTests {
    @Test(.timeLimit(.minutes(4))) func thePageAndItsSocketAreServed() async throws {
      let project = try await Fixture.shared.project()
      let data = try TemporaryDirectory("webio-data")
      let client = """
        import os, socket, ssl, sys
        context = ssl.create_default_context(cafile=sys.argv[1])
        def connect():
            return context.wrap_socket(socket.create_connection(("localhost", int(sys.argv[2]))), server_hostname="localhost")
        page = connect()
        page.sendall(b"GET / HTTP/1.1\\r\\nHost: localhost:%d\\r\\nConnection: close\\r\\n\\r\\n" % int(sys.argv[2]))
        print(page.makefile("rb").readline().decode().strip())
        session = connect()
        session.sendall(
            b"GET /?app=index&session=NEW HTTP/1.1\\r\\nHost: localhost:%s\\r\\nOrigin: https://localhost:%s\\r\\nUpgrade: websocket\\r\\n"
            b"Connection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n"
            % (sys.argv[2].encode(), sys.argv[2].encode()))
        received = b""
        while b"What is your name?" not in received: received += session.recv(65536)
        print(received.split(b"\\r\\n")[0].decode())
        """
      for isFirst in [true, false] {
        let webio = try project.dev("--port", "0", "--https", environment: ["XDG_DATA_HOME": data.path])
        try await webio.explaining {
          let (url, port) = try await webio.ready()
          #expect(url.hasPrefix("https://localhost:"))
          let answer = try await Program.run(
            Program.require("python3"), ["-c", client, data.file("webio/authority.pem"), "\(port)"])
          #expect(
            answer.output == "HTTP/1.1 200 OK\nHTTP/1.1 101 Switching Protocols\n", Comment(rawValue: answer.errors))
          if isFirst {
            let key = try FileManager.default.attributesOfItem(atPath: data.file("webio/authority.key"))
            #expect((key[.posixPermissions] as? Int) == 0o600)
          }
        }
        webio.program.send(SIGTERM)
        try await webio.program.waitForEnd()
      }
    }
  }
}

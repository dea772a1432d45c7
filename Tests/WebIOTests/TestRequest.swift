import Testing
import WebIOHTTP
import WebIOPosix

@testable import WebIO

/// What a server answered. A body that is no JSON is a string.
struct Reply: Sendable {
  let status: Int
  let fields: HTTPFields
  let body: JSONValue
}

@EventLoop
func ask(
  _ server: AppServer, _ method: String, _ query: String, id: String? = nil, body: String? = nil,
  path: String = "/", host: String? = nil, type: String = "application/json", fields more: HTTPFields = HTTPFields()
) async throws -> Reply {
  let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: server.port))
  return await withCheckedContinuation { done in
    Connector.connect(to: address) { result in
      guard case .success(let stream) = result else {
        return done.resume(returning: Reply(status: 0, fields: HTTPFields(), body: nil))
      }
      let client = HTTPClientConnection(stream: stream)
      var head: HTTPResponseHead?
      var bytes: [UInt8] = []
      client.onHead = {
        head = $0
        guard $0.status.code == 101 else { return }
        done.resume(returning: Reply(status: 101, fields: $0.fields, body: nil))
        client.onEnd = nil
        client.takeOver().abort()
      }
      client.onBody = { bytes.append(contentsOf: $0) }
      client.onEnd = { _ in
        _ = client
        let body = (try? JSONParser.parse(bytes)) ?? .string(String(decoding: bytes, as: UTF8.self))
        done.resume(
          returning: Reply(status: head?.status.code ?? 0, fields: head?.fields ?? HTTPFields(), body: body))
        client.onEnd = nil
        stream.close()
      }
      var fields = HTTPFields()
      fields.append("Host", host ?? "localhost:\(server.port)")
      if let id { fields.append("webio-session-id", id) }
      if body != nil { fields.append("Content-Type", type) }
      fields.append(contentsOf: more)
      client.send(method, query.isEmpty ? path : "\(path)?\(query)", fields, bodyLength: body.map { $0.utf8.count })
      if let body { client.write(Array(body.utf8)) }
    }
  }
}

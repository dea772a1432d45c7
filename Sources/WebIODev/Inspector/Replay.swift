import Glibc
import WebIOHTTP
import WebIOPosix

extension Gateway {
  /// Sends a recorded request again, by the same way as a visitor's: through the public side and its gate. Gives the reason
  /// why it cannot, or nil; what comes of it is a record of its own.
  func replay(_ record: TrafficRecord) -> String? {
    guard let traffic else { return "The inspector is not running." }
    guard !record.isWebSocket else { return "A WebSocket cannot be replayed." }
    guard record.requestBody.isWhole else {
      return "The request's body is longer than the \(TrafficRecord.Body.limit >> 10) KiB that are kept."
    }
    let hop = [
      "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Expect",
      "Content-Length",
    ]
    var fields = HTTPFields()
    for (name, value) in record.requestFields where !hop.contains(where: { ASCII.equalsIgnoringCase($0, name) }) {
      fields.append(name, value)
    }
    do {
      var ends: [Int32] = [-1, -1]
      let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
      guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw SystemError("socketpair") }
      let mark = traffic.markReplay(of: record.id)
      fields.append(Self.replayField, mark)
      server.accept(try SocketStream(descriptor: ends[0], origin: .tunnel))
      let client = HTTPClientConnection(stream: try SocketStream(descriptor: ends[1]))
      client.onEnd = { _ in
        client.onEnd = nil
        client.close()
        traffic.forgetReplay(mark)
      }
      let body = record.requestBody.bytes
      client.send(record.method, record.target, fields, bodyLength: body.isEmpty ? nil : body.count)
      if !body.isEmpty {
        client.write(body)
        client.finish()
      }
      return nil
    } catch {
      return "It could not be sent: \(error)"
    }
  }
}

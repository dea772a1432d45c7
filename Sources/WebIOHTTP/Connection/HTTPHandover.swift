import WebIOPosix

/// The end of HTTP on a connection: its stream goes to a WebSocket, or to whoever asked for it.
extension HTTPConnection {
  func upgrade(
    _ exchange: HTTPExchange, _ fields: HTTPFields, _ handshake: WebSocketHandshake.Acceptance, maxMessageSize: Int?
  ) -> WebSocketConnection {
    exchange.status = .switchingProtocols
    turn { connection in
      connection.output.append("HTTP/1.1 101 Switching Protocols\r\n")
      connection.append(fields, to: &connection.output)
      connection.output += handshake.fields.bytes
      connection.output.append("\r\n")
    }
    let unread = handOver(exchange)
    let socket = WebSocketConnection(
      stream, role: .server, limits: server.limits, maxMessageSize: maxMessageSize,
      deflate: handshake.deflate, subprotocol: handshake.subprotocol, preface: unread)
    server.add(socket)
    return socket
  }

  func takeOver(_ exchange: HTTPExchange, _ head: [UInt8]) -> any ByteStream {
    turn { $0.output += head }
    let unread = handOver(exchange)
    setReading(false)
    stream.delegate = nil
    return unread.isEmpty ? stream : PrefacedStream(unread, stream)
  }

  /// Lets go of the stream. What was read and not parsed is the next owner's.
  func handOver(_ exchange: HTTPExchange) -> [UInt8] {
    flush()
    let unread = pending.isEmpty ? rest.map { [UInt8]($0) } ?? [] : pending.withUnsafeBytes { [UInt8]($0) }
    pending.removeAll()
    enter(.closed)
    detach(exchange, isComplete: true)
    server.remove(self)
    return unread
  }
}

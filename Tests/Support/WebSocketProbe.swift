import Foundation

/// A WebSocket client (RFC 6455) for text messages, and on top of it the page's half of a session.
public final class WebSocketProbe {
  private let connection: Connection

  /// Nil origin: as a program connects, which is no browser.
  public init(
    _ target: String, port: UInt16, host: String? = nil, origin: String? = nil, within limit: Duration = .seconds(60)
  ) throws {
    connection = try Connection(port: port)
    let key = Data((0..<16).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()
    var lines = [
      "GET \(target) HTTP/1.1", "Host: \(host ?? "127.0.0.1:\(port)")", "Upgrade: websocket", "Connection: Upgrade",
      "Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: 13",
    ]
    if let origin { lines.append("Origin: \(origin)") }
    try connection.write(lines.joined(separator: "\r\n") + "\r\n\r\n")
    let answer = try HTTPProbe.readAnswer(connection, Deadline(limit))
    guard answer.status == 101 else {
      throw Connection.Failure(description: "no upgrade: \(answer.status) \(answer.text)")
    }
  }

  public func send(_ text: String) throws {
    let payload = Array(text.utf8)
    var frame: [UInt8] = [0x81]
    switch payload.count {
    case ..<126: frame.append(0x80 | UInt8(payload.count))
    case ..<65_536: frame += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
    default: frame += [0x80 | 127] + (0..<8).reversed().map { UInt8((payload.count >> ($0 * 8)) & 0xff) }
    }
    let mask = (0..<4).map { _ in UInt8.random(in: 0...255) }
    frame += mask
    frame += payload.enumerated().map { $1 ^ mask[$0 & 3] }
    try connection.write(frame)
  }

  /// Closes the connection without a close frame.
  public func close() { connection.close() }

  /// The next text message. Throws at the end of the stream and at a close frame.
  public func receive(within limit: Duration = .seconds(60)) throws -> String {
    let deadline = Deadline(limit)
    var message: [UInt8] = []
    while true {
      let head = try connection.read(count: 2, deadline)
      var length = Int(head[1] & 0x7f)
      if length == 126 {
        length = try connection.read(count: 2, deadline).reduce(0) { $0 << 8 | Int($1) }
      } else if length == 127 {
        length = try connection.read(count: 8, deadline).reduce(0) { $0 << 8 | Int($1) }
      }
      let payload = try connection.read(count: length, deadline)
      switch head[0] & 0x0f {
      case 8:
        let code = payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : 1005
        throw Connection.Failure(description: "closed with \(code)")
      case 9, 10: continue  // No test waits long enough to owe a pong.
      default:
        message += payload
        if head[0] & 0x80 != 0 { return String(decoding: message, as: UTF8.self) }
      }
    }
  }
}

/// A session without a page: PyWebIO's documented protocol, as a foreign client would speak it.
public final class SessionProbe {
  private let socket: WebSocketProbe

  public init(port: UInt16, host: String? = nil, origin: String? = nil) throws {
    socket = try WebSocketProbe("/?app=index&session=NEW", port: port, host: host, origin: origin)
  }

  /// The next command for which `isWanted`.
  public func command(within limit: Duration = .seconds(60), where isWanted: (JSON) -> Bool) throws -> JSON {
    let deadline = Deadline(limit)
    var seen: [String] = []
    while !deadline.isOver {
      let command = try JSON(parsing: socket.receive(within: deadline.left))
      if isWanted(command) { return command }
      seen.append(command.text)
    }
    throw NotInTime("the command; seen: \(seen)")
  }

  public func command(_ name: String, within limit: Duration = .seconds(60)) throws -> JSON {
    try command(within: limit) { $0["command"].string == name }
  }

  /// The page goes away.
  public func close() { socket.close() }

  /// Answers the form of an `input_group` command.
  public func submit(_ form: JSON, _ values: JSON) throws {
    try send(event: "from_submit", task: form["task_id"], values)
  }

  public func send(event: String, task: JSON, _ data: JSON) throws {
    let message: JSON = ["event": .string(event), "task_id": task, "data": data]
    try socket.send(message.text)
  }
}

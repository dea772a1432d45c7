import Foundation

/// A visitor at the other end of a real connection: HTTP/1.1, and a WebSocket.
final class Visitor {
  private let descriptor: Int32
  private var buffer: [UInt8] = []

  struct Failure: Error, CustomStringConvertible { let description: String }
  struct Answer {
    let status: Int
    let head: String
    let body: String
  }

  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw Failure(description: "connect: \(String(cString: strerror(errno)))") }
  }

  deinit { close(descriptor) }

  func ask(_ target: String, _ fields: [String] = [], method: String = "GET", body: String = "") throws -> Answer {
    let length = body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"]
    let lines = ["\(method) \(target) HTTP/1.1", "Host: localhost"] + fields + length
    try write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8))
    let head = String(decoding: try read(until: "\r\n\r\n"), as: UTF8.self)
    let status = Int(head.split(separator: " ")[1]) ?? 0
    let small = head.lowercased()
    var bytes: [UInt8] = []
    if method == "HEAD" || status == 101 {
    } else if small.contains("transfer-encoding: chunked") {
      while let size = Int(String(decoding: try read(until: "\r\n"), as: UTF8.self), radix: 16) {
        bytes += try read(size)
        _ = try read(2)
        if size == 0 { break }
      }
    } else if let field = small.range(of: "content-length: ") {
      bytes = try read(Int(small[field.upperBound...].prefix { $0.isNumber }) ?? 0)
    }
    return Answer(status: status, head: head, body: String(decoding: bytes, as: UTF8.self))
  }

  /// Asks for a WebSocket.
  func open(_ target: String, _ fields: [String] = []) throws -> Answer {
    let own = [
      "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    return try ask(target, own + fields)
  }

  /// A text message, unmasked by a mask of zeros.
  func send(_ text: String, opcode: UInt8 = 1) throws {
    let bytes = Array(text.utf8)
    let size = bytes.count < 126 ? [UInt8(bytes.count)] : [126, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xff)]
    try write([0x80 | opcode, 0x80 | size[0]] + size.dropFirst() + [0, 0, 0, 0] + bytes)
  }

  /// The next message; throws at a close frame.
  func receive() throws -> String {
    var message: [UInt8] = []
    while true {
      let head = try read(2)
      var length = Int(head[1] & 0x7f)
      if length > 125 { length = try read(length == 126 ? 2 : 8).reduce(0) { $0 << 8 | Int($1) } }
      let payload = try read(length)
      if head[0] & 15 == 8 { throw Failure(description: "closed with \(payload.prefix(2).reduce(0) { $0 << 8 | Int($1) })") }
      if head[0] & 15 == 10 { return "pong \(String(decoding: payload, as: UTF8.self))" }
      if head[0] & 15 == 9 { continue }
      message += payload
      if head[0] & 0x80 != 0 { return String(decoding: message, as: UTF8.self) }
    }
  }

  /// The next message with `part` in it.
  func receive(with part: String) throws -> String {
    while true {
      let text = try receive()
      if text.contains(part) { return text }
    }
  }

  private func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw Failure(description: "send: \(String(cString: strerror(errno)))") }
      rest = rest.dropFirst(count)
    }
  }

  private func fill() throws {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &chunk, chunk.count, 0)
    guard count > 0 else { throw Failure(description: count == 0 ? "the connection ended" : "nothing came for 10 s") }
    buffer += chunk[..<count]
  }

  private func read(_ count: Int) throws -> [UInt8] {
    while buffer.count < count { try fill() }
    defer { buffer.removeFirst(count) }
    return Array(buffer[..<count])
  }

  private func read(until mark: String) throws -> [UInt8] {
    while true {
      if let range = buffer.firstRange(of: Array(mark.utf8)) {
        defer { buffer.removeFirst(range.upperBound) }
        return Array(buffer[..<range.lowerBound])
      }
      try fill()
    }
  }
}

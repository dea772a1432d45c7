import Foundation

/// What a server answered.
public struct HTTPAnswer: Sendable {
  public let status: Int
  /// By name in lower case.
  public let fields: [String: String]
  public let body: [UInt8]
  public var text: String { String(decoding: body, as: UTF8.self) }
}

public enum HTTPProbe {
  /// One request on a connection of its own.
  public static func get(
    _ target: String, port: UInt16, host: String? = nil, fields: [String: String] = [:], method: String = "GET",
    body: String = "", within limit: Duration = .seconds(60)
  ) throws -> HTTPAnswer {
    let connection = try Connection(port: port)
    var lines = ["\(method) \(target) HTTP/1.1", "Host: \(host ?? "127.0.0.1:\(port)")", "Connection: close"]
    if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
    lines += fields.map { "\($0.key): \($0.value)" }
    try connection.write(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    return try readAnswer(connection, Deadline(limit))
  }

  static func readAnswer(_ connection: Connection, _ deadline: Deadline) throws -> HTTPAnswer {
    let head = String(decoding: try connection.read(until: Array("\r\n\r\n".utf8), deadline), as: UTF8.self)
    let lines = head.components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count > 1, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
      throw Connection.Failure(description: "no status line: \(lines[0])")
    }
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    var body: [UInt8] = []
    if status == 101 || status == 204 || status == 304 {
    } else if fields["transfer-encoding"] == "chunked" {
      while true {
        let line = String(decoding: try connection.read(until: Array("\r\n".utf8), deadline), as: UTF8.self)
        guard let size = Int(line, radix: 16) else { throw Connection.Failure(description: "no chunk size: \(line)") }
        body += try connection.read(count: size, deadline)
        _ = try connection.read(count: 2, deadline)
        if size == 0 { break }
      }
    } else if let length = fields["content-length"].flatMap({ Int($0) }) {
      body = try connection.read(count: length, deadline)
    } else {
      body = try connection.readToEnd(deadline)
    }
    return HTTPAnswer(status: status, fields: fields, body: body)
  }
}

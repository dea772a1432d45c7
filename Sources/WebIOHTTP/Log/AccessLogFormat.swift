import Glibc
import WebIOPosix

/// Makes log lines of entries by a template with these placeholders: `%(client_ip)s`, `%(client_port)s`,
/// `%(date_time)s`, `%(request_line)s`, `%(status_code)s`, `%(body_length)s`, `%(wall_seconds).6f`, `%(method)s`,
/// `%(path)s`, `%(host)s`, `%(user_agent)s`, `%(referer)s`, and `%%`.
package struct AccessLogFormat: Sendable {
  private enum Piece {
    case text([UInt8])
    case value(Name, places: Int?)
  }

  private enum Name: String {
    case clientIP = "client_ip"
    case clientPort = "client_port"
    case dateTime = "date_time"
    case requestLine = "request_line"
    case statusCode = "status_code"
    case bodyLength = "body_length"
    case wallSeconds = "wall_seconds"
    case method, path, host, referer
    case userAgent = "user_agent"
  }

  package static let standard =
    "%(client_ip)s - - [%(date_time)s] \"%(request_line)s\" %(status_code)s %(body_length)s %(wall_seconds).6f"

  /// Instead of a template: each entry is a JSON object.
  package static let json = "json"

  private let pieces: [Piece]
  private let isJSON: Bool
  private let trustedProxies: [String]

  /// `trustedProxies`: peers whose `X-Forwarded-For` goes into `client_ip`, before their own address; `unix` is a unix
  /// socket's peer. Nil when the template has an unknown placeholder.
  package init?(_ template: String = AccessLogFormat.standard, trustedProxies: [String] = []) {
    guard let pieces = Self.parse(Array(template.utf8)) else { return nil }
    self.pieces = pieces
    isJSON = template == Self.json
    self.trustedProxies = trustedProxies
  }

  private static func parse(_ template: [UInt8]) -> [Piece]? {
    var pieces: [Piece] = []
    var text: [UInt8] = []
    var index = 0
    while index < template.count {
      defer { index += 1 }
      guard template[index] == UInt8(ascii: "%") else {
        text.append(template[index])
        continue
      }
      index += 1
      guard index < template.count else { return nil }
      if template[index] == UInt8(ascii: "%") {
        text.append(template[index])
        continue
      }
      guard template[index] == UInt8(ascii: "("), let end = template[index...].firstIndex(of: UInt8(ascii: ")")),
        let name = Name(rawValue: String(decoding: template[(index + 1)..<end], as: UTF8.self))
      else { return nil }
      index = end + 1
      var places: Int?
      if index + 1 < template.count, template[index] == UInt8(ascii: "."), ASCII.isDigit(template[index + 1]) {
        places = Int(template[index + 1] - 0x30)
        index += 2
      }
      guard index < template.count, "sdf".utf8.contains(template[index]) else { return nil }
      pieces += [.text(text), .value(name, places: places)]
      text = []
    }
    return pieces + [.text(text)]
  }

  /// Without a line end. Nothing of the client can end the line or a quotation in it.
  package func line(_ entry: AccessLogEntry) -> [UInt8] {
    if isJSON { return record(entry) }
    var line: [UInt8] = []
    line.reserveCapacity(160)
    for piece in pieces {
      switch piece {
      case .text(let text): line += text
      case .value(let name, let places): append(name, places, entry, to: &line)
      }
    }
    return line
  }

  private func append(_ name: Name, _ places: Int?, _ entry: AccessLogEntry, to line: inout [UInt8]) {
    let request = entry.request
    switch name {
    case .clientIP: line.append(text: clientAddress(entry))
    case .clientPort:
      if entry.peerPort == 0 { line.append("-") } else { line.append(decimal: Int(entry.peerPort)) }
    case .dateTime: Self.appendTime(to: &line)
    case .requestLine: Self.append(request?.requestLine, to: &line)
    case .statusCode: line.append(decimal: entry.status.code)
    case .bodyLength: line.append(decimal: entry.bytes)
    case .wallSeconds: Self.append(seconds: entry.duration, places: places ?? 6, to: &line)
    case .method: Self.append(request?.method, to: &line)
    case .path: Self.append(request?.path, to: &line)
    case .host: Self.append(request?.host, to: &line)
    case .userAgent: Self.append(request?.fields["User-Agent"], to: &line)
    case .referer: Self.append(request?.fields["Referer"], to: &line)
    }
  }

  /// What the log says about itself.
  func note(_ text: String) -> [UInt8] { isJSON ? LogRecord.message("warning", text) : Array(text.utf8) }

  /// The peer, or the client that a trusted proxy names last: who counts for the log's rate.
  package func client(of entry: AccessLogEntry) -> String {
    let peer = entry.peerAddress.isEmpty ? "unix" : entry.peerAddress
    guard !trustedProxies.isEmpty else { return peer }
    let addresses = clientAddress(entry).utf8.split(separator: UInt8(ascii: ","))
    return addresses.count < 2 ? peer : String(decoding: Array(addresses[addresses.count - 2]), as: UTF8.self)
  }

  private func clientAddress(_ entry: AccessLogEntry) -> String {
    let peer = entry.peerAddress.isEmpty ? "unix" : entry.peerAddress
    guard entry.origin == .network, trustedProxies.contains(peer) else { return peer }
    let forwarded = (entry.request?.fields.all("X-Forwarded-For") ?? []).joined(separator: ",").utf8.filter {
      $0 != 0x20
    }
    let isAddresses = forwarded.allSatisfy { byte in
      ASCII.hexValue(byte) != nil || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ",")
    }
    guard !forwarded.isEmpty, forwarded.count <= 512, isAddresses else { return peer }
    return String(decoding: forwarded, as: UTF8.self) + "," + peer
  }

  private static func append(_ text: String?, to line: inout [UInt8]) {
    for byte in (text ?? "-").utf8.prefix(2_048) {
      if byte < 0x20 || byte >= 0x7f || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        line.append("\\x")
        line.append(ASCII.hexDigit(byte >> 4))
        line.append(ASCII.hexDigit(byte & 15))
      } else {
        line.append(byte)
      }
    }
  }

  private static func append(seconds: Duration, places: Int, to line: inout [UInt8]) {
    let microseconds = Int(clamping: seconds.wholeNanoseconds / 1_000)
    line.append(decimal: microseconds / 1_000_000)
    guard places > 0 else { return }
    line.append(UInt8(ascii: "."))
    var scale = 100_000
    for _ in 0..<min(places, 6) {
      line.append(0x30 + UInt8(microseconds / scale % 10))
      scale /= 10
    }
  }

  /// `21/Nov/2026 05:39:57`, in the machine's time zone.
  private static func appendTime(to line: inout [UInt8]) {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"
    func two(_ value: Int32) {
      line.append(0x30 + UInt8(value / 10 % 10))
      line.append(0x30 + UInt8(value % 10))
    }
    two(parts.tm_mday)
    line.append(UInt8(ascii: "/"))
    for offset in 0..<3 { line.append(months.utf8Start[Int(parts.tm_mon) * 3 + offset]) }
    line.append(UInt8(ascii: "/"))
    line.append(decimal: Int(parts.tm_year) + 1900)
    for (mark, value) in [(0x20, parts.tm_hour), (0x3a, parts.tm_min), (0x3a, parts.tm_sec)] as [(UInt8, Int32)] {
      line.append(mark)
      two(value)
    }
  }
}

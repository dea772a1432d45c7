import Glibc
import WebIOPosix

/// One line of a structured log: a JSON object that begins with its time.
package struct LogRecord {
  private var writer = JSONWriter()

  /// `event` says what kind of line it is.
  package init(event: String) {
    writer.beginObject()
    writer.key("time")
    writer.string(Self.now)
    writer.key("event")
    writer.string(event)
  }

  package mutating func set(_ name: String, _ value: String) {
    writer.key(name)
    writer.string(value)
  }

  package mutating func set(_ name: String, _ value: Int) {
    writer.key(name)
    writer.int(value)
  }

  package mutating func set(_ name: String, _ value: Double) {
    writer.key(name)
    writer.double(value)
  }

  /// Without a line end; nothing that was set can contain one.
  package var line: [UInt8] {
    var writer = writer
    writer.endObject()
    return writer.bytes
  }

  /// A message of WebIO's own: what is said as text otherwise.
  package static func message(_ level: String, _ text: String) -> [UInt8] {
    var record = LogRecord(event: "message")
    record.set("level", level)
    record.set("message", text)
    return record.line
  }

  /// `2026-11-21T11:15:07.042Z`. RFC 3339.
  private static var now: String {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    var parts = tm()
    gmtime_r(&time.tv_sec, &parts)
    var text: [UInt8] = []
    func append(_ value: Int, places: Int) {
      var scale = 1
      for _ in 1..<places { scale *= 10 }
      while scale > 0 {
        text.append(0x30 + UInt8(value / scale % 10))
        scale /= 10
      }
    }
    append(Int(parts.tm_year) + 1900, places: 4)
    for (mark, value) in [
      (0x2d, parts.tm_mon + 1), (0x2d, parts.tm_mday), (0x54, parts.tm_hour), (0x3a, parts.tm_min), (0x3a, parts.tm_sec),
    ]
      as [(UInt8, Int32)]
    {
      text.append(mark)
      append(Int(value), places: 2)
    }
    text.append(UInt8(ascii: "."))
    append(time.tv_nsec / 1_000_000, places: 3)
    text.append(UInt8(ascii: "Z"))
    return String(decoding: text, as: UTF8.self)
  }
}

extension AccessLogFormat {
  /// An entry as a JSON object: `event` is `request`, `client` the visitor whom a trusted proxy names, `bytes` those of the answer
  /// with its head. Texts of the client are cut after 2,048 bytes.
  func record(_ entry: AccessLogEntry) -> [UInt8] {
    var record = LogRecord(event: "request")
    record.set("client", client(of: entry))
    func text(_ value: String?) -> String? { value.map { String(decoding: Array($0.utf8.prefix(2_048)), as: UTF8.self) } }
    let request = entry.request
    for (name, value) in [
      ("method", request?.method), ("target", request?.target), ("host", request?.host),
      ("userAgent", request?.fields["User-Agent"]), ("referer", request?.fields["Referer"]),
    ] {
      if let value = text(value) { record.set(name, value) }
    }
    record.set("status", entry.status.code)
    record.set("bytes", entry.bytes)
    record.set("ms", Double(Int(clamping: entry.duration.wholeNanoseconds / 1_000)) / 1_000)
    return record.line
  }
}

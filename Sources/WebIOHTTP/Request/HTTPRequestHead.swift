/// How a message's body is delimited. RFC 9112 section 6.
package enum HTTPBodyFraming: Sendable, Equatable {
  case none
  case length(Int)
  case chunked
  /// To the end of the connection: responses only.
  case untilClose
}

/// A request without its body. The text parts are made when they are asked for.
package struct HTTPRequestHead: Sendable {
  private let line: RequestLine
  package let fields: HTTPFields
  package let framing: HTTPBodyFraming
  /// What the client wants: the version's default, changed by `Connection`.
  package let wantsKeepAlive: Bool
  /// The client said `Connection: keep-alive` itself, as HTTP/1.0 needs it.
  package let saidKeepAlive: Bool
  package let expectsContinue: Bool
  /// `Connection: upgrade` and an `Upgrade` field.
  package let wantsUpgrade: Bool

  init(
    line: RequestLine, fields: HTTPFields, framing: HTTPBodyFraming, connection: ConnectionOptions,
    expectsContinue: Bool
  ) {
    self.line = line
    self.fields = fields
    self.framing = framing
    wantsKeepAlive = !connection.contains(.close) && (line.minorVersion == 1 || connection.contains(.keepAlive))
    saidKeepAlive = connection.contains(.keepAlive)
    wantsUpgrade = connection.contains(.upgrade) && fields.first(.upgrade) != nil
    self.expectsContinue = expectsContinue
  }

  /// Case-sensitive: `GET`.
  package var method: String { text(line.methodStart, UInt32(line.methodCount)) }
  /// As it was sent, undecoded.
  package var target: String { text(line.target, line.targetCount) }
  /// Undecoded and without the query; `/` where an absolute target has none, `*` in asterisk-form.
  package var path: String { line.pathCount == 0 ? "/" : text(line.path, line.pathCount) }
  /// Undecoded and without the `?`; nil when there is no `?`.
  package var query: String? { withQuery { String(decoding: $0, as: UTF8.self) } }
  /// 0 or 1.
  package var minorVersion: Int { Int(line.minorVersion) }
  /// The name in `Host` or in an absolute target, with its port. Nil only in HTTP/1.0.
  package var host: String? {
    line.authorityCount > 0
      ? text(line.authority, line.authorityCount) : fields.first(.host).map { fields.text(of: $0) }
  }
  /// The request line, for a log.
  package var requestLine: String { "\(method) \(target) HTTP/1.\(minorVersion)" }
  package var isHead: Bool { hasMethod("HEAD") }
  package var isGet: Bool { hasMethod("GET") }

  package func hasMethod(_ method: StaticString) -> Bool {
    withBytes(line.methodStart, UInt32(line.methodCount)) { ASCII.equals($0, method) }
  }

  package func hasPath(_ path: StaticString) -> Bool { withPath { ASCII.equals($0, path) } }

  /// The path's bytes, undecoded.
  package func withPath<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    withBytes(line.path, line.pathCount, body)
  }

  /// The first value of that name in the query, decoded as HTML forms are. Nil when it is missing or no UTF-8.
  package func queryValue(_ name: String) -> String? {
    queryItems.first { $0.name == name }?.value
  }

  /// The query's parts, decoded; those that do not decode are left out, beyond 1,000 all.
  package var queryItems: [(name: String, value: String)] {
    var items: [(name: String, value: String)] = []
    _ = withQuery { query in
      for part in query.split(separator: UInt8(ascii: "&")).prefix(1_000) {
        let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
        let value = equals < part.endIndex ? part[(equals + 1)...] : part[equals...]
        guard
          let name = PercentEncoding.decodeText(UnsafeRawBufferPointer(rebasing: part[..<equals]), plusIsSpace: true),
          let value = PercentEncoding.decodeText(UnsafeRawBufferPointer(rebasing: value), plusIsSpace: true)
        else { continue }
        items.append((name, value))
      }
    }
    return items
  }

  private func withQuery<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
    let start = line.path + line.pathCount + 1
    let end = line.target + line.targetCount
    return start > end ? nil : withBytes(start, end - start, body)
  }

  private func text(_ start: UInt32, _ count: UInt32) -> String {
    withBytes(start, count) { String(decoding: $0, as: UTF8.self) }
  }

  private func withBytes<Result>(
    _ start: UInt32, _ count: UInt32, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    fields.bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[Int(start)..<Int(start + count)])) }
  }
}

/// The elements of `Connection` that mean something here. RFC 9110 section 7.6.1.
struct ConnectionOptions: OptionSet {
  let rawValue: UInt8
  static let close = ConnectionOptions(rawValue: 1)
  static let keepAlive = ConnectionOptions(rawValue: 2)
  static let upgrade = ConnectionOptions(rawValue: 4)

  mutating func formUnion(list: UnsafeRawBufferPointer) {
    ASCII.forEachElement(list) { element in
      if ASCII.equalsIgnoringCase(element, "close") {
        insert(.close)
      } else if ASCII.equalsIgnoringCase(element, "keep-alive") {
        insert(.keepAlive)
      } else if ASCII.equalsIgnoringCase(element, "upgrade") {
        insert(.upgrade)
      }
    }
  }
}

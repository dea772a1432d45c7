/// The fields of a message in their order, with their spelling. Lookups ignore ASCII case. RFC 9110 section 5.
///
/// All bytes lie in one array, and a field is text only when it is asked for. A name that is no token, or a value with a
/// control character, is refused when it is set: nothing of it is kept, `invalidName` says so, and an answer with such
/// fields is sent as 500. (A value may come from a user, so it must not trap.)
public struct HTTPFields: Sendable {
  /// Names that the floor itself looks for.
  enum Kind: UInt8 {
    case other, host, date, expect, upgrade, connection, keepAlive, contentLength, contentEncoding, transferEncoding
    case contentType, cookie, range, vary, etag

    /// Connection and framing belong to the floor.
    var isReserved: Bool {
      switch self {
      case .date, .connection, .keepAlive, .contentLength, .transferEncoding: true
      default: false
      }
    }
  }

  struct Entry {
    var name: UInt32
    var value: UInt32
    var valueCount: UInt32
    var nameCount: UInt16
    var kind: Kind
  }

  /// `Name: value` lines with their ends, after `prefix` bytes of something else.
  private(set) var bytes: [UInt8] = []
  private(set) var entries: [Entry] = []
  /// Whether `bytes` is exactly what is to be sent.
  private(set) var isWire = true
  /// Whether there is one that the floor writes itself.
  private(set) var hasReserved = false
  /// The name of the first field that was refused.
  public private(set) var invalidName: String?

  public init() {}

  /// Takes over the bytes of a parsed head.
  init(head: [UInt8], entries: [Entry]) {
    bytes = head
    self.entries = entries
    isWire = false
    hasReserved = true
  }

  public var count: Int { entries.count }
  public var isEmpty: Bool { entries.isEmpty }

  /// Adds a field after the others, also when there is one of that name.
  public mutating func append(_ name: String, _ value: String) {
    var name = name
    var value = value
    name.withUTF8 { name in
      value.withUTF8 { append(UnsafeRawBufferPointer(name), UnsafeRawBufferPointer($0)) }
    }
  }

  package mutating func append(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    let value = ASCII.trimmed(value)
    guard !name.isEmpty, name.count <= 256, name.allSatisfy(ASCII.isToken), value.count <= 1 << 16,
      value.allSatisfy(ASCII.isFieldValue)
    else {
      if invalidName == nil { invalidName = String(decoding: name.prefix(64), as: UTF8.self) }
      return
    }
    appendParsed(name, value)
  }

  /// Adds a field that a parser has taken already, for a proxy: its bytes are not looked at once more.
  package mutating func appendParsed(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    let start = UInt32(bytes.count)
    let kind = Self.kind(of: name)
    if kind.isReserved { hasReserved = true }
    entries.append(
      Entry(
        name: start, value: start + UInt32(name.count) + 2, valueCount: UInt32(value.count),
        nameCount: UInt16(name.count), kind: kind))
    bytes.append(contentsOf: name)
    bytes.append(": ")
    bytes.append(contentsOf: value)
    bytes.append("\r\n")
  }

  package mutating func reserveCapacity(bytes: Int, fields: Int) {
    self.bytes.reserveCapacity(bytes)
    entries.reserveCapacity(fields)
  }

  /// Adds all of `others`.
  package mutating func append(contentsOf others: HTTPFields) {
    others.bytes.withUnsafeBytes { bytes in
      for entry in others.entries { append(Self.name(entry, in: bytes), Self.value(entry, in: bytes)) }
    }
    if invalidName == nil { invalidName = others.invalidName }
  }

  /// Replaces all fields of that name by one.
  public mutating func set(_ name: String, _ value: String) {
    remove(name)
    append(name, value)
  }

  public mutating func remove(_ name: String) {
    let count = entries.count
    withName(name) { fields, matches in fields.entries.removeAll { matches($0) } }
    if entries.count != count { isWire = false }
  }

  /// The first field of that name; setting replaces all of them, nil removes them.
  public subscript(name: String) -> String? {
    get { first(name).map { text(of: $0) } }
    set {
      if let newValue { set(name, newValue) } else { remove(name) }
    }
  }

  public func contains(_ name: String) -> Bool { first(name) != nil }

  /// The values of all fields of that name, one by one.
  public func all(_ name: String) -> [String] {
    var copy = self
    var values: [String] = []
    copy.withName(name) { fields, matches in
      for entry in fields.entries where matches(entry) { values.append(fields.text(of: entry)) }
    }
    return values
  }

  /// The value of the last field of that name.
  package func last(_ name: String) -> String? {
    var name = name
    let entry = name.withUTF8 { name in
      bytes.withUnsafeBytes { bytes in
        entries.last { entry in
          Int(entry.nameCount) == name.count
            && ASCII.equalsIgnoringCase(Self.name(entry, in: bytes), UnsafeRawBufferPointer(name))
        }
      }
    }
    return entry.map { text(of: $0) }
  }

  /// Names and values in their order.
  public var list: [(name: String, value: String)] {
    entries.map { entry in
      bytes.withUnsafeBytes { bytes in
        (String(decoding: Self.name(entry, in: bytes), as: UTF8.self), text(of: entry))
      }
    }
  }

  /// How many bytes they are, about.
  package var byteCount: Int { bytes.count }

  /// Names and values in their order, without making text of them.
  package func forEach(_ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void) {
    bytes.withUnsafeBytes { bytes in
      for entry in entries { body(Self.name(entry, in: bytes), Self.value(entry, in: bytes)) }
    }
  }

  /// Whether `token` is an element of that field's comma-separated values. RFC 9110 section 5.6.1.
  package func contains(_ token: String, in name: String) -> Bool {
    var found = false
    for value in all(name) {
      var value = value
      value.withUTF8 { value in
        ASCII.forEachElement(UnsafeRawBufferPointer(value)) { element in
          if ASCII.equalsIgnoringCase(String(decoding: element, as: UTF8.self), token) { found = true }
        }
      }
    }
    return found
  }
}

extension HTTPFields: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { append(name, value) }
  }
}

extension HTTPFields {
  @inline(__always)
  static func name(_ entry: Entry, in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[Int(entry.name)..<Int(entry.name) + Int(entry.nameCount)])
  }

  @inline(__always)
  static func value(_ entry: Entry, in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[Int(entry.value)..<Int(entry.value) + Int(entry.valueCount)])
  }

  /// The value as text; bytes that are no UTF-8 become U+FFFD.
  func text(of entry: Entry) -> String {
    bytes.withUnsafeBytes { String(decoding: Self.value(entry, in: $0), as: UTF8.self) }
  }

  func first(_ kind: Kind) -> Entry? { entries.first { $0.kind == kind } }

  func withFirst<Result>(_ kind: Kind, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
    guard let entry = first(kind) else { return nil }
    return bytes.withUnsafeBytes { body(Self.value(entry, in: $0)) }
  }

  private func first(_ name: String) -> Entry? {
    var name = name
    return name.withUTF8 { name in
      bytes.withUnsafeBytes { bytes in
        entries.first { entry in
          Int(entry.nameCount) == name.count
            && ASCII.equalsIgnoringCase(Self.name(entry, in: bytes), UnsafeRawBufferPointer(name))
        }
      }
    }
  }

  private mutating func withName(_ name: String, _ body: (inout HTTPFields, (Entry) -> Bool) -> Void) {
    var name = name
    let bytes = bytes
    name.withUTF8 { name in
      bytes.withUnsafeBytes { bytes in
        body(&self) { entry in
          Int(entry.nameCount) == name.count
            && ASCII.equalsIgnoringCase(Self.name(entry, in: bytes), UnsafeRawBufferPointer(name))
        }
      }
    }
  }

  static func kind(of name: UnsafeRawBufferPointer) -> Kind {
    func matches(_ text: StaticString, _ kind: Kind) -> Kind {
      ASCII.equalsIgnoringCase(name, text) ? kind : .other
    }
    switch name.count {
    case 4:
      switch ASCII.lower(name[0]) {
      case UInt8(ascii: "h"): return matches("host", .host)
      case UInt8(ascii: "d"): return matches("date", .date)
      case UInt8(ascii: "v"): return matches("vary", .vary)
      default: return matches("etag", .etag)
      }
    case 5: return matches("range", .range)
    case 6: return ASCII.lower(name[0]) == UInt8(ascii: "e") ? matches("expect", .expect) : matches("cookie", .cookie)
    case 7: return matches("upgrade", .upgrade)
    case 10:
      return ASCII.lower(name[0]) == UInt8(ascii: "c")
        ? matches("connection", .connection) : matches("keep-alive", .keepAlive)
    case 12: return matches("content-type", .contentType)
    case 14: return matches("content-length", .contentLength)
    case 16: return matches("content-encoding", .contentEncoding)
    case 17: return matches("transfer-encoding", .transferEncoding)
    default: return .other
    }
  }
}

/// Appends JSON to bytes, commas included.
///
///     var writer = JSONWriter()
///     writer.beginObject()
///     writer.key("command"); writer.string("output")
///     writer.endObject()
///
/// Strings are escaped so that the text may also stand in an inert `<script type="application/json">` and in
/// JavaScript of before 2019: `</`, `<!`, U+2028 and U+2029 do not appear in it.
package struct JSONWriter {
  package var bytes: [UInt8]
  private var needsComma = false

  package init(capacity: Int = 0) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  package mutating func beginObject() { begin(UInt8(ascii: "{")) }
  package mutating func beginArray() { begin(UInt8(ascii: "[")) }
  package mutating func endObject() { end(UInt8(ascii: "}")) }
  package mutating func endArray() { end(UInt8(ascii: "]")) }

  package mutating func key(_ name: String) {
    separate()
    quote(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// A name with its quotes and colon, as it goes out: `"command":`. Nothing in it is looked at.
  package mutating func key(verbatim name: StaticString) {
    separate()
    bytes.append(name)
    needsComma = false
  }

  package mutating func string(_ text: String) {
    separate()
    quote(text)
  }

  package mutating func int(_ value: Int) {
    separate()
    bytes.append(decimal: value)
  }

  /// Infinity and not-a-number, for which JSON has no word, become `null`.
  package mutating func double(_ value: Double) {
    guard value.isFinite else { return null() }
    separate()
    bytes.append(text: value.description)
  }

  package mutating func bool(_ value: Bool) {
    separate()
    bytes.append(value ? "true" : "false")
  }

  package mutating func null() {
    separate()
    bytes.append("null")
  }

  /// Ends a line of JSON lines: what follows is a value of its own.
  package mutating func endLine() {
    bytes.append(UInt8(ascii: "\n"))
    needsComma = false
  }

  /// A value that is JSON already.
  package mutating func raw(_ json: some Sequence<UInt8>) {
    separate()
    bytes.append(contentsOf: json)
  }

  package mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .bool(let value): bool(value)
    case .int(let value): int(Int(value))
    case .double(let value): double(value)
    case .string(let value): string(value)
    case .array(let values):
      beginArray()
      for value in values { self.value(value) }
      endArray()
    case .object(let object):
      beginObject()
      for (name, value) in object.members {
        key(name)
        self.value(value)
      }
      endObject()
    }
  }

  package mutating func member(_ name: String, _ value: JSONValue) {
    key(name)
    self.value(value)
  }

  @inline(__always)
  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func begin(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func end(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  private mutating func quote(_ text: String) {
    var text = text
    text.withUTF8 { text in
      bytes.append(UInt8(ascii: "\""))
      var run = 0
      var index = 0
      while index < text.count {
        index = Self.plainEnd(text, from: index)
        guard index < text.count else { break }
        let skipped = escapeLength(text, index)
        if skipped > 0 {
          bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[run..<index]))
          escape(text, index)
          run = index + skipped
        }
        index += max(skipped, 1)
      }
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[run...]))
      bytes.append(UInt8(ascii: "\""))
    }
  }

  /// Where the next byte is that may have to be escaped: nearly all need not, and eight of them are seen at a time.
  private static func plainEnd(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    let bytes = UnsafeRawBufferPointer(text)
    var index = start
    while index + 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      // The highest bit of a byte is set when it is below 0x20, is one of the three, or is no ASCII.
      let found =
        (word &- 0x2020_2020_2020_2020) & ~word | zeros(word ^ 0x2222_2222_2222_2222) | zeros(word ^ 0x3c3c_3c3c_3c3c_3c3c)
        | zeros(word ^ 0x5c5c_5c5c_5c5c_5c5c) | word
      if found & 0x8080_8080_8080_8080 != 0 { break }
      index += 8
    }
    while index < bytes.count {
      let byte = bytes[index]
      if byte < 0x20 || byte == 0x22 || byte == 0x3c || byte == 0x5c || byte == 0xe2 { break }
      index += 1
    }
    return index
  }

  /// The highest bit of each byte that is 0; bytes above such a one may have it too.
  private static func zeros(_ word: UInt64) -> UInt64 { (word &- 0x0101_0101_0101_0101) & ~word }

  /// How many bytes at `index` are written as an escape; 0 when the byte stands for itself.
  private func escapeLength(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int {
    let next = index + 1 < text.count ? text[index + 1] : 0
    switch text[index] {
    case UInt8(ascii: "<"): return next == UInt8(ascii: "/") || next == UInt8(ascii: "!") ? 1 : 0
    case 0xe2: return next == 0x80 && index + 2 < text.count && text[index + 2] & 0xfe == 0xa8 ? 3 : 0
    default: return 1
    }
  }

  private mutating func escape(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) {
    let byte = text[index]
    switch byte {
    case 0x22: bytes.append(#"\""#)
    case 0x5c: bytes.append(#"\\"#)
    case 0x0a: bytes.append(#"\n"#)
    case 0x0d: bytes.append(#"\r"#)
    case 0x09: bytes.append(#"\t"#)
    case 0x3c: bytes.append(#"\u003c"#)
    case 0xe2: bytes.append(text[index + 2] == 0xa8 ? #"\u2028"# : #"\u2029"#)
    default:
      bytes.append(#"\u00"#)
      bytes.append(ASCII.hexDigit(byte >> 4))
      bytes.append(ASCII.hexDigit(byte & 15))
    }
  }
}

extension JSONValue {
  package func write(to writer: inout JSONWriter) { writer.value(self) }

  /// This value as JSON text in UTF-8.
  public var serialized: [UInt8] {
    var writer = JSONWriter()
    writer.value(self)
    return writer.bytes
  }
}

extension JSONValue {
  /// As text that no HTML parser takes for anything but text: each `<` is an escape, wherever it stands.
  package var inert: [UInt8] { serialized.flatMap { $0 == UInt8(ascii: "<") ? Array("\\u003c".utf8) : [$0] } }
}

extension JSONValue: CustomStringConvertible {
  public var description: String { String(decoding: serialized, as: UTF8.self) }
}

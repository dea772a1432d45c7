import WebIOHTTP

/// Makes a `Decodable` value of JSON, without Foundation.
struct JSONValueDecoder: Decoder {
  let codingPath: [any CodingKey]
  let userInfo: [CodingUserInfoKey: Any] = [:]
  fileprivate let json: JSONValue

  /// Throws `DecodingError` when the JSON is not of that type.
  static func decode<Value: Decodable>(_ json: JSONValue) throws -> Value { try decode(json, as: Value.self, []) }

  fileprivate static func decode<Value: Decodable>(
    _ json: JSONValue, as type: Value.Type, _ path: [any CodingKey]
  ) throws -> Value {
    let plain: Any? =
      switch type {
      case is Bool.Type: json.bool
      case is String.Type: json.string
      case is Double.Type: json.double
      case is Float.Type: json.double.map { Float($0) }
      case let integer as any FixedWidthInteger.Type: Self.integer(json, integer)
      default: try Value(from: JSONValueDecoder(codingPath: path, json: json))
      }
    guard let value = plain as? Value else {
      throw DecodingError.typeMismatch(
        type, .init(codingPath: path, debugDescription: "what was kept is no \(type)"))
    }
    return value
  }

  private static func integer<Integer: FixedWidthInteger>(_ json: JSONValue, _ type: Integer.Type) -> Integer? {
    switch json {
    case .int(let value): Integer(exactly: value)
    case .double(let value): Integer(exactly: value)
    // Those that do not fit into 64 bits with a sign.
    case .string(let digits): Integer(digits)
    default: nil
    }
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard let object = json.object else { throw mismatch("an object") }
    return KeyedDecodingContainer(Keyed(codingPath: codingPath, object: object))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let elements = json.array else { throw mismatch("an array") }
    return Unkeyed(codingPath: codingPath, elements: elements)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { Single(codingPath: codingPath, json: json) }

  private func mismatch(_ wanted: String) -> DecodingError {
    .typeMismatch(JSONValue.self, .init(codingPath: codingPath, debugDescription: "what was kept is not \(wanted)"))
  }
}

private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let codingPath: [any CodingKey]
  let object: JSONObject
  var allKeys: [Key] { object.names.compactMap { Key(stringValue: $0) } }

  func contains(_ key: Key) -> Bool { object[key.stringValue] != nil }

  private func value(_ key: any CodingKey) throws -> JSONValue {
    guard let value = object[key.stringValue] else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: codingPath, debugDescription: "what was kept has no \(key.stringValue)"))
    }
    return value
  }

  func decodeNil(forKey key: Key) throws -> Bool { try value(key).isNull }
  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try JSONValueDecoder.decode(try value(key), as: type, codingPath + [key])
  }
  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try JSONValueDecoder(codingPath: codingPath + [key], json: try value(key)).container(keyedBy: type)
  }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try JSONValueDecoder(codingPath: codingPath + [key], json: try value(key)).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder {
    JSONValueDecoder(codingPath: codingPath, json: try value(PlainKey("super")))
  }
  func superDecoder(forKey key: Key) throws -> any Decoder {
    JSONValueDecoder(codingPath: codingPath + [key], json: try value(key))
  }
}

private struct Unkeyed: UnkeyedDecodingContainer {
  let codingPath: [any CodingKey]
  let elements: [JSONValue]
  private(set) var currentIndex = 0
  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex >= elements.count }

  init(codingPath: [any CodingKey], elements: [JSONValue]) {
    self.codingPath = codingPath
    self.elements = elements
  }

  private mutating func next() throws -> JSONValue {
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        JSONValue.self, .init(codingPath: codingPath, debugDescription: "what was kept has \(elements.count) elements"))
    }
    defer { currentIndex += 1 }
    return elements[currentIndex]
  }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd, elements[currentIndex].isNull else { return false }
    currentIndex += 1
    return true
  }
  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try JSONValueDecoder.decode(try next(), as: type, codingPath)
  }
  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
    try JSONValueDecoder(codingPath: codingPath, json: try next()).container(keyedBy: type)
  }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try JSONValueDecoder(codingPath: codingPath, json: try next()).unkeyedContainer()
  }
  mutating func superDecoder() throws -> any Decoder { JSONValueDecoder(codingPath: codingPath, json: try next()) }
}

private struct Single: SingleValueDecodingContainer {
  let codingPath: [any CodingKey]
  let json: JSONValue

  func decodeNil() -> Bool { json.isNull }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try JSONValueDecoder.decode(json, as: type, codingPath)
  }
}

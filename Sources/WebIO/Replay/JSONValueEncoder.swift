import WebIOHTTP

/// Makes JSON of an `Encodable` value, without Foundation.
struct JSONValueEncoder: Encoder {
  /// Where a value goes when it is done.
  fileprivate final class Slot {
    var value: JSONValue?
    /// Of an object or an array that is still open.
    var members: [(name: String, slot: Slot)] = []
    var elements: [Slot] = []
    var isArray = false
    var isObject = false

    var json: JSONValue {
      if let value { return value }
      if isArray { return .array(elements.map(\.json)) }
      return .object(JSONObject(members.map { ($0.name, $0.slot.json) }))
    }
  }

  let codingPath: [any CodingKey]
  let userInfo: [CodingUserInfoKey: Any] = [:]
  fileprivate let slot: Slot

  /// Throws what the value's own `encode` throws, and `EncodingError` for a number that JSON has not.
  static func encode(_ value: some Encodable) throws -> JSONValue {
    let slot = Slot()
    try value.encode(to: JSONValueEncoder(codingPath: [], slot: slot))
    return slot.json
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    slot.isObject = true
    return KeyedEncodingContainer(Keyed(codingPath: codingPath, slot: slot))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    slot.isArray = true
    return Unkeyed(codingPath: codingPath, slot: slot)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { Single(codingPath: codingPath, slot: slot) }

  fileprivate static func fill(_ slot: Slot, _ value: some Encodable, _ path: [any CodingKey]) throws {
    switch value {
    case let value as Bool: slot.value = .bool(value)
    case let value as String: slot.value = .string(value)
    case let value as Double: try fill(slot, value, path)
    case let value as Float: try fill(slot, Double(value), path)
    case let value as any FixedWidthInteger: slot.value = Int64(exactly: value).map { .int($0) } ?? .string("\(value)")
    default: try value.encode(to: JSONValueEncoder(codingPath: path, slot: slot))
    }
  }

  private static func fill(_ slot: Slot, _ value: Double, _ path: [any CodingKey]) throws {
    guard value.isFinite else {
      throw EncodingError.invalidValue(value, .init(codingPath: path, debugDescription: "\(value) is no JSON number"))
    }
    slot.value = .double(value)
  }
}

private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let codingPath: [any CodingKey]
  let slot: JSONValueEncoder.Slot

  private func member(_ key: any CodingKey) -> JSONValueEncoder.Slot {
    let member = JSONValueEncoder.Slot()
    slot.members.append((key.stringValue, member))
    return member
  }

  func encodeNil(forKey key: Key) { member(key).value = .null }
  func encode(_ value: some Encodable, forKey key: Key) throws {
    try JSONValueEncoder.fill(member(key), value, codingPath + [key])
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    JSONValueEncoder(codingPath: codingPath + [key], slot: member(key)).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    JSONValueEncoder(codingPath: codingPath + [key], slot: member(key)).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { JSONValueEncoder(codingPath: codingPath, slot: member(PlainKey("super"))) }
  func superEncoder(forKey key: Key) -> any Encoder {
    JSONValueEncoder(codingPath: codingPath + [key], slot: member(key))
  }
}

private struct Unkeyed: UnkeyedEncodingContainer {
  let codingPath: [any CodingKey]
  let slot: JSONValueEncoder.Slot
  var count: Int { slot.elements.count }

  private func element() -> JSONValueEncoder.Slot {
    let element = JSONValueEncoder.Slot()
    slot.elements.append(element)
    return element
  }

  func encodeNil() { element().value = .null }
  func encode(_ value: some Encodable) throws { try JSONValueEncoder.fill(element(), value, codingPath) }
  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    JSONValueEncoder(codingPath: codingPath, slot: element()).container(keyedBy: type)
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    JSONValueEncoder(codingPath: codingPath, slot: element()).unkeyedContainer()
  }
  func superEncoder() -> any Encoder { JSONValueEncoder(codingPath: codingPath, slot: element()) }
}

private struct Single: SingleValueEncodingContainer {
  let codingPath: [any CodingKey]
  let slot: JSONValueEncoder.Slot

  func encodeNil() { slot.value = .null }
  func encode(_ value: some Encodable) throws { try JSONValueEncoder.fill(slot, value, codingPath) }
}

struct PlainKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(_ name: String) {
    stringValue = name
    intValue = nil
  }
  init(stringValue: String) { self.init(stringValue) }
  init(intValue: Int) {
    stringValue = "\(intValue)"
    self.intValue = intValue
  }
}

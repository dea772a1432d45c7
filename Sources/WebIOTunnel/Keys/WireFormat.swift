/// The data types of SSH: numbers in big-endian order, strings with their length in front. See RFC 4251 section 5.
struct WireReader {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  mutating func byte() -> UInt8? { rest.popFirst() }

  mutating func uint32() -> UInt32? {
    guard rest.count >= 4 else { return nil }
    let value = rest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    rest.removeFirst(4)
    return value
  }

  mutating func string() -> [UInt8]? {
    let before = rest
    guard let length = uint32(), Int(length) <= rest.count else {
      rest = before
      return nil
    }
    let value = Array(rest.prefix(Int(length)))
    rest.removeFirst(Int(length))
    return value
  }
}

struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func byte(_ value: UInt8) { bytes.append(value) }

  mutating func uint32(_ value: UInt32) {
    for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  mutating func string(_ value: some Collection<UInt8>) {
    uint32(UInt32(value.count))
    bytes += value
  }
}

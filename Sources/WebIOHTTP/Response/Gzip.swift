import CZlib

/// Content coding `gzip`. RFC 9110 section 8.4.1.3, RFC 1952.
package enum Gzip {
  package static func compress(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8] {
    let deflater = Deflater(windowBits: 15 + 16, level: level)
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count / 3 + 64)
    bytes.withUnsafeBytes { deflater.append($0, flush: Z_FINISH, to: &result) }
    return result
  }

  /// For tests and clients; nil when it is no gzip or longer than `limit`.
  package static func expand(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
    if case .whole(let result) = Inflater(windowBits: 15 + 16).expand(bytes, limit: limit) { return result }
    return nil
  }

  /// What `Accept-Encoding` says of gzip: named or covered by `*`, with a weight above 0. RFC 9110 section 12.5.3.
  package static func isAccepted(by fields: HTTPFields) -> Bool {
    var named: Bool?
    var any = false
    for var value in fields.all("Accept-Encoding") {
      value.withUTF8 { value in
        ASCII.forEachElement(UnsafeRawBufferPointer(value)) { element in
          let semicolon = element.firstIndex(of: UInt8(ascii: ";")) ?? element.endIndex
          let coding = ASCII.trimmed(UnsafeRawBufferPointer(rebasing: element[..<semicolon]))
          let isWanted = isWanted(UnsafeRawBufferPointer(rebasing: element[semicolon...]))
          if ASCII.equalsIgnoringCase(coding, "gzip") || ASCII.equalsIgnoringCase(coding, "x-gzip") {
            named = isWanted
          } else if ASCII.equals(coding, "*") {
            any = isWanted
          }
        }
      }
    }
    return named ?? any
  }

  /// `;q=0`, `;q=0.0` and so on are a no; so is what cannot be read.
  private static func isWanted(_ parameters: UnsafeRawBufferPointer) -> Bool {
    let weight = parameters.filter { !ASCII.isBlank($0) && $0 != UInt8(ascii: ";") }
    guard !weight.isEmpty else { return true }
    guard weight.count > 2, ASCII.lower(weight[0]) == UInt8(ascii: "q"), weight[1] == UInt8(ascii: "=") else {
      return false
    }
    return weight[2...].contains { 0x31...0x39 ~= $0 }
  }
}

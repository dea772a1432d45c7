/// How far a build is: SwiftPM's lines `[12/48] Compiling App main.swift`.
package struct BuildProgress: Sendable, Equatable {
  package let step: Int
  package let total: Int
  /// `Compiling App main.swift`
  package let action: String

  /// Nil for any other line.
  package init?(_ line: String) {
    let bytes = Array(line.utf8)
    guard bytes.first == UInt8(ascii: "["), let slash = bytes.firstIndex(of: UInt8(ascii: "/")),
      let end = bytes.firstIndex(of: UInt8(ascii: "]")), slash < end,
      let step = Self.number(bytes[1..<slash]), let total = Self.number(bytes[(slash + 1)..<end])
    else { return nil }
    self.step = step
    self.total = total
    action = String(decoding: bytes[(end + 1)...].drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard !digits.isEmpty, digits.count < 7 else { return nil }
    return digits.reduce(Int?(0)) { value, digit in
      guard let value, digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
      return value * 10 + Int(digit - UInt8(ascii: "0"))
    }
  }
}

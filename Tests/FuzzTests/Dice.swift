/// Random numbers that are the same for the same seed on every machine: SplitMix64.
struct Dice: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  /// For the choices of a check, so that a saved input brings them along.
  init(of bytes: [UInt8]) {
    // FNV-1a.
    state = bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// From 0 to `limit` - 1; 0 when there is nothing to choose from.
  mutating func below(_ limit: Int) -> Int { limit > 1 ? Int(next() % UInt64(limit)) : 0 }

  /// True once in so many times.
  mutating func isOne(in count: Int) -> Bool { below(count) == 0 }

  mutating func element<Element>(of list: [Element]) -> Element { list[below(list.count)] }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}

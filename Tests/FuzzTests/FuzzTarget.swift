import Testing

/// A parser of the product: what it is fed with, and what has to hold of whatever it is fed.
struct FuzzTarget: Sendable, CustomTestStringConvertible {
  let name: String
  /// What inputs are made of at first.
  let seeds: [[UInt8]]
  let mutator: Mutator
  /// How many times fewer inputs the short run has: for what takes milliseconds without the optimiser.
  let weight: Int
  /// Makes well-formed inputs, where mutations of the seeds alone would not come far.
  let generate: (@Sendable (inout Dice) -> [UInt8])?
  /// Throws a ``Defect`` for what must not be. What it gives says what the parser made of the input: one with a new outcome is
  /// kept, and others are made of it.
  let check: @Sendable (FuzzInput) async throws -> String

  init(
    _ name: String, weight: Int = 1, seeds: [String] = [], bytes: [[UInt8]] = [], words: [String] = [],
    generate: (@Sendable (inout Dice) -> [UInt8])? = nil, check: @escaping @Sendable (FuzzInput) async throws -> String
  ) {
    self.name = name
    self.seeds = seeds.map { Array($0.utf8) } + bytes
    mutator = Mutator(words)
    self.weight = weight
    self.generate = generate
    self.check = check
  }

  var testDescription: String { name }

  static let all: [FuzzTarget] = http + webSocket + json + files + app + tunnel + dev + command
}

/// What must not be, in a sentence.
struct Defect: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

func require(_ condition: Bool, _ sentence: @autoclosure () -> String) throws {
  if !condition { throw Defect(sentence()) }
}

/// One input, and the choices that go with it.
struct FuzzInput: Sendable {
  let bytes: [UInt8]
  var dice: Dice

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    dice = Dice(of: bytes)
  }

  /// What is not UTF-8 becomes U+FFFD.
  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The input at once, byte by byte, and cut at random places: the same must come of all of them.
  var cuts: [[ArraySlice<UInt8>]] {
    var dice = dice
    var cuts = [[bytes[...]]]
    for count in [1, 3] {
      let ends = (0..<count).map { _ in dice.below(bytes.count + 1) }.sorted() + [bytes.count]
      cuts.append(zip([0] + ends, ends).map { bytes[$0..<$1] })
    }
    if bytes.count <= 512 { cuts.append(bytes.indices.map { bytes[$0...$0] }) }
    return cuts
  }

  /// Runs a parser over each of the cuts, and gives what came of all of them.
  func sameForAllCuts(_ parse: ([ArraySlice<UInt8>]) throws -> String) throws -> String {
    let cuts = cuts
    let whole = try parse(cuts[0])
    for cut in cuts.dropFirst() {
      let parts = try parse(cut)
      try require(
        parts == whole, "cut into \(cut.prefix(8).map(\.count)) it is \(parts.prefix(400)), whole \(whole.prefix(400))")
    }
    return whole
  }
}

extension Collection<UInt8> {
  /// Of a copy: a parser that looks outside of it is seen by the address sanitizer.
  func withCopiedBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: self)
    return try body(UnsafeRawBufferPointer(copy))
  }
}

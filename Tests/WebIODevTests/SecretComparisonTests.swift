import Testing

@testable import WebIODev

/// The comparison of passwords and tokens: it must not stop where they begin to differ.
@Suite struct SecretComparisonTests {
  private final class Count { var reads = 0 }

  /// Bytes that count how often they are looked at.
  private struct Watched: RandomAccessCollection {
    let bytes: [UInt8]
    let counter = Count()
    init(_ text: String) { bytes = Array(text.utf8) }
    var startIndex: Int { 0 }
    var endIndex: Int { bytes.count }
    subscript(index: Int) -> UInt8 {
      counter.reads += 1
      return bytes[index]
    }
    var reads: Int { counter.reads }
  }

  private static func reads(_ guess: String, _ secret: String) -> (isEqual: Bool, given: Int, secret: Int) {
    let (guess, secret) = (Watched(guess), Watched(secret))
    let isEqual = isEqualInConstantTime(guess, secret)
    return (isEqual, guess.reads, secret.reads)
  }

  @Test func everyByteIsLookedAtWhereverTheyDiffer() {
    let secret = "ada:correct horse"
    let right = Self.reads(secret, secret)
    #expect(right.isEqual && right.given == secret.utf8.count && right.secret == secret.utf8.count)
    for place in secret.utf8.indices {
      var bytes = Array(secret.utf8)
      bytes[secret.utf8.distance(from: secret.utf8.startIndex, to: place)] ^= 1
      let wrong = Self.reads(String(decoding: bytes, as: UTF8.self), secret)
      #expect(!wrong.isEqual && wrong.given == right.given && wrong.secret == right.secret)
    }
  }

  /// How long the secret is shows no more than how much of it is right.
  @Test func theLengthOfTheSecretMakesNoDifference() {
    for secret in ["", "a", "ada:x", "ada:a much longer password than the guess"] {
      let guess = "ada:guess"
      let seen = Self.reads(guess, secret)
      #expect(!seen.isEqual && seen.given == 9 && seen.secret == (secret.isEmpty ? 0 : 9))
    }
    #expect(isEqualInConstantTime("", "") && !isEqualInConstantTime("", "x") && !isEqualInConstantTime("x", ""))
    #expect(!isEqualInConstantTime("abab", "ab") && !isEqualInConstantTime("ab", "abab"))
  }
}

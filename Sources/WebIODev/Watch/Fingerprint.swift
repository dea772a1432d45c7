import Glibc
import WebIOPosix

/// What a file held when it was last looked at: equal fingerprints mean equal contents.
struct Fingerprint: Equatable {
  /// Above it a file's times stand for its contents: nobody edits 8 MiB of source.
  private static let limit = 8 << 20

  let size: Int
  private let hash: UInt64

  /// Nil when there is no such file, or no plain one.
  init?(_ path: String) {
    guard let status = Files.status(path), status.st_mode & S_IFMT == S_IFREG else { return nil }
    guard status.st_size <= Self.limit, let bytes = try? Files.read(path) else {
      size = Int(status.st_size)
      hash = UInt64(bitPattern: Int64(status.st_mtim.tv_sec &* 1_000_000_000 &+ status.st_mtim.tv_nsec))
      return
    }
    size = bytes.count
    hash = ContentHash.of(bytes)
  }
}

/// A 64-bit hash to tell contents apart, not to keep secrets: FNV-1a over words, with a final mix.
package enum ContentHash {
  package static func of(_ bytes: [UInt8], seed: UInt64 = 0xcbf2_9ce4_8422_2325) -> UInt64 {
    bytes.withUnsafeBytes { bytes in
      var hash = seed ^ UInt64(bytes.count)
      var position = 0
      while position + 8 <= bytes.count {
        hash = mix(hash ^ bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        position += 8
      }
      while position < bytes.count {
        hash = mix(hash ^ UInt64(bytes[position]))
        position += 1
      }
      return hash
    }
  }

  package static func of(_ text: String, seed: UInt64 = 0) -> UInt64 { of(Array(text.utf8), seed: seed) }

  /// Sixteen hexadecimal digits: for file names.
  package static func name(_ hash: UInt64) -> String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var value = value &* 0x9e37_79b9_7f4a_7c15
    value ^= value >> 32
    return value &* 0x0000_0100_0000_01b3
  }
}

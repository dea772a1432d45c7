import CZlib

/// A running compression. `windowBits` as zlib has it: negative for no header, above 16 for gzip. See zlib.h.
final class Deflater {
  private let stream: UnsafeMutablePointer<z_stream>
  private let scratch = UnsafeMutablePointer<UInt8>.allocate(capacity: 16 << 10)

  init(windowBits: Int32, level: Int32 = 1) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let code = webio_deflate_init(stream, level, windowBits, 8)
    precondition(code == Z_OK, "deflateInit2: \(code)")
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
    scratch.deallocate()
  }

  func reset() { deflateReset(stream) }

  /// `flush`: `Z_NO_FLUSH`, `Z_SYNC_FLUSH` or `Z_FINISH`.
  func append(_ bytes: UnsafeRawBufferPointer, flush: Int32, to result: inout [UInt8]) {
    var rest = bytes
    repeat {
      let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
      rest = UnsafeRawBufferPointer(rebasing: rest[piece.count...])
      stream.pointee.next_in = UnsafeMutablePointer(mutating: piece.bindMemory(to: UInt8.self).baseAddress)
      stream.pointee.avail_in = UInt32(piece.count)
      repeat {
        stream.pointee.next_out = scratch
        stream.pointee.avail_out = 16 << 10
        deflate(stream, rest.isEmpty ? flush : Z_NO_FLUSH)
        let count = 16 << 10 - Int(stream.pointee.avail_out)
        result.append(contentsOf: UnsafeBufferPointer(start: scratch, count: count))
      } while stream.pointee.avail_out == 0
    } while !rest.isEmpty
  }
}

/// A running expansion.
final class Inflater {
  enum Result {
    case whole([UInt8])
    case tooLong
    case broken
  }

  private let stream: UnsafeMutablePointer<z_stream>
  private let scratch = UnsafeMutablePointer<UInt8>.allocate(capacity: 16 << 10)

  init(windowBits: Int32) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let code = webio_inflate_init(stream, windowBits)
    precondition(code == Z_OK, "inflateInit2: \(code)")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    scratch.deallocate()
  }

  func reset() { inflateReset(stream) }

  /// The limit holds within the loop: at no time is there more than 16 KiB above it.
  func expand(_ bytes: [UInt8], limit: Int) -> Result {
    guard bytes.count < 1 << 30 else { return .tooLong }
    var result: [UInt8] = []
    return bytes.withUnsafeBufferPointer { input in
      stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      stream.pointee.avail_in = UInt32(input.count)
      repeat {
        stream.pointee.next_out = scratch
        stream.pointee.avail_out = 16 << 10
        let code = inflate(stream, Z_SYNC_FLUSH)
        guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else { return .broken }
        let count = 16 << 10 - Int(stream.pointee.avail_out)
        guard result.count + count <= limit else { return .tooLong }
        result.append(contentsOf: UnsafeBufferPointer(start: scratch, count: count))
        // A final block ends the compression and not the message.
        if code == Z_STREAM_END { inflateReset(stream) }
        if code == Z_BUF_ERROR, stream.pointee.avail_out > 0 { break }
      } while stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0
      return .whole(result)
    }
  }
}

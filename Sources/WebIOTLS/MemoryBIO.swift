import COpenSSL

/// Bytes in memory as OpenSSL reads and writes them. See BIO_s_mem(3).
struct MemoryBIO: ~Copyable {
  let bio: OpaquePointer?

  init(_ bytes: [UInt8] = []) {
    bio = BIO_new(BIO_s_mem())
    if !bytes.isEmpty { BIO_write(bio, bytes, Int32(bytes.count)) }
  }

  deinit { BIO_free(bio) }

  /// What was written and not read.
  var written: [UInt8] {
    var start: UnsafeMutablePointer<CChar>?
    let count = webio_bio_bytes(bio, &start)
    guard count > 0, let start else { return [] }
    return UnsafeRawBufferPointer(start: start, count: count).map { $0 }
  }
}

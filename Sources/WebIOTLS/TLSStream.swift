import COpenSSL
import WebIOPosix

/// The server's end of TLS over another stream. RFC 8446, RFC 5246.
///
/// OpenSSL reads from and writes to memory, so that it never waits for a socket: what it has to say goes to the stream
/// below, which buffers it.
@EventLoop
final class TLSStream: ByteStream, ByteStreamDelegate {
  var delegate: (any ByteStreamDelegate)?
  var origin: StreamOrigin { lower.origin }
  var peerAddress: String { lower.peerAddress }
  var peerPort: UInt16 { lower.peerPort }
  var bufferedBytes: Int { lower.bufferedBytes + early.count }

  private let lower: any ByteStream
  private let connection: OpaquePointer?
  /// What arrives, and what is to be sent. They belong to the connection.
  private let incoming = BIO_new(BIO_s_mem())
  private let outgoing = BIO_new(BIO_s_mem())
  /// OpenSSL asks them for the certificate of the name that the client wants.
  private let certificates: TLSCertificates
  /// Written before the handshake is done.
  private var early: [UInt8] = []
  private var isReading = false
  private var isEstablished = false
  private var sawEnd = false
  private var isClosing = false
  private var isScheduled = false

  init(_ lower: any ByteStream, _ certificates: TLSCertificates) {
    self.lower = lower
    self.certificates = certificates
    connection = SSL_new(certificates.primary.pointer)
    SSL_set_bio(connection, incoming, outgoing)
    SSL_set_accept_state(connection)
    lower.delegate = self
    lower.setReading(true)
  }

  isolated deinit { SSL_free(connection) }

  func write(_ bytes: UnsafeRawBufferPointer) {
    guard !isClosing, !bytes.isEmpty else { return }
    guard isEstablished else { return early.append(contentsOf: bytes) }
    encrypt(bytes)
    flush()
  }

  func setReading(_ enabled: Bool) {
    isReading = enabled
    lower.setReading(enabled || !isEstablished)
    // What is decrypted already does not wake the stream below.
    guard enabled, isEstablished, !isScheduled else { return }
    isScheduled = true
    EventLoop.run { [self] in
      isScheduled = false
      decrypt()
    }
  }

  func closeWriting() {
    sayGoodbye()
    lower.closeWriting()
  }

  func close() {
    sayGoodbye()
    lower.close()
  }

  func abort() { lower.abort() }

  private func sayGoodbye() {
    guard isEstablished, !isClosing else { return }
    isClosing = true
    SSL_shutdown(connection)
    ERR_clear_error()
    flush()
  }

  // MARK: The stream below

  func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, BIO_write(incoming, base, Int32(bytes.count)) == Int32(bytes.count) else {
      return lower.abort()
    }
    if !isEstablished { handshake() }
    if isEstablished { decrypt() }
  }

  func streamDidEnd(_ stream: any ByteStream) {
    guard isEstablished else { return lower.abort() }
    ended()
  }

  func streamDidDrain(_ stream: any ByteStream) { delegate?.streamDidDrain(self) }

  func streamDidClose(_ stream: any ByteStream, error: SystemError?) {
    let last = delegate
    delegate = nil
    last?.streamDidClose(self, error: error)
  }

  // MARK: OpenSSL

  private func handshake() {
    ERR_clear_error()
    let result = SSL_do_handshake(connection)
    let reason = SSL_get_error(connection, result)
    flush()
    if result == 1 {
      isEstablished = true
      let waiting = early
      early = []
      if !waiting.isEmpty { write(waiting) }
      lower.setReading(isReading)
    } else if reason != SSL_ERROR_WANT_READ {
      // The alert that says why is on its way.
      lower.close()
    }
  }

  private func encrypt(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes
    while !rest.isEmpty {
      ERR_clear_error()
      let count = SSL_write(connection, rest.baseAddress, Int32(min(rest.count, 1 << 20)))
      guard count > 0 else { return lower.abort() }
      rest = UnsafeRawBufferPointer(rebasing: rest[Int(count)...])
    }
  }

  private func decrypt() {
    withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 16) { buffer in
      while isReading, !sawEnd {
        ERR_clear_error()
        let count = SSL_read(connection, buffer.baseAddress, Int32(buffer.count))
        if count > 0 {
          delegate?.stream(self, didReceive: UnsafeRawBufferPointer(rebasing: buffer[..<Int(count)]))
          continue
        }
        switch SSL_get_error(connection, count) {
        case SSL_ERROR_WANT_READ: break
        case SSL_ERROR_ZERO_RETURN: ended()
        default: lower.abort()
        }
        break
      }
    }
    flush()
  }

  private func ended() {
    guard !sawEnd else { return }
    sawEnd = true
    delegate?.streamDidEnd(self)
  }

  private func flush() {
    withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 16) { buffer in
      while case let count = BIO_read(outgoing, buffer.baseAddress, Int32(buffer.count)), count > 0 {
        lower.write(UnsafeRawBufferPointer(rebasing: buffer[..<Int(count)]))
      }
    }
  }
}

import Glibc
import Testing
import WebIOPosix

/// Serves each visitor with one of the behaviours that the tests need.
@EventLoop
final class Service: ByteStreamDelegate {
  enum Behaviour {
    /// Sends back what comes in, and ends when the visitor ends.
    case echo
    /// Says how many bytes came in and their checksum, when the visitor has ended its direction.
    case count
    /// Sends so many bytes of the pattern, then closes.
    case send(Int)
    /// Sends so many bytes to who says `s`, and echoes everybody else.
    case choose(Int)
  }

  private let behaviour: Behaviour
  private(set) var visitors = 0
  private(set) var origins: [StreamOrigin] = []
  private var counts: [ObjectIdentifier: (bytes: Int, sum: Checksum)] = [:]
  private var left: [ObjectIdentifier: (sent: Int, total: Int)] = [:]
  private(set) var open = 0

  init(_ behaviour: Behaviour) { self.behaviour = behaviour }

  func serve(_ stream: any ByteStream) {
    visitors += 1
    open += 1
    origins.append(stream.origin)
    stream.delegate = self
    switch behaviour {
    case .echo, .count, .choose: stream.setReading(true)
    case .send(let total):
      left[ObjectIdentifier(stream)] = (0, total)
      stream.setReading(true)
      send(stream)
    }
  }

  private func send(_ stream: any ByteStream) {
    guard let (begun, total) = left[ObjectIdentifier(stream)] else { return }
    var sent = begun
    while sent < total, stream.bufferedBytes <= highWaterMark {
      let count = min(64 * 1024, total - sent)
      stream.write(Checksum.pattern(from: sent, count: count))
      sent += count
    }
    left[ObjectIdentifier(stream)] = (sent, total)
    if sent == total {
      left[ObjectIdentifier(stream)] = nil
      stream.close()
    }
  }

  func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
    switch behaviour {
    case .choose(let total) where bytes.first == UInt8(ascii: "s"):
      left[ObjectIdentifier(stream)] = (0, total)
      send(stream)
    case .echo, .choose:
      stream.write(bytes)
      if stream.bufferedBytes > highWaterMark { stream.setReading(false) }
    case .count:
      counts[ObjectIdentifier(stream), default: (0, Checksum())].bytes += bytes.count
      counts[ObjectIdentifier(stream)]?.sum.add(bytes)
    case .send: break
    }
  }

  func streamDidEnd(_ stream: any ByteStream) {
    switch behaviour {
    case .echo, .choose: stream.close()
    case .count:
      let (bytes, sum) = counts[ObjectIdentifier(stream)] ?? (0, Checksum())
      stream.write(Array("\(bytes) \(sum.value)".utf8))
      stream.close()
    case .send: break
    }
  }

  func streamDidDrain(_ stream: any ByteStream) {
    stream.setReading(true)
    send(stream)
  }

  func streamDidClose(_ stream: any ByteStream, error: SystemError?) {
    open -= 1
    counts[ObjectIdentifier(stream)] = nil
    left[ObjectIdentifier(stream)] = nil
  }
}

/// FNV-1a over 64 bits: order matters, and a debug build computes it quickly enough.
struct Checksum: Equatable {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    var value = value
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    self.value = value
  }

  /// Bytes that differ from place to place, so that a lost or doubled packet shows.
  static func pattern(from start: Int, count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      for index in 0..<count {
        let place = UInt64(start + index)
        buffer[index] = UInt8(truncatingIfNeeded: place ^ (place >> 8) &* 31 ^ (place >> 16) &* 17)
      }
      filled = count
    }
  }
}

/// A visitor who connects to the public port, sends, ends its direction and reads until the end.
@EventLoop
final class Visitor: ByteStreamDelegate {
  private var received: [UInt8] = []
  private var count = 0
  private var sum = Checksum()
  private var keeps: Bool
  private var done: CheckedContinuation<Void, Never>?
  private var outgoing: (sent: Int, total: Int)?
  private var refused: SystemError?

  private init(keeps: Bool) { self.keeps = keeps }

  static func connect(port: UInt16) async throws -> SocketStream {
    let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: port))
    return try await withCheckedThrowingContinuation { continuation in
      Connector.connect(to: address) { continuation.resume(with: $0) }
    }
  }

  /// Sends `bytes`, ends its direction, and returns all that came back.
  static func exchange(port: UInt16, _ bytes: [UInt8]) async throws -> [UInt8] {
    try await Visitor(keeps: true).visit(port) { _, stream in
      stream.write(bytes)
      stream.closeWriting()
    }.received
  }

  /// Sends so many bytes of the pattern and returns the answer.
  static func upload(port: UInt16, count: Int) async throws -> [UInt8] {
    try await Visitor(keeps: true).visit(port) { visitor, stream in
      visitor.outgoing = (0, count)
      visitor.send(stream)
    }.received
  }

  /// Reads to the end and returns the number of bytes and their checksum.
  static func download(port: UInt16) async throws -> (count: Int, sum: Checksum) {
    let visitor = try await Visitor(keeps: false).visit(port) { _, _ in }
    return (visitor.count, visitor.sum)
  }

  /// The delegate is set in the turn that connects: a stream that fails before it has one fails unseen.
  private func visit(_ port: UInt16, _ begin: @escaping @EventLoop (Visitor, SocketStream) -> Void) async throws
    -> Visitor
  {
    let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: port))
    await withCheckedContinuation { continuation in
      done = continuation
      Connector.connect(to: address) { [self] result in
        switch result {
        case .success(let stream):
          stream.delegate = self
          stream.setReading(true)
          begin(self, stream)
        case .failure(let error):
          refused = error
          done?.resume()
          done = nil
        }
      }
    }
    if let refused { throw refused }
    return self
  }

  private func send(_ stream: any ByteStream) {
    guard let (begun, total) = outgoing else { return }
    var sent = begun
    while sent < total, stream.bufferedBytes <= highWaterMark {
      let size = min(64 * 1024, total - sent)
      stream.write(Checksum.pattern(from: sent, count: size))
      sent += size
    }
    outgoing = sent == total ? nil : (sent, total)
    if sent == total { stream.closeWriting() }
  }

  func stream(_ stream: any ByteStream, didReceive bytes: UnsafeRawBufferPointer) {
    count += bytes.count
    if keeps { received += bytes } else { sum.add(bytes) }
  }
  func streamDidEnd(_ stream: any ByteStream) { stream.close() }
  func streamDidDrain(_ stream: any ByteStream) { send(stream) }
  func streamDidClose(_ stream: any ByteStream, error: SystemError?) {
    done?.resume()
    done = nil
  }
}

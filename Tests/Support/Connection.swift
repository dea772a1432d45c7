import Foundation
import Glibc

/// A TCP connection with a deadline on each step: a client that shares no code with what it tests.
public final class Connection {
  private let descriptor: Int32
  private var buffer: [UInt8] = []

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  public init(port: UInt16, host: String = "127.0.0.1", within limit: Duration = .seconds(60)) throws {
    let isSix = host.contains(":")
    let descriptor = socket(isSix ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var four = sockaddr_in()
    four.sin_family = sa_family_t(AF_INET)
    four.sin_port = port.bigEndian
    inet_pton(AF_INET, host, &four.sin_addr)
    var six = sockaddr_in6()
    six.sin6_family = sa_family_t(AF_INET6)
    six.sin6_port = port.bigEndian
    inet_pton(AF_INET6, host, &six.sin6_addr)
    func call(_ pointer: UnsafeRawPointer, _ size: Int) -> Int32 {
      connect(descriptor, pointer.assumingMemoryBound(to: sockaddr.self), socklen_t(size))
    }
    let code = isSix ? call(&six, MemoryLayout<sockaddr_in6>.size) : call(&four, MemoryLayout<sockaddr_in>.size)
    guard code == 0 else {
      let reason = String(cString: strerror(errno))
      Glibc.close(descriptor)
      throw Failure(description: "connect to \(host):\(port): \(reason)")
    }
    self.descriptor = descriptor
  }

  deinit { Glibc.close(descriptor) }

  /// Ends both directions now.
  public func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  public func write(_ bytes: [UInt8]) throws {
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure(description: "send: \(String(cString: strerror(errno)))") }
      done += count
    }
  }

  public func write(_ text: String) throws { try write(Array(text.utf8)) }

  /// Reads more; false at the end of the stream.
  private func fill(_ deadline: Deadline) throws -> Bool {
    var readiness = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let milliseconds = Int32(clamping: deadline.left / .milliseconds(1) > 1 ? Int(deadline.left / .milliseconds(1)) : 1)
    guard poll(&readiness, 1, milliseconds) > 0 else {
      throw Failure(description: "nothing came within \(deadline.limit) after \(text(buffer))")
    }
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &chunk, chunk.count, 0)
    guard count >= 0 else { throw Failure(description: "recv: \(String(cString: strerror(errno)))") }
    buffer += chunk[..<count]
    return count > 0
  }

  public func read(count: Int, _ deadline: Deadline) throws -> [UInt8] {
    while buffer.count < count {
      guard try fill(deadline) else { throw Failure(description: "the stream ended early after \(text(buffer))") }
    }
    defer { buffer.removeFirst(count) }
    return Array(buffer[..<count])
  }

  public func read(until mark: [UInt8], _ deadline: Deadline) throws -> [UInt8] {
    while true {
      if let range = buffer.firstRange(of: mark) {
        defer { buffer.removeFirst(range.upperBound) }
        return Array(buffer[..<range.lowerBound])
      }
      guard try fill(deadline) else { throw Failure(description: "the stream ended early after \(text(buffer))") }
    }
  }

  public func readToEnd(_ deadline: Deadline) throws -> [UInt8] {
    while try fill(deadline) {}
    defer { buffer = [] }
    return buffer
  }

  private func text(_ bytes: [UInt8]) -> String { "\"\(String(decoding: bytes.suffix(200), as: UTF8.self))\"" }
}

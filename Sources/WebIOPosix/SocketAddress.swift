import CWebIOLinux
import Glibc

/// An address a socket can listen on or connect to: IPv4, IPv6 or a unix path. See ip(7), ipv6(7), unix(7).
package struct SocketAddress: Sendable, CustomStringConvertible {
  private var storage: sockaddr_storage
  private var length: socklen_t

  package init(storage: sockaddr_storage, length: socklen_t) {
    self.storage = storage
    self.length = length
  }

  /// From a numeric address: `127.0.0.1`, `::1`, and `""` for all of IPv4 and IPv6. Nil for a name.
  package init?(numericHost host: String, port: UInt16) {
    storage = sockaddr_storage()
    var v4 = sockaddr_in()
    var v6 = sockaddr_in6()
    if inet_pton(AF_INET, host, &v4.sin_addr) == 1 {
      v4.sin_family = sa_family_t(AF_INET)
      v4.sin_port = port.bigEndian
      length = socklen_t(MemoryLayout<sockaddr_in>.size)
      withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: withUnsafeBytes(of: v4) { Array($0) }) }
    } else if host.isEmpty || inet_pton(AF_INET6, host, &v6.sin6_addr) == 1 {
      v6.sin6_family = sa_family_t(AF_INET6)
      v6.sin6_port = port.bigEndian
      length = socklen_t(MemoryLayout<sockaddr_in6>.size)
      withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: withUnsafeBytes(of: v6) { Array($0) }) }
    } else {
      return nil
    }
  }

  /// A unix socket's path, of at most 107 bytes.
  package init(unixPath path: String) throws {
    storage = sockaddr_storage()
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
      throw SystemError("socket path \(path)", code: ENAMETOOLONG)
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    length = socklen_t(MemoryLayout<sockaddr_un>.size)
    withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: withUnsafeBytes(of: address) { Array($0) }) }
  }

  package var family: Int32 { Int32(storage.ss_family) }
  package var isUnix: Bool { family == AF_UNIX }

  package func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result) rethrows -> Result {
    try withUnsafePointer(to: storage) {
      try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { try body($0, length) }
    }
  }

  /// Nil for other kinds, and for a socket without a name.
  package var unixPath: String? {
    let start = MemoryLayout<sa_family_t>.size
    guard isUnix, Int(length) > start else { return nil }
    let path = withUnsafeBytes(of: storage) { Array($0[start..<min(Int(length), $0.count)].prefix { $0 != 0 }) }
    return path.isEmpty ? nil : String(decoding: path, as: UTF8.self)
  }

  /// The port in host order, 0 for a unix socket.
  package var port: UInt16 {
    withUnsafeBytes(of: storage) { bytes in
      isUnix ? 0 : UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    }
  }

  /// The host in numbers; an IPv4 address that came in by an IPv6 socket is written as IPv4.
  package var host: String {
    if isUnix { return "" }
    let bytes = bytes
    if bytes.count == 4 { return Self.text(bytes[...]) }
    if bytes.count == 16, bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xff, bytes[11] == 0xff {
      return Self.text(bytes[12...])
    }
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let code = withSockaddr { getnameinfo($0, $1, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) }
    guard code == 0 else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Of IPv4, which most connections have: getnameinfo(3) takes longer than accepting one.
  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    bytes.map { String($0) }.joined(separator: ".")
  }

  /// The 4 or 16 bytes of an internet address, in network order; none for a unix socket.
  package var bytes: [UInt8] {
    withUnsafeBytes(of: storage) { storage in
      switch family {
      case AF_INET: Array(storage[4..<8])
      case AF_INET6: Array(storage[8..<24])
      default: []
      }
    }
  }

  package var isLoopback: Bool {
    let host = host
    return host == "::1" || host.hasPrefix("127.")
  }

  package var description: String {
    if isUnix { return unixPath.map { "unix socket \($0)" } ?? "unix socket" }
    return family == AF_INET6 && host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  /// The local address of a bound socket.
  package static func local(of descriptor: Int32) throws -> SocketAddress {
    try named("getsockname") { getsockname(descriptor, $0, $1) }
  }

  /// The other end of a connected one.
  package static func peer(of descriptor: Int32) throws -> SocketAddress {
    try named("getpeername") { getpeername(descriptor, $0, $1) }
  }

  /// The address from which this machine would send to `other`; nil where there is no route. Nothing is sent.
  package static func source(toward other: SocketAddress) -> SocketAddress? {
    let descriptor = socket(other.family, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard other.withSockaddr({ connect(descriptor, $0, $1) }) == 0 else { return nil }
    return try? local(of: descriptor)
  }

  private static func named(
    _ call: String, _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) throws -> SocketAddress {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
    }
    guard code == 0 else { throw SystemError(call) }
    return SocketAddress(storage: storage, length: length)
  }
}

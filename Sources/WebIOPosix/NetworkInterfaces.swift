import Glibc

/// An address under which other machines may reach this one.
package struct NetworkAddress: Sendable, Equatable {
  /// `eth0`.
  package let interface: String
  /// Numeric; IPv6 in brackets, as URLs have it.
  package let host: String

  /// Of all interfaces that are up: IPv4 first; no loopback, and no link-local IPv6, which needs a zone that URLs cannot
  /// carry. See getifaddrs(3).
  package static var all: [NetworkAddress] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return [] }
    defer { freeifaddrs(first) }
    var four: [NetworkAddress] = []
    var six: [NetworkAddress] = []
    var next = first
    while let entry = next?.pointee {
      next = entry.ifa_next
      let isUp = entry.ifa_flags & UInt32(IFF_UP) != 0
      guard isUp, entry.ifa_flags & UInt32(IFF_LOOPBACK) == 0, let address = entry.ifa_addr else { continue }
      let name = String(cString: entry.ifa_name)
      switch Int32(address.pointee.sa_family) {
      case AF_INET:
        if let host = numericHost(address, MemoryLayout<sockaddr_in>.size) {
          four.append(NetworkAddress(interface: name, host: host))
        }
      case AF_INET6:
        if let host = numericHost(address, MemoryLayout<sockaddr_in6>.size), !host.hasPrefix("fe80:") {
          six.append(NetworkAddress(interface: name, host: "[\(host)]"))
        }
      default: continue
      }
    }
    return four + six
  }

  /// Whether the address is one of this machine's, whatever the state of its interface.
  package static func isAssigned(_ address: SocketAddress) -> Bool {
    var first: UnsafeMutablePointer<ifaddrs>?
    // In doubt it is.
    guard !address.isUnix, getifaddrs(&first) == 0 else { return true }
    defer { freeifaddrs(first) }
    var next = first
    while let entry = next?.pointee {
      next = entry.ifa_next
      guard let pointer = entry.ifa_addr else { continue }
      let isSixth = Int32(pointer.pointee.sa_family) == AF_INET6
      guard isSixth || Int32(pointer.pointee.sa_family) == AF_INET else { continue }
      let length = isSixth ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
      var storage = sockaddr_storage()
      memcpy(&storage, pointer, length)
      if SocketAddress(storage: storage, length: socklen_t(length)).host == address.host { return true }
    }
    // All of 127.0.0.0/8 is this machine, with one address of it assigned.
    return address.isLoopback
  }

  private static func numericHost(_ address: UnsafeMutablePointer<sockaddr>, _ length: Int) -> String? {
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    guard getnameinfo(address, socklen_t(length), &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0 else {
      return nil
    }
    return String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

import Glibc
import WebIOHTTP
import WebIOPosix

/// This machine's name, as its users type it.
enum LocalHost {
  /// Empty when it has none that a certificate could carry. See gethostname(2).
  static var name: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, 255) == 0 else { return "" }
    let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return isName(name) ? name : ""
  }

  /// The addresses of its interfaces that are up. See getifaddrs(3).
  static var addresses: [String] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return [] }
    defer { freeifaddrs(first) }
    var addresses: [String] = []
    var next = first
    while let entry = next?.pointee {
      next = entry.ifa_next
      guard let address = entry.ifa_addr, [AF_INET, AF_INET6].contains(Int32(address.pointee.sa_family)) else { continue }
      let size = Int32(address.pointee.sa_family) == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      guard getnameinfo(address, socklen_t(size), &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else { continue }
      // A link-local address carries its interface behind a percent sign, which belongs into no certificate.
      let name = text.prefix { $0 != 0 && $0 != 0x25 }.map { UInt8(bitPattern: $0) }
      addresses.append(String(decoding: name, as: UTF8.self))
    }
    return addresses
  }

  /// Letters, digits, hyphens and dots: nothing that means something to the extension's syntax.
  static func isName(_ host: String) -> Bool {
    let bytes = host.utf8
    return (1...253).contains(bytes.count) && bytes.first != UInt8(ascii: ".") && bytes.first != UInt8(ascii: "-")
      && bytes.allSatisfy {
        ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
      }
  }
}

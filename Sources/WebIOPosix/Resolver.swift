import CWebIOLinux
import Glibc

/// A name that could not be turned into an address.
package struct ResolutionError: Error, CustomStringConvertible {
  package let host: String
  package let reason: String
  package var description: String { "cannot resolve \(host): \(reason)" }
}

/// getaddrinfo(3), which blocks, on a thread of its own.
package enum Resolver {
  package static func resolve(
    host: String, port: UInt16,
    _ completion: @escaping @EventLoop @Sendable (Result<[SocketAddress], ResolutionError>) -> Void
  ) {
    if let address = SocketAddress(numericHost: host, port: port), !host.isEmpty {
      EventLoop.run { completion(.success([address])) }
      return
    }
    Thread.start(name: "webio-resolver") {
      let result = resolveBlocking(host: host, port: port)
      EventLoop.run { completion(result) }
    }
  }

  private static func resolveBlocking(host: String, port: UInt16) -> Result<[SocketAddress], ResolutionError> {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &list)
    guard code == 0 else {
      return .failure(ResolutionError(host: host, reason: String(cString: gai_strerror(code))))
    }
    defer { freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var next = list
    while let info = next?.pointee {
      var storage = sockaddr_storage()
      withUnsafeMutableBytes(of: &storage) {
        $0.copyMemory(from: UnsafeRawBufferPointer(start: info.ai_addr, count: Int(info.ai_addrlen)))
      }
      addresses.append(SocketAddress(storage: storage, length: info.ai_addrlen))
      next = info.ai_next
    }
    return .success(addresses)
  }
}

import Glibc
import WebIOPosix

/// Where a server listens: `localhost`, a numeric address, `""` for every network, or `unix:` and a path.
package enum ListenAddress {
  /// `localhost` is two addresses. Throws ``ListenError`` for what is none.
  package static func all(host: String, port: Int) throws -> [SocketAddress] {
    guard let number = UInt16(exactly: port) else {
      throw ListenError(description: "\(port) is no port. Ports go from 0 to 65535.")
    }
    if host == "localhost" { return ["127.0.0.1", "::1"].compactMap { SocketAddress(numericHost: $0, port: number) } }
    if let path = unixPath(host) { return [try SocketAddress(unixPath: path)] }
    guard let address = SocketAddress(numericHost: host, port: number) else {
      throw ListenError(
        description: "\"\(host)\" is no address to listen on. Use \"localhost\", \"0.0.0.0\", an address of this machine, "
          + "or \"unix:\" and a path.")
    }
    return [address]
  }

  package static func unixPath(_ host: String) -> String? {
    host.hasPrefix("unix:") && host.utf8.count > 5 ? String(host.dropFirst(5)) : nil
  }
}

/// A server that cannot listen: what it wanted, and who has it.
public struct ListenError: Error, CustomStringConvertible, CustomDebugStringConvertible {
  public let description: String
  public var debugDescription: String { UncaughtError.text(description, exitCode: isTaken ? 3 : 1) }
  private var isTaken = false

  init(description: String) { self.description = description }

  /// Tells the holder of a port that is taken.
  init(_ error: SystemError, _ address: SocketAddress) {
    switch error.code {
    case EADDRINUSE:
      isTaken = true
      let holder = address.isUnix ? nil : PortHolder(port: address.port)
      let by = holder.map { " by \($0)" } ?? ""
      let advice = address.isUnix ? "Stop it, or take another path." : "Stop it, or take another port; 0 is any free one."
      description = "\(address) is taken\(by). \(advice)"
    case EACCES where !address.isUnix:
      description = "\(error.description). Ports below 1024 are root's on most machines; take another one."
    default: description = error.description
    }
  }
}

extension HTTPServer {
  /// Listens on the first of them and, where the machine has it, on the others with the same port, which is returned.
  package func listen(on addresses: [SocketAddress]) throws -> UInt16 {
    var port: UInt16 = 0
    for (index, address) in addresses.enumerated() {
      let wanted = index == 0 ? address : SocketAddress(numericHost: address.host, port: port) ?? address
      do {
        port = try listen(on: wanted).port
      } catch let error as SystemError {
        // A machine may be without IPv6.
        if index == 0 || error.code == EADDRINUSE && addresses[0].port != 0 { throw ListenError(error, wanted) }
      }
    }
    return port
  }
}

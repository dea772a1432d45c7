import Glibc
import WebIOPosix

/// Binds the developer's port, on both kinds of loopback.
struct PortPicker {
  /// Listening descriptors on one port.
  struct Binding {
    let port: UInt16
    let descriptors: [Int32]
    /// The ports before it that were taken, with their holders where they are known.
    let taken: [(port: UInt16, holder: String?)]
  }

  /// Empty: all of IPv4 and IPv6. `localhost`: 127.0.0.1 and ::1. Otherwise a numeric address.
  let host: String
  var first = defaultPort
  /// Tried before the others, and not missed: the one that open tabs of this project know.
  var remembered: UInt16?

  static let defaultPort: UInt16 = 8080
  static let tries: UInt16 = 20

  /// With a port given explicitly only that one will do; without, the next free one of twenty. Throws `DevError`.
  func bind(explicit: UInt16?) throws -> Binding {
    if explicit == nil, let remembered, let descriptors = try? bindAll(remembered) {
      return Binding(port: remembered, descriptors: descriptors, taken: [])
    }
    let first = explicit ?? self.first
    var taken: [(port: UInt16, holder: String?)] = []
    for port in first...(explicit == nil ? first + Self.tries : first) {
      do {
        let descriptors = try bindAll(port)
        let bound = try SocketAddress.local(of: descriptors[0]).port
        return Binding(port: bound, descriptors: descriptors, taken: taken)
      } catch let error as SystemError where error.code == EADDRINUSE {
        taken.append((port, PortHolder(port: port)?.description))
      } catch let error as SystemError where error.code == EACCES {
        throw DevError(
          .cannotListen, "Port \(port) is reserved for the system.",
          advice: "Choose a port of 1024 or above: webio dev --port \(Self.defaultPort)")
      }
    }
    let holder = taken.first?.holder.map { " by \($0)" } ?? ""
    if explicit != nil {
      throw DevError(
        .portTaken, "Port \(first) is taken\(holder).",
        advice: "Stop it, or leave --port out: then the next free port is used.")
    }
    throw DevError(
      .portTaken, "The ports \(first) to \(first + Self.tries) are all taken.",
      advice: "Choose another: webio dev --port N")
  }

  private var hosts: [String] { host == "localhost" ? ["127.0.0.1", "::1"] : [host] }

  /// A machine without IPv6 has only the first.
  private func bindAll(_ port: UInt16) throws -> [Int32] {
    var descriptors: [Int32] = []
    var port = port
    for host in hosts {
      guard let address = SocketAddress(numericHost: host, port: port) else {
        throw DevError(
          .cannotListen, "\(host) is not an address of this machine.", advice: "Give a numeric one: --host 0.0.0.0")
      }
      do {
        let descriptor = try Listener.bind(address)
        descriptors.append(descriptor)
        port = try SocketAddress.local(of: descriptor).port
      } catch let error as SystemError {
        let isMissing = [EADDRNOTAVAIL, EAFNOSUPPORT].contains(error.code)
        if isMissing, !descriptors.isEmpty { continue }
        descriptors.forEach { close($0) }
        if isMissing {
          throw DevError(
            .cannotListen, "\(host) is not an address of this machine.",
            advice: "Use one of `ip address`, or 0.0.0.0 for all.")
        }
        throw error
      }
    }
    return descriptors
  }
}

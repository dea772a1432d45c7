import Glibc

/// The process that listens on a TCP port, for the message that says why we cannot. See proc(5).
package struct PortHolder: CustomStringConvertible {
  package let processID: pid_t
  package let name: String

  package var description: String { "\(name) (process \(processID))" }

  /// Nil when nobody listens there, or when it is another user's process.
  package init?(port: UInt16) {
    let inodes = Self.listeningInodes(port)
    guard !inodes.isEmpty, let processes = try? Files.list("/proc") else { return nil }
    for process in processes {
      guard let id = pid_t(process), let descriptors = try? Files.list("/proc/\(process)/fd") else { continue }
      for descriptor in descriptors {
        var target = [CChar](repeating: 0, count: 64)
        let length = readlink("/proc/\(process)/fd/\(descriptor)", &target, target.count - 1)
        guard length > 9 else { continue }
        let text = String(decoding: target[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if text.hasPrefix("socket:["), inodes.contains(String(text.dropFirst(8).dropLast())) {
          processID = id
          let name = (try? Files.readText("/proc/\(process)/comm")) ?? "?"
          self.name = name.last == "\n" ? String(name.dropLast()) : name
          return
        }
      }
    }
    return nil
  }

  /// The sockets in state LISTEN (0A) with that local port, of both protocols.
  private static func listeningInodes(_ port: UInt16) -> Set<String> {
    var inodes: Set<String> = []
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
      guard let text = try? Files.readText(table) else { continue }
      for line in text.utf8.split(separator: UInt8(ascii: "\n")).dropFirst() {
        let columns = line.split(separator: UInt8(ascii: " ")).map { String(decoding: Array($0), as: UTF8.self) }
        guard columns.count > 9, columns[3] == "0A", let colon = columns[1].lastIndex(of: ":") else { continue }
        if UInt16(columns[1][columns[1].index(after: colon)...], radix: 16) == port { inodes.insert(columns[9]) }
      }
    }
    return inodes
  }
}

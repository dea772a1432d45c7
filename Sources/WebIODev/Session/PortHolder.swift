import Glibc
import WebIOPosix

/// The process that listens on a port, as far as /proc tells us.
package struct PortHolder: Sendable, Equatable, CustomStringConvertible {
  package let processID: pid_t
  package let name: String

  package var description: String { "\(name) (process \(processID))" }

  /// Nil when nobody listens, or it belongs to somebody else. See proc(5).
  package static func find(_ port: UInt16) -> PortHolder? {
    let inodes = Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap { listeners($0, port) })
    guard !inodes.isEmpty else { return nil }
    for entry in (try? Files.list("/proc")) ?? [] {
      guard let processID = pid_t(entry) else { continue }
      for descriptor in (try? Files.list("/proc/\(entry)/fd")) ?? [] {
        guard let target = readLink("/proc/\(entry)/fd/\(descriptor)"), inodes.contains(target) else { continue }
        let name = (try? Files.readText("/proc/\(entry)/comm")) ?? ""
        return PortHolder(processID: processID, name: name.split(separator: "\n").first.map(String.init) ?? "?")
      }
    }
    return nil
  }

  /// `socket:[INODE]` of the sockets in state LISTEN (0A) on the port.
  private static func listeners(_ table: String, _ port: UInt16) -> [String] {
    guard let text = try? Files.readText(table) else { return [] }
    return text.utf8.split(separator: UInt8(ascii: "\n")).dropFirst().compactMap { line in
      let columns = line.split(separator: UInt8(ascii: " ")).map { String(decoding: Array($0), as: UTF8.self) }
      guard columns.count > 9, columns[3] == "0A", let hex = columns[1].split(separator: ":").last,
        UInt16(hex, radix: 16) == port
      else { return nil }
      return "socket:[\(columns[9])]"
    }
  }

  private static func readLink(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 256)
    let count = readlink(path, &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
  }
}

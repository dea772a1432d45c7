import Foundation

/// What runs on this machine and what it holds, from /proc.
public enum Processes {
  public struct Process: Sendable, CustomStringConvertible {
    public let id: pid_t
    public let command: String
    public var description: String { "\(id) \(command)" }
  }

  /// Living processes that were started, however indirectly, by the `Program` with this mark.
  public static func marked(_ mark: String) -> [Process] {
    let wanted = Data("E2E_TEST_MARK=\(mark)".utf8)
    return all.filter { id in
      guard let environment = contents("/proc/\(id)/environ") else { return false }
      return environment.split(separator: 0).contains { $0.elementsEqual(wanted) } && isAlive(id)
    }.map { Process(id: $0, command: command(of: $0)) }
  }

  /// Neither gone nor a zombie.
  public static func isAlive(_ id: pid_t) -> Bool {
    guard let stat = contents("/proc/\(id)/stat") else { return false }
    let text = String(decoding: stat, as: UTF8.self)
    guard let end = text.lastIndex(of: ")") else { return false }
    return !text[end...].dropFirst(2).hasPrefix("Z")
  }

  public static func children(of id: pid_t) -> [pid_t] {
    all.filter { candidate in
      guard let stat = contents("/proc/\(candidate)/stat") else { return false }
      let text = String(decoding: stat, as: UTF8.self)
      guard let end = text.lastIndex(of: ")") else { return false }
      let fields = text[end...].split(separator: " ")
      return fields.count > 2 && Int32(fields[2]) == id
    }
  }

  public static func command(of id: pid_t) -> String {
    let words = contents("/proc/\(id)/cmdline").map { String(decoding: $0, as: UTF8.self) } ?? ""
    return words.split(separator: "\0").joined(separator: " ")
  }

  /// Whether anything on this machine listens on a TCP port.
  public static func isListening(_ port: UInt16) -> Bool {
    let wanted = String(port, radix: 16, uppercase: true)
    let suffix = ":" + String(repeating: "0", count: 4 - wanted.count) + wanted
    return ["/proc/net/tcp", "/proc/net/tcp6"].contains { table in
      let lines = contents(table).map { String(decoding: $0, as: UTF8.self) } ?? ""
      return lines.split(separator: "\n").dropFirst().contains { line in
        let fields = line.split(separator: " ")
        return fields.count > 3 && fields[1].hasSuffix(suffix) && fields[3] == "0A"
      }
    }
  }

  /// Unix sockets with a name in the file system that a process has open.
  public static func unixSockets(of id: pid_t) -> [String] {
    let folder = "/proc/\(id)/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let inodes = Set(
      names.compactMap { name -> String? in
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
        guard let target, target.hasPrefix("socket:[") else { return nil }
        return String(target.dropFirst(8).dropLast())
      })
    let table = contents("/proc/net/unix").map { String(decoding: $0, as: UTF8.self) } ?? ""
    return table.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: " ", omittingEmptySubsequences: true)
      guard fields.count > 7, inodes.contains(String(fields[6])), fields[7].hasPrefix("/") else { return nil }
      return String(fields[7])
    }
  }

  private static var all: [pid_t] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
  }

  private static func contents(_ path: String) -> Data? {
    // The size of a file in /proc is 0, so it is read to its end.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var result = Data()
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return count == 0 ? result : nil }
      result.append(contentsOf: buffer[..<count])
    }
  }
}

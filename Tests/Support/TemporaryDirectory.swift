import Foundation

/// A directory of a test's own, below the system's temporary one, gone with this object or with the process.
public final class TemporaryDirectory: Sendable {
  public let path: String

  public init(_ name: String = "webio-test") throws {
    // Real paths only: what a test compares with comes from the kernel.
    let base = realPath(of: NSTemporaryDirectory()) ?? "/tmp"
    path = "\(base)/\(name)-\(getpid())-\(UInt32.random(in: 0..<UInt32.max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    Leftovers.shared.add(path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  public func file(_ name: String) -> String { "\(path)/\(name)" }

  @discardableResult
  public func write(_ name: String, _ text: String, mode: Int = 0o644) throws -> String {
    let target = file(name)
    try FileManager.default.createDirectory(
      atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: target))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: target)
    return target
  }

  /// Every file and directory below, by relative path, sorted.
  public var contents: [String] {
    (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []).sorted()
  }
}

public func realPath(of path: String) -> String? {
  guard let resolved = realpath(path, nil) else { return nil }
  defer { free(resolved) }
  return String(cString: resolved)
}

public func readText(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

/// What objects with a static life would leave behind: removed when the process ends.
private final class Leftovers: @unchecked Sendable {  // `paths` is under the lock
  static let shared = Leftovers()
  private let lock = NSLock()
  private var paths: [String] = []

  private init() { atexit { Leftovers.shared.removeAll() } }

  func add(_ path: String) { lock.withLock { paths.append(path) } }
  private func removeAll() {
    for path in lock.withLock({ paths }) { try? FileManager.default.removeItem(atPath: path) }
  }
}

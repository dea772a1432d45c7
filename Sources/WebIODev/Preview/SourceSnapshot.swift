import WebIOPosix

/// The project's own sources as they were when a build began.
struct SourceSnapshot: Sendable {
  private(set) var files: [String: [UInt8]] = [:]
  private let literals: Set<String>

  /// Beyond it the project is too large to be read at each build, and this stays empty.
  private static let limit = 8 << 20

  init(_ roots: [WatchRoot], in directory: String) {
    self.init(Self.read(roots, in: directory, limit: Self.limit) ?? [:])
  }

  init(_ files: [String: [UInt8]]) {
    self.files = files
    literals = files.values.reduce(into: []) { literals, source in
      for case .literal(let segments)? in SwiftLiterals(source)?.pieces ?? [] where segments.count == 1 {
        literals.insert(segments[0])
      }
    }
  }

  /// The Swift files below the roots of the package in `directory`, or the single file that is the project; nil when they have
  /// more than `limit` bytes.
  static func read(_ roots: [WatchRoot], in directory: String, limit: Int) -> [String: [UInt8]]? {
    var files: [String: [UInt8]] = [:]
    var size = 0
    for file in roots.compactMap(\.onlyFile) {
      files[file] = try? Files.read(file, limit: limit)
      size += files[file]?.count ?? 0
    }
    for root in roots where root.onlyFile == nil && (root.path == directory || root.path.hasPrefix(directory + "/")) {
      var rest = [root.path]
      while let folder = rest.popLast(), size <= limit {
        for name in (try? Files.list(folder)) ?? [] where !name.hasPrefix(".") {
          let path = Path.join(folder, name)
          if Path.suffix(of: name) == "swift", files[path] == nil {
            files[path] = try? Files.read(path, limit: limit)
            size += files[path]?.count ?? 0
          } else if root.isRecursive, Files.isDirectory(path) {
            rest.append(path)
          }
        }
      }
    }
    return size <= limit ? files : nil
  }

  /// Whether `label` stands there as a literal of its own.
  func contains(literal label: String) -> Bool { literals.contains(label) }

  /// What the texts of literals have become in a file; nil when code has changed too, or when it is not one of these.
  func literalChanges(in path: String) -> [LiteralChange]? {
    guard let old = files[path], let new = try? Files.read(path, limit: Self.limit) else { return nil }
    return LiteralDiff.changes(from: old, to: new)
  }

  /// Whether a file still holds what it held then.
  func isCurrent(_ path: String) -> Bool { files[path] == (try? Files.read(path, limit: Self.limit)) }
}

import WebIOPosix

/// The string literals in the project's own sources: which of the words on a page still stand in the code.
struct SourceText {
  private let literals: Set<String>

  /// Beyond it the project is too large to be read at each build.
  private static let limit = 8 << 20

  /// Of the Swift files below the roots of the package in `directory`.
  init(_ roots: [WatchRoot], in directory: String) {
    var bytes: [UInt8] = []
    var seen: Set<String> = []
    for root in roots where root.path == directory || root.path.hasPrefix(directory + "/") {
      var rest = [root.path]
      while let folder = rest.popLast(), bytes.count <= Self.limit {
        for name in (try? Files.list(folder)) ?? [] where !name.hasPrefix(".") {
          let path = Path.join(folder, name)
          if Path.suffix(of: name) == "swift", seen.insert(path).inserted {
            bytes += (try? Files.read(path, limit: Self.limit)) ?? []
          } else if root.isRecursive, Files.isDirectory(path) {
            rest.append(path)
          }
        }
      }
    }
    self.init(bytes.count <= Self.limit ? bytes : [])
  }

  /// What stands between quotes on one line. An odd quote in a comment spoils the rest of its line, nothing more.
  init(_ source: [UInt8]) {
    var literals: Set<String> = []
    for line in source.split(separator: UInt8(ascii: "\n")) {
      var start: Int?
      var isEscaped = false
      for index in line.indices {
        let byte = line[index]
        defer { isEscaped = byte == UInt8(ascii: "\\") && !isEscaped }
        guard byte == UInt8(ascii: "\""), !isEscaped else { continue }
        if let opened = start {
          literals.insert(String(decoding: line[opened..<index], as: UTF8.self))
          start = nil
        } else {
          start = index + 1
        }
      }
    }
    self.literals = literals
  }

  /// Whether `label` stands there as a literal of its own.
  func contains(literal label: String) -> Bool {
    var written: [UInt8] = []
    for byte in label.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): written += [UInt8(ascii: "\\"), byte]
      case UInt8(ascii: "\n"): written += Array("\\n".utf8)
      default: written.append(byte)
      }
    }
    return literals.contains(String(decoding: written, as: UTF8.self))
  }
}

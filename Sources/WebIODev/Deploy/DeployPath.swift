import WebIOHTTP

/// What a request's path means below a directory of apps. PyWebIO: `path_deploy`.
///
/// `/tools/bmi` is the app `tools/bmi.swift`, `/tools/` is `tools/index.swift` or a list of what is in `tools`. Names that
/// begin with `_` or `.` are not there, and neither is anything that is no plain name.
enum DeployPath: Equatable {
  /// `prefix` is the path at which the app is, percent-encoded, without a slash at its end.
  case app(file: String, prefix: String)
  /// A directory without an index; `directory` is relative and ends with a slash, or is empty. `prefix` is as an app's.
  case listing(directory: String, prefix: String)
  /// A directory's name without its slash.
  case redirect(String)
  case nothing

  /// What an app serves below its own path.
  private static let parts = ["_webio", "static", "healthz", "readyz"]
  /// Each level is looked for on the disk, and a request line has room for thousands.
  private static let depthLimit = 64

  /// `isFile` and `isDirectory` are asked with relative paths of plain names only. With `hasIndexApp` a list is an app too, and
  /// has parts.
  init(_ path: String, hasIndexApp: Bool = false, isFile: (String) -> Bool, isDirectory: (String) -> Bool) {
    self = .nothing
    guard path.utf8.first == UInt8(ascii: "/") else { return }
    var names: [String] = []
    for part in path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      guard let name = Array(part).withUnsafeBytes({ PercentEncoding.decodeText($0) }) else { return }
      names.append(name)
    }
    guard names.count <= Self.depthLimit else { return }
    let endsWithSlash = names.last == ""
    if endsWithSlash { names.removeLast() }
    // The deepest app comes first; what is behind it must be a part of it.
    for count in stride(from: names.count, through: 0, by: -1) {
      let own = names[..<count]
      guard own.allSatisfy(Self.isPlain) else { continue }
      let isWhole = count == names.count
      guard isWhole || Self.parts.contains(names[count]) else { continue }
      let joined = own.joined(separator: "/")
      let prefix = own.map { "/\(PercentEncoding.encode($0))" }.joined()
      if count > 0, !(isWhole && endsWithSlash), isFile("\(joined).swift") {
        self = .app(file: "\(joined).swift", prefix: prefix)
        return
      }
      let directory = joined.isEmpty ? "" : "\(joined)/"
      if !isWhole || endsWithSlash, count == 0 || isDirectory(joined), isFile("\(directory)index.swift") {
        self = .app(file: "\(directory)index.swift", prefix: prefix)
        return
      }
      guard isWhole || hasIndexApp, count == 0 || isDirectory(joined) else { continue }
      self = endsWithSlash || !isWhole ? .listing(directory: directory, prefix: prefix) : .redirect("\(prefix)/")
      return
    }
  }

  /// Letters, digits, `-`, `_` and `.` within, and whatever is not ASCII: nothing that means something in a path.
  static func isPlain(_ name: String) -> Bool {
    guard let first = name.utf8.first, first != UInt8(ascii: "_"), first != UInt8(ascii: ".") else { return false }
    return name.utf8.count <= 200
      && name.utf8.allSatisfy { byte in
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte >= 0x80 || "-_. ".utf8.contains(byte)
      }
  }
}

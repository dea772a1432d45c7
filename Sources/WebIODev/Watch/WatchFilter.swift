import WebIOPosix

/// What a change of a file asks for.
package enum ChangeKind: Sendable, Equatable, Comparable {
  /// Nothing is known to use it: what an app keeps beside its manifest is its own.
  case unused
  /// Nothing is compiled: the page fetches it again.
  case asset
  /// Nothing is compiled: the app reads it again, at its start.
  case data
  /// A resource that SwiftPM copies to where the app finds it.
  case resource
  /// The app is built.
  case source
  /// The package's structure may have changed: planned and built.
  case manifest
}

/// Which names are looked at: everything but what tools and editors leave behind.
enum WatchFilter {
  /// Hidden names (`.build`, `.git`, `.webio`, `.#lock`), backups, vim's `4913` probe and swap files.
  static func ignores(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    guard let first = bytes.first, let last = bytes.last else { return true }
    if first == UInt8(ascii: ".") || first == UInt8(ascii: "#") || last == UInt8(ascii: "~") { return true }
    if name == "4913" || name == "node_modules" || name == "__pycache__" { return true }
    switch Path.suffix(of: name) {
    case "swp", "swo", "swx", "tmp", "bak", "orig", "rej", "part", "crdownload": return true
    default: return isWritersTemporary(bytes)
    }
  }

  /// `sed -i` and its like write `sedXy12Z3` and rename it: a name without a suffix, made by mkstemp(3).
  private static func isWritersTemporary(_ name: [UInt8]) -> Bool {
    name.count == 9 && name.starts(with: Array("sed".utf8))
  }

  /// What a file is by its name and place.
  static func kind(of path: String) -> ChangeKind {
    let name = Path.name(of: path)
    if name == "Package.swift" || name == "Package.resolved" || name.hasPrefix("Package@swift-") { return .manifest }
    switch Path.suffix(of: name) {
    case "swift", "c", "cc", "cpp", "cxx", "m", "mm", "h", "hpp", "hh", "inc", "s", "S", "modulemap": return .source
    case "css", "js", "mjs", "map", "html", "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "woff", "woff2", "ttf",
      "otf", "wasm", "webmanifest":
      return .asset
    default: break
    }
    let directories = path.split(separator: "/").dropLast()
    if directories.contains(where: { ["static", "Static", "public", "Public"].contains($0) }) { return .asset }
    return directories.contains("Resources") ? .data : .unused
  }
}

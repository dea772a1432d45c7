import Glibc
import WebIOPosix

/// The sources and manifests of packages, as stat(2) tells of them.
///
/// Times of modification are not looked at, for `mv`, `cp -p`, `tar` and others bring files with old ones. Nobody sets the
/// time of an inode's last change.
struct PackageSources {
  /// Another one after any source was added, removed, renamed, written or replaced.
  let identity: UInt64
  /// When that happened last, in seconds since 1970. What was removed is seen at its directory.
  let changedAt: Int

  private let files: Set<String>

  /// So many that a link in a circle is more likely.
  private static let limit = 20_000

  /// Nil for no packages, and for what cannot be looked at.
  init?(_ packages: [String]) {
    guard !packages.isEmpty else { return nil }
    var identity = UInt64(0)
    var changedAt = 0
    var files: Set<String> = []
    var rest: [String] = []
    for package in packages.map({ Files.resolve($0) ?? $0 }) {
      guard let names = try? Files.list(package) else { return nil }
      rest += names.filter(Self.isManifest).map { Path.join(package, $0) }
      rest += names.filter(ProjectManifest.sourceDirectories.contains).map { Path.join(package, $0) }
    }
    rest.sort()
    var count = 0
    while let path = rest.popLast() {
      count += 1
      guard count <= Self.limit, let status = Files.status(path) else { return nil }
      let changed = status.st_ctim
      changedAt = max(changedAt, changed.tv_sec)
      if status.st_mode & S_IFMT == S_IFDIR {
        guard let names = try? Files.list(path) else { return nil }
        rest += names.filter { !$0.hasPrefix(".") }.sorted().map { Path.join(path, $0) }
      } else {
        let words = "\(path) \(status.st_ino) \(status.st_size) \(changed.tv_sec) \(changed.tv_nsec)"
        identity = ContentHash.of(words, seed: identity)
        files.insert(path)
      }
    }
    (self.identity, self.changedAt, self.files) = (identity, changedAt, files)
  }

  /// `Package.swift`, or one for a version of the tools.
  private static func isManifest(_ name: String) -> Bool {
    name == "Package.swift" || (name.hasPrefix("Package@swift-") && Path.suffix(of: name) == "swift")
  }

  /// Whether all that SwiftPM has compiled into `scratchPath` is of these packages, `own`, of the system or written by
  /// SwiftPM itself: not of a package that one of these depends on, nor from a directory that is not looked at here.
  func cover(_ scratchPath: String, besides own: [String], toolchain: Toolchain) -> Bool {
    let directory = Path.join(scratchPath, "debug")
    var system = ["/usr/include/", "/usr/lib/", "/usr/local/include/"]
    if let swift = Files.resolve(toolchain.swift) { system.append("\(Path.directory(of: Path.directory(of: swift)))/lib/") }
    let known = files.union(own)
    let isKnown = { (path: String) in
      if known.contains(path) || system.contains(where: path.hasPrefix) { return true }
      if path.hasPrefix(scratchPath), path.contains(".build/DerivedSources/") { return true }
      return Files.resolve(path).map(known.contains) ?? false
    }
    return ((try? Files.list(directory)) ?? []).filter { $0.hasSuffix(".build") }.allSatisfy {
      Self.compiled(Path.join(directory, $0)).allSatisfy(isKnown)
    }
  }

  /// What was compiled into a target's directory: Swift's files are in a list, C's beside each object. Empty for a target that
  /// is planned only.
  private static func compiled(_ directory: String) -> [String] {
    if let list = try? Files.readText(Path.join(directory, "sources")) { return words(list) }
    var compiled: [String] = []
    var rest = [directory]
    while let path = rest.popLast() {
      if Files.isDirectory(path) {
        rest += ((try? Files.list(path)) ?? []).map { Path.join(path, $0) }
      } else if path.hasSuffix(".d"), let rule = try? Files.readText(path) {
        compiled += words(rule).dropFirst()
      }
    }
    return compiled
  }

  /// Also of a rule for make(1), which begins with its target.
  private static func words(_ text: String) -> [String] {
    text.split(separator: "\n").flatMap { line in
      ShellWords.split(String(line.hasSuffix(" \\") ? line.dropLast(2) : line)) ?? [String(line)]
    }
  }
}

import Glibc
import WebIOPosix

/// A Swift file without a package: it gets a hidden one in the cache, whose only source is a link to it.
///
/// All single files share one scratch path a toolkit and toolchain, so that WebIO is compiled once.
struct SingleFile {
  private let file: String
  private let toolkit: Project.Toolkit
  private let toolchain: Toolchain
  private let package: String
  private let name: String

  /// Writes the hidden package. Throws when the cache cannot be written.
  init(_ file: String, _ toolkit: Project.Toolkit, _ toolchain: Toolchain) throws {
    self.file = file
    self.toolkit = toolkit
    self.toolchain = toolchain
    let base = Path.join(try Self.cacheDirectory(toolchain.environment), "single")
    // The path is part of the name: two files of one name must not overwrite each other's objects.
    let hash = ContentHash.name(ContentHash.of(file))
    name = "\(Self.moduleName(Path.name(of: file)))_\(hash.prefix(6))"
    package = Path.join(base, hash)
    let kit = ContentHash.of(Self.declaration(toolkit), seed: ContentHash.of(toolchain.identity))
    scratch = Path.join(base, "build-\(ContentHash.name(kit))")
    try write()
  }

  private let scratch: String

  private var link: String { Path.join(package, "Sources/\(Path.name(of: file))") }

  func project(_ request: Project.Request) -> Project {
    Project(
      directory: package, name: name, product: name, scratchPath: scratch, toolchain: toolchain, roots: roots,
      renamed: [link: file], workingDirectory: Path.directory(of: file), request: request)
  }

  private var roots: [WatchRoot] {
    var roots = [WatchRoot(only: file)]
    if case .path(let path) = toolkit {
      roots += [WatchRoot(path, isRecursive: false), WatchRoot(Path.join(path, "Sources"))]
    }
    return roots
  }

  private func write() throws {
    try Files.makeDirectories(Path.join(package, "Sources"), mode: 0o700)
    let manifest = Array(self.manifest.utf8)
    let path = Path.join(package, "Package.swift")
    // An untouched manifest is not compiled again.
    if (try? Files.read(path)) != manifest { try Files.replace(path, manifest) }
    for other in try Files.list(Path.join(package, "Sources")) where other != Path.name(of: file) {
      try Files.remove(Path.join(Path.join(package, "Sources"), other))
    }
    if Files.resolve(link) != file {
      try? Files.remove(link)
      guard symlink(file, link) == 0 else { throw SystemError("symlink \(link)") }
    }
  }

  private var manifest: String {
    """
    // swift-tools-version: 6.2
    import PackageDescription

    let package = Package(
      name: "\(name)",
      dependencies: [\(Self.declaration(toolkit))],
      targets: [
        .executableTarget(name: "\(name)", dependencies: [.product(name: "WebIO", package: "WebIO")], path: "Sources")
      ]
    )

    """
  }

  private static func declaration(_ toolkit: Project.Toolkit) -> String {
    switch toolkit {
    case .path(let path): ".package(name: \"WebIO\", path: \(literal(path)))"
    case .url(let url, let version): ".package(url: \(literal(url)), exact: \(literal(version)))"
    }
  }

  private static func literal(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      switch scalar {
      case "\\": "\\\\"
      case "\"": "\\\""
      case _ where scalar.value < 0x20: "\\u{\(String(scalar.value, radix: 16))}"
      default: String(scalar)
      }
    }
    return "\"\(escaped.joined())\""
  }

  /// Letters, digits and underscores of the file's name.
  private static func moduleName(_ file: String) -> String {
    var bytes: [UInt8] = []
    for byte in file.utf8.prefix(while: { $0 != UInt8(ascii: ".") }) {
      let isDigit = byte &- 0x30 < 10
      let isLetter = (byte | 0x20) &- 0x61 < 26
      if bytes.isEmpty, isDigit { bytes.append(UInt8(ascii: "_")) }
      bytes.append(isDigit || isLetter ? byte : UInt8(ascii: "_"))
    }
    return bytes.isEmpty ? "app" : String(decoding: bytes, as: UTF8.self)
  }

  /// `$XDG_CACHE_HOME/webio`, or `~/.cache/webio`.
  static func cacheDirectory(_ environment: [String]) throws -> String {
    func value(_ name: String) -> String? {
      environment.last { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
    }
    if let base = value("XDG_CACHE_HOME"), base.hasPrefix("/") { return Path.join(base, "webio") }
    if let home = value("HOME"), home.hasPrefix("/") { return Path.join(home, ".cache/webio") }
    throw DevError(
      .system, "There is no place for the build of a single file: HOME is not set.",
      advice: "Set HOME or XDG_CACHE_HOME.")
  }
}

import WebIOHTTP
import WebIOPosix

/// Asks SwiftPM what a Package.swift says, or remembers it.
@EventLoop
enum ManifestReader {
  static func read(_ package: String, scratch: String, toolchain: Toolchain) async throws -> ProjectManifest {
    let names = try Files.list(package).filter { $0 == "Package.swift" || $0.hasPrefix("Package@swift-") }
    var hash = ContentHash.of(toolchain.identity)
    for name in names {
      hash = ContentHash.of(try Files.read(Path.join(package, name)), seed: ContentHash.of(name, seed: hash))
    }
    let cache = Path.join(scratch, "webio-manifest-\(ContentHash.name(hash)).json")
    if let kept = try? Files.read(cache), let json = try? JSONParser.parse(kept), let manifest = ProjectManifest(json) {
      return manifest
    }
    let arguments = ["package", "--scratch-path", scratch, "dump-package"]
    let output = try await CommandOutput.of(
      toolchain.swift, arguments, environment: toolchain.environment, directory: package)
    let lines = output.lines
    if output.status.isSuccess, let first = lines.firstIndex(of: "{"), let last = lines.lastIndex(of: "}"), first < last {
      let dump = Array(lines[first...last].joined(separator: "\n").utf8)
      if let json = try? JSONParser.parse(dump), let manifest = ProjectManifest(json) {
        keep(dump, cache, scratch)
        return manifest
      }
    }
    throw BrokenManifest(
      diagnostics: DiagnosticsParser.parse(lines, package: package).filter { $0.severity == .error }, log: lines)
  }

  private static func keep(_ dump: [UInt8], _ cache: String, _ scratch: String) {
    for name in (try? Files.list(scratch)) ?? [] where name.hasPrefix("webio-manifest-") {
      try? Files.remove(Path.join(scratch, name))
    }
    try? Files.makeDirectories(scratch)
    try? Files.replace(cache, dump)
  }
}

/// A Package.swift that SwiftPM cannot read.
package struct BrokenManifest: Error {
  package let diagnostics: [Diagnostic]
  package let log: [String]

  /// For a command that cannot wait for the fix.
  package var asDevError: DevError {
    let first = diagnostics.first.map { "\($0.place.map { "\($0): " } ?? "")\($0.message)" } ?? log.last ?? ""
    return DevError(
      .badManifest, "SwiftPM cannot read the Package.swift: \(first)",
      advice: "See all it says: swift package dump-package")
  }
}

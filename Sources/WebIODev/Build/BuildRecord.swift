import Glibc
import WebIOPosix

/// Keeps the compiler's driver from taking a new file for the one it has compiled: it compares modification times in whole
/// seconds, and two saves can fall into one.
///
/// Where that may have happened, the driver's record of the module is removed, and it compiles the module anew.
struct BuildRecord {
  /// The second of each file's last save that we know of.
  private var seconds: [String: Int] = [:]
  /// When SwiftPM last began to build.
  private var builtAt = 0
  /// Files whose new contents the driver might not see.
  private var doubtful: Set<String> = []

  mutating func saved(_ files: [String]) {
    for file in files {
      guard let second = Files.status(file).map({ Int($0.st_mtim.tv_sec) }) else { continue }
      if seconds[file].map({ $0 == second }) ?? (second <= builtAt) { doubtful.insert(file) }
      seconds[file] = second
    }
  }

  /// Before SwiftPM builds into `scratchPath`.
  mutating func buildStarts(_ scratchPath: String) {
    builtAt = time(nil)
    guard !doubtful.isEmpty else { return }
    let directory = Path.join(scratchPath, "debug")
    for name in (try? Files.list(directory)) ?? [] where name.hasSuffix(".build") {
      let module = Path.join(directory, name)
      guard let sources = try? Files.readText(Path.join(module, "sources")),
        doubtful.contains(where: { sources.contains($0) })
      else { continue }
      unlink(Path.join(module, "primary.priors"))
    }
    doubtful = []
  }
}

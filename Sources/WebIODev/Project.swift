import WebIOPosix

/// What `webio dev` runs: an executable product of a package that uses WebIO.
package struct Project: Sendable, Equatable {
  /// The package's directory, absolute and without links.
  package var directory: String
  /// What the developer named: the package, or the single file.
  package var shownPath: String
  package var name: String
  package var product: String
  package var scratchPath: String
  package var toolchain: Toolchain
  package var roots: [WatchRoot]
  /// Files in these are copied into the build: a change of one needs a build though it is no source.
  package var resourceDirectories: [String] = []
  /// A compiler's path and the one the developer knows.
  package var renamed: [String: String] = [:]
}

import WebIOPosix

/// What `webio dev` runs: an executable product of a package that uses WebIO.
package struct Project: Sendable, Equatable {
  /// The package's directory, absolute and without links.
  package var directory: String
  package var name: String
  package var product: String
  /// Ours alone, so that an editor's or a terminal's build and this one do not wait for each other.
  package var scratchPath: String
  package var toolchain: Toolchain
  package var roots: [WatchRoot]
  /// Files in these are copied into the build: a change of one needs a build though it is no source.
  package var resourceDirectories: [String] = []
  /// What its executable has in common with those of other projects; nil for one that is built in its own way.
  var shape: Shape?
  /// A compiler's path and the one the developer knows.
  package var renamed: [String: String] = [:]
  /// Where the app runs: relative paths in it mean the same as in a terminal there.
  package var workingDirectory: String

  /// How it was asked for, to load it again when its manifest has changed.
  package var request: Request

  package struct Request: Sendable, Equatable {
    var path: String
    var product: String?
    var toolkit: Toolkit
    var environment: [String]
  }

  struct Shape: Sendable, Equatable {
    /// All that decides the commands of a build, but for the names below.
    let identity: UInt64
    let module: String
    /// Where its sources lie.
    let directory: String
    /// Packages that it depends on by path.
    let dependencies: [String]
  }

  /// Where hidden packages of single files name WebIO from.
  package enum Toolkit: Sendable, Equatable {
    case path(String)
    case url(String, version: String)
  }

  /// Finds out what `path` is: a directory with a Package.swift, or a Swift file. Throws `DevError`.
  ///
  /// `product` chooses among several executables. The manifest's dump, which takes SwiftPM half a second and more, is kept
  /// in the scratch path for as long as the manifest and the toolchain are the same.
  @EventLoop
  package static func load(
    _ path: String, product: String? = nil, toolkit: Toolkit, environment: [String] = Environment.all
  ) async throws -> Project {
    try await load(Request(path: path, product: product, toolkit: toolkit, environment: environment))
  }

  @EventLoop
  package static func load(_ request: Request) async throws -> Project {
    let path = request.path
    guard let resolved = Files.resolve(path) else {
      throw DevError(.pathMissing, "There is no \(path).", advice: "Name a package's directory or a .swift file.")
    }
    if Files.isFile(resolved) {
      guard Path.suffix(of: resolved) == "swift" else {
        throw DevError(
          .notSwift, "\(path) is not a Swift file.", advice: "Name a package's directory or a .swift file.")
      }
      if Path.name(of: resolved) == "Package.swift" {
        var package = request
        package.path = Path.directory(of: resolved)
        return try await load(package)
      }
      let toolchain = try Toolchain.find(environment: request.environment)
      return try SingleFile(resolved, request.toolkit, toolchain).project(request)
    }
    guard Files.isFile(Path.join(resolved, "Package.swift")) else { throw noManifest(path, resolved) }
    let toolchain = try Toolchain.find(environment: request.environment)
    let scratch = Path.join(resolved, ".build/webio-dev")
    let manifest = try await ManifestReader.read(resolved, scratch: scratch, toolchain: toolchain)
    return try Project(manifest, resolved, scratch: scratch, toolchain, request)
  }

  private static func noManifest(_ path: String, _ resolved: String) -> DevError {
    var parent = Path.directory(of: resolved)
    while parent != "/", !Files.isFile(Path.join(parent, "Package.swift")) { parent = Path.directory(of: parent) }
    let advice: String
    if parent != "/" {
      advice = "There is one above it: name \(parent)."
    } else if let file = WatchTree.list(resolved).files.first(where: { Path.suffix(of: $0) == "swift" }) {
      advice = "A single file is named itself: \(path == "." ? Path.name(of: file) : Path.join(path, Path.name(of: file)))"
    } else {
      advice = "Make a project: webio new hello my-app"
    }
    return DevError(.notAPackage, "There is no Package.swift in \(path == "." ? resolved : path).", advice: advice)
  }

  /// Where the builds of single files lie. Throws `DevError` when there is no place for them.
  package static func cacheDirectory(_ environment: [String] = Environment.all) throws -> String {
    try SingleFile.cacheDirectory(environment)
  }

  /// What a change asks for here.
  package func kind(of change: FileChange) -> ChangeKind {
    let kind = change.kind
    guard kind <= .data else { return kind }
    let isResource = resourceDirectories.contains { change.path == $0 || change.path.hasPrefix($0 + "/") }
    return isResource ? .resource : kind
  }
}

extension Project {
  init(
    _ manifest: ProjectManifest, _ directory: String, scratch: String, _ toolchain: Toolchain, _ request: Request
  ) throws {
    let executable = try Self.choose(manifest, request.path, request.product)
    self.request = request
    self.directory = directory
    name = manifest.name
    product = executable.name
    scratchPath = scratch
    self.toolchain = toolchain
    workingDirectory = directory
    roots = Self.roots(manifest, directory)
    if executable.targets.count == 1, let target = manifest.targets.first(where: { $0.name == executable.targets[0] }),
      let text = manifest.shapes[target.name], let sources = manifest.directory(of: target, in: directory)
    {
      let kept = ContentHash.of(text, seed: ContentHash.of(toolchain.identity))
      shape = Shape(
        identity: toolchain.environment.reduce(kept) { ContentHash.of($1, seed: $0) }, module: target.name, directory: sources,
        dependencies: manifest.localDependencies)
    }
    resourceDirectories = manifest.targets.filter { !$0.isTest }.flatMap { target in
      let base = manifest.directory(of: target, in: directory) ?? directory
      return target.resources.map { Path.join(base, $0) }
    }
  }

  private static func choose(
    _ manifest: ProjectManifest, _ shown: String, _ wanted: String?
  ) throws -> ProjectManifest.Product {
    let all = manifest.executables
    if let wanted {
      if let product = all.first(where: { $0.name == wanted }) { return product }
      throw DevError(
        .noExecutable, "\(manifest.name) has no executable \(wanted).",
        advice: all.isEmpty ? "It has none." : "It has \(list(all.map(\.name))).")
    }
    guard !all.isEmpty else {
      throw DevError(
        .noExecutable, "The package \(manifest.name) has no executable to run.",
        advice:
          "Add an .executableTarget to its Package.swift, or see how a new project does it: webio new hello my-app")
    }
    let ours = all.filter(manifest.usesWebIO)
    guard !ours.isEmpty else {
      throw DevError(
        .notWebIO, "The package \(manifest.name) does not depend on WebIO.",
        advice: "Add WebIO to the dependencies of \(list(all.map(\.name))) in its Package.swift, "
          + "or see how a new project does it: webio new hello my-app")
    }
    guard ours.count == 1 else {
      throw DevError(
        .ambiguousExecutable, "The package \(manifest.name) has \(ours.count) executables: \(list(ours.map(\.name))).",
        advice: "Say which: webio dev \(shown) --product \(ours[0].name)")
    }
    return ours[0]
  }

  /// `A`, `A and B`, `A, B and C`.
  private static func list(_ names: [String]) -> String {
    guard names.count > 1, let last = names.last else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }

  private static func roots(_ manifest: ProjectManifest, _ directory: String) -> [WatchRoot] {
    let own = ProjectManifest.sourceDirectories + ["Resources", "static", "Static", "public", "Public"]
    var roots = [WatchRoot(directory, isRecursive: false)] + own.map { WatchRoot(Path.join(directory, $0)) }
    roots += manifest.targets.filter { !$0.isTest && $0.path != nil }.compactMap { target in
      manifest.directory(of: target, in: directory).map { WatchRoot($0) }
    }
    for dependency in manifest.localDependencies {
      roots.append(WatchRoot(dependency, isRecursive: false))
      roots += ProjectManifest.sourceDirectories.map { WatchRoot(Path.join(dependency, $0)) }
    }
    return roots
  }
}

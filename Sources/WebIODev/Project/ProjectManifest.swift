import WebIOHTTP
import WebIOPosix

/// What a Package.swift declares, as `swift package dump-package` prints it.
struct ProjectManifest: Equatable {
  struct Target: Equatable {
    let name: String
    let isExecutable: Bool
    let isTest: Bool
    let path: String?
    /// Relative to the target.
    let resources: [String]
    /// Names of targets and products of this package.
    let own: [String]
    /// Names of products of other packages.
    let products: [String]
  }

  struct Product: Equatable {
    let name: String
    let targets: [String]
  }

  let name: String
  let targets: [Target]
  let executables: [Product]
  /// Absolute directories of the packages it depends on by path.
  let localDependencies: [String]
  /// For each executable target that has nothing but Swift files: all that decides how one is compiled and linked, besides
  /// its name and its files. Two of one shape are built by the same commands.
  let shapes: [String: String]

  /// Nil when `json` is no such dump.
  init?(_ json: JSONValue) {
    guard let name = json["name"]?.string, let targets = json["targets"]?.array else { return nil }
    self.name = name
    let names = targets.compactMap { $0["name"]?.string }
    self.targets = targets.compactMap { Self.target($0, names) }
    let declared: [Product] = (json["products"]?.array ?? []).compactMap { product in
      guard product["type"]?.object?.names == ["executable"], let name = product["name"]?.string else { return nil }
      return Product(name: name, targets: (product["targets"]?.array ?? []).compactMap(\.string))
    }
    // SwiftPM makes a product of each executable target that none is declared for.
    let covered = Set(declared.flatMap(\.targets))
    let implied = self.targets.filter { $0.isExecutable && !covered.contains($0.name) }
    executables = declared + implied.map { Product(name: $0.name, targets: [$0.name]) }
    shapes = Self.shapes(json)
    localDependencies = (json["dependencies"]?.array ?? []).flatMap { dependency in
      (dependency["fileSystem"]?.array ?? []).compactMap { $0["path"]?.string }
    }
  }

  private static func shapes(_ json: JSONValue) -> [String: String] {
    let dependencies = json["dependencies"]?.array ?? []
    // What another kind of dependency stands for is not in the manifest alone.
    guard dependencies.allSatisfy({ $0.object?.names == ["fileSystem"] }) else { return [:] }
    let whole = ["toolsVersion", "platforms", "swiftLanguageVersions", "cLanguageStandard", "cxxLanguageStandard", "traits"]
    let parts = ["settings", "packageAccess", "pluginUsages", "dependencies"]
    let empty: JSONValue = []
    var shapes: [String: String] = [:]
    for target in json["targets"]?.array ?? [] where target["type"]?.string == "executable" {
      guard let name = target["name"]?.string, [nil, empty].contains(target["resources"]),
        [nil, empty].contains(target["exclude"]), target["sources"] == nil || target["sources"] == .null,
        (target["dependencies"]?.array ?? []).allSatisfy({ $0.object?.names == ["product"] })
      else { continue }
      let all = whole.map { json[$0] ?? .null } + parts.map { target[$0] ?? .null } + dependencies
      shapes[name] = String(decoding: JSONValue.array(all).serialized, as: UTF8.self)
    }
    return shapes
  }

  private static func target(_ json: JSONValue, _ names: [String]) -> Target? {
    guard let name = json["name"]?.string, let type = json["type"]?.string else { return nil }
    var own: [String] = []
    var products: [String] = []
    for dependency in json["dependencies"]?.array ?? [] {
      for (kind, value) in dependency.object?.members ?? [] {
        guard let dependency = value[0]?.string else { continue }
        let isOwn = kind == "target" || (kind == "byName" && names.contains(dependency))
        if isOwn { own.append(dependency) } else { products.append(dependency) }
      }
    }
    return Target(
      name: name, isExecutable: type == "executable", isTest: type == "test", path: json["path"]?.string,
      resources: (json["resources"]?.array ?? []).compactMap { $0["path"]?.string }, own: own, products: products)
  }

  /// Whether an app built from `product` can be one of ours: a product of WebIO is among what it links. A package that it
  /// depends on by path may bring WebIO in, which its own manifest would have to tell.
  func usesWebIO(_ product: Product) -> Bool {
    let libraries: Set = ["WebIO", "WebIOTLS", "WebIOTunnel"]
    var waiting = product.targets
    var seen = Set(waiting)
    while let name = waiting.popLast() {
      guard let target = targets.first(where: { $0.name == name }) else { continue }
      if target.products.contains(where: libraries.contains) { return true }
      if !target.products.isEmpty, !localDependencies.isEmpty { return true }
      waiting += target.own.filter { seen.insert($0).inserted }
    }
    return false
  }

  /// Where a target's sources lie below the package.
  func directory(of target: Target, in package: String) -> String? {
    if let path = target.path { return path == "." ? package : Path.join(package, path) }
    let bases = Self.sourceDirectories.map { Path.join(package, $0) }
    return bases.map { Path.join($0, target.name) }.first(where: Files.isDirectory)
      ?? bases.first(where: Files.isDirectory)
  }

  static let sourceDirectories = ["Sources", "Source", "src", "srcs"]
}

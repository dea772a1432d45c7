import Glibc
import WebIOHTTP
import WebIOPosix

/// What the build of one project teaches the next one of the same shape: a new project is compiled and linked by the commands
/// of another, against what that one has built of its packages, and is on the screen while SwiftPM still builds its own.
///
/// It is one file a shape in the cache, and names files of the project that was built last. Any of them other than it was, or
/// any source of the packages, and nothing is remembered.
struct PlanMemory {
  private let project: Project
  private let shape: Project.Shape
  private let file: String

  /// Nil for a project that is built in its own way.
  init?(_ project: Project) {
    guard let shape = project.shape, let cache = try? Project.cacheDirectory(project.toolchain.environment),
      Self.isIdentifier(shape.module)
    else { return nil }
    self.project = project
    self.shape = shape
    file = Path.join(cache, "plans/\(ContentHash.name(shape.identity)).json")
  }

  private static func isIdentifier(_ name: String) -> Bool {
    name.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "_") }
  }

  // MARK: Keeping

  /// What cannot be written is not remembered.
  func keep(_ plan: DirectPlan) {
    guard !plan.isBorrowed, !plan.isIncremental, hasMainFile(plan.sources), let output = plan.link.firstIndex(of: "-o"),
      plan.link.indices.contains(output + 1), let packages = PackageSources(shape.dependencies),
      // What has changed since SwiftPM began may be in what it built, or not.
      packages.changedAt < plan.since,
      packages.cover(project.scratchPath, besides: plan.sources, toolchain: project.toolchain)
    else { return }
    // SwiftPM's plan is that project's own affair.
    let inputs = plan.inputs.filter { Path.suffix(of: $0.key) != "yaml" }.map { path, stamp in
      let numbers = [Int(bitPattern: stamp.inode), stamp.size, stamp.seconds, stamp.nanoseconds]
      return (name: path, value: JSONValue.array(numbers.map { .int(Int64($0)) }))
    }
    let json: JSONValue = [
      "module": .string(shape.module), "project": .string(project.directory), "objects": .string(plan.directory),
      "since": .int(Int64(plan.since)), "packages": .string(ContentHash.name(packages.identity)),
      "executable": .string(plan.link[output + 1]),
      "sources": .array(plan.sources.map { .string($0) }),
      "compile": .array(plan.compile.map { .string($0) }), "link": .array(plan.link.map { .string($0) }),
      "inputs": .object(JSONObject(inputs.sorted { $0.name < $1.name })),
    ]
    try? Files.makeDirectories(Path.directory(of: file), mode: 0o700)
    try? Files.replace(file, json.serialized, mode: 0o600)
  }

  // MARK: Recalling

  /// The remembered plan with this project's files and names; nil when there is none that is right.
  func recall() -> DirectPlan? {
    guard let bytes = try? Files.read(file), let json = try? JSONParser.parse(bytes), let module = json["module"]?.string,
      let directory = json["project"]?.string, let objects = json["objects"]?.string, let built = json["executable"]?.string,
      let compile = words(json["compile"]), let link = words(json["link"]), let old = words(json["sources"]),
      var inputs = stamps(json["inputs"]), let sources = ownSources, hasMainFile(sources), !old.isEmpty,
      let since = json["since"]?.int, let packages = PackageSources(shape.dependencies),
      json["packages"]?.string == ContentHash.name(packages.identity)
    else { return nil }
    let own = Path.join(project.scratchPath, "webio-direct/\(project.product)")
    let executable = Path.join(own, project.product)
    guard (try? Files.makeDirectories(own)) != nil else { return nil }
    let renamed = [
      "\(module)_main": "\(shape.module)_main", "main=\(module)_main": "main=\(shape.module)_main",
      directory: project.directory,
    ]
    var compiling: [String] = []
    var rest = compile[...]
    while let word = rest.popFirst() {
      switch word {
      case "-primary-file", "-o": rest = rest.dropFirst()
      case "-module-name":
        rest = rest.dropFirst()
        compiling += [word, shape.module]
      default: compiling.append(renamed[word] ?? word)
      }
    }
    for source in sources { compiling += ["-primary-file", source] }
    let results = sources.indices.map { "\(own)/\($0).o" }
    for result in results { compiling += ["-o", result] }
    let oldResults = Set(old.indices.map { "\(objects)/\($0).o" })
    var linking: [String] = []
    for word in link {
      if oldResults.contains(word) {
        if word == "\(objects)/0.o" { linking += results }
      } else if word == built {
        linking.append(executable)
      } else if word.hasPrefix("\(objects)/library-"), let stamp = inputs.removeValue(forKey: word) {
        // A name of its own: the other project may be deleted.
        let kept = Path.join(own, Path.name(of: word))
        unlink(kept)
        let isKept = Glibc.link(word, kept) == 0
        linking.append(isKept ? kept : word)
        inputs[isKept ? kept : word] = stamp
      } else {
        linking.append(renamed[word] ?? word)
      }
    }
    let plan = DirectPlan(
      sources: sources, compile: compiling, link: linking, isIncremental: false, directory: own, copies: [:],
      executable: executable, since: since, inputs: inputs)
    return plan.isCurrent ? plan : nil
  }

  /// All files of the module; nil when there is more than a few Swift files.
  private var ownSources: [String]? {
    var sources: [String] = []
    var rest = [shape.directory]
    while let directory = rest.popLast() {
      for name in (try? Files.list(directory)) ?? [] where !name.hasPrefix(".") {
        let path = Path.join(directory, name)
        if Files.isDirectory(path) { rest.append(path) } else { sources.append(path) }
      }
    }
    let isPlain = sources.allSatisfy { Path.suffix(of: $0) == "swift" }
    return isPlain && !sources.isEmpty && sources.count <= DirectPlan.fileLimit ? sources.sorted() : nil
  }

  /// With it, and only with it, SwiftPM lets a module have top-level code.
  private func hasMainFile(_ sources: [String]) -> Bool { sources.contains { Path.name(of: $0) == "main.swift" } }

  private func words(_ json: JSONValue?) -> [String]? {
    guard let values = json?.array else { return nil }
    let words = values.compactMap(\.string)
    return words.count == values.count ? words : nil
  }

  private func stamps(_ json: JSONValue?) -> [String: FileStamp]? {
    guard let members = json?.object?.members else { return nil }
    var stamps: [String: FileStamp] = [:]
    for (path, value) in members {
      guard let numbers = value.array?.compactMap(\.int), numbers.count == 4 else { return nil }
      stamps[path] = FileStamp(
        inode: UInt(bitPattern: numbers[0]), size: numbers[1], seconds: numbers[2], nanoseconds: numbers[3])
    }
    return stamps
  }
}

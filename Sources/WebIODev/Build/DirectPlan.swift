import Glibc
import WebIOHTTP
import WebIOPosix

/// The commands that SwiftPM planned for the app's own module, to be run without SwiftPM.
///
/// A module of few files is compiled whole by one compiler call, so that no stale object can be linked; one of many by the
/// driver that SwiftPM would call, which compiles what has to be. Then comes one linker call, against a library of everything
/// that is not the app's own. It is right as long as nothing has changed but the contents of the module's files: nothing
/// depends on an executable's module. What the plan does not cover, such as a library that a new `import` needs, fails to
/// link, and then SwiftPM builds.
package struct DirectPlan: Sendable, Equatable {
  /// The module's files.
  let sources: [String]
  let compile: [String]
  let link: [String]
  /// The compiler's driver keeps objects of its own and compiles what has changed.
  let isIncremental: Bool
  /// For what is made on the way.
  let directory: String
  let copies: [String: String]
  /// Another place for the executable than SwiftPM's; only in a plan that another project has lent.
  let executable: String?
  /// When the build began that this was made after, in seconds since 1970.
  let since: Int
  /// SwiftPM's plan and all that it built but the app's own module: another one of them makes this void.
  let inputs: [String: FileStamp]

  /// It was made in another project.
  var isBorrowed: Bool { executable != nil }

  /// A module of more files compiles faster when only what has changed is compiled.
  static let fileLimit = 12

  /// Whether what was planned and built then is still what is there.
  var isCurrent: Bool { inputs.allSatisfy { FileStamp($0.key) == $0.value } }

  /// Where the app finds a resource; nil for one that is not just copied.
  func copy(of resource: String) -> String? {
    if let place = copies[resource] { return place }
    for (directory, place) in copies where resource.hasPrefix(directory + "/") {
      return place + resource.dropFirst(directory.count)
    }
    return nil
  }

  /// Reads SwiftPM's plan after a good build. Nil when there is something in it that this path does not know.
  @EventLoop
  static func make(
    scratchPath: String, product: String, since: Int, environment: [String], directory: String
  ) async -> DirectPlan? {
    let run: @EventLoop ([String]) async -> [String]? = { words in
      let output = try? await CommandOutput.of(
        words[0], Array(words.dropFirst()) + ["-###"], environment: environment, directory: directory)
      return output?.status.isSuccess == true ? output?.lines : nil
    }
    // Taken first: what changes while this is made is noticed.
    guard let planned = PlannedCommands(scratchPath, product: product), let stamp = FileStamp(planned.manifest),
      let compileJobs = await run(planned.compile), let linkJobs = await run(planned.link)
    else { return nil }
    // Two single files share a scratch path, and must not share objects.
    let objects = Path.join(scratchPath, "webio-direct/\(product)")
    let isIncremental = planned.sources.count > fileLimit
    guard let linkJob = linkJobs.last(where: { !$0.isEmpty }).flatMap(ShellWords.split), !linkJob.isEmpty,
      var linker = (await run(linkJob))?.last(where: { !$0.isEmpty }).flatMap(ShellWords.split),
      let first = linker.first, Path.name(of: first).hasSuffix("lld"),
      let own = ownObjects(compileJobs, planned.sources), (try? Files.makeDirectories(objects)) != nil,
      let compile = isIncremental ? planned.incrementalCompile : compile(compileJobs, planned.sources, objects)
    else { return nil }
    // The serialized module of the app is for debuggers.
    linker.removeAll { $0.hasSuffix("/\(planned.module).swiftmodule.o") }
    guard own.keys.allSatisfy(linker.contains) else { return nil }
    var inputs = [planned.manifest: stamp]
    for word in linker where word.hasSuffix(".o") && own[word] == nil { inputs[word] = FileStamp(word) }
    for module in planned.otherModules { inputs[module] = FileStamp(module) }
    if let merged = await MergedLibrary.make(
      linker, own: Set(own.keys), inputs: inputs, in: objects, environment: environment, directory: directory)
    {
      linker = merged.link
      inputs[merged.path] = FileStamp(merged.path)
    }
    if !isIncremental { linker = linker.map { word in own[word].map { "\(objects)/\($0).o" } ?? word } }
    let plan = DirectPlan(
      sources: planned.sources, compile: compile, link: linker, isIncremental: isIncremental, directory: objects,
      copies: planned.copies, executable: nil, since: since, inputs: inputs)
    return plan.isCurrent ? plan : nil
  }

  /// What the driver would write beside the objects is for its own bookkeeping.
  private static let bookkeeping: Set<String> = [
    "-emit-dependencies-path", "-emit-reference-dependencies-path", "-serialize-diagnostics-path",
    "-emit-const-values-path", "-index-store-path", "-index-unit-output-path",
  ]

  /// One call for all files.
  private static func compile(_ jobs: [String], _ sources: [String], _ objects: String) -> [String]? {
    let jobs = jobs.compactMap(ShellWords.split).filter { $0.contains("-c") && $0.contains("-frontend") }
    guard let words = jobs.first, !words.contains("-filelist"), !words.contains("-supplementary-output-file-map")
    else { return nil }
    let inputs = Set(sources)
    var kept: [String] = []
    var rest = words[...]
    while let word = rest.popFirst() {
      if bookkeeping.contains(word) || word == "-o" {
        rest = rest.dropFirst()
      } else if word != "-primary-file", !inputs.contains(word) {
        kept.append(word)
      }
    }
    for source in sources { kept += ["-primary-file", source] }
    for index in sources.indices { kept += ["-o", "\(objects)/\(index).o"] }
    return kept
  }

  /// The objects of the module, each with its source's number.
  private static func ownObjects(_ compileJobs: [String], _ sources: [String]) -> [String: Int]? {
    var numbers: [String: Int] = [:]
    for job in compileJobs.compactMap(ShellWords.split) where job.contains("-c") {
      let primaries = job.indices.filter { job[$0] == "-primary-file" }.map { job[$0 + 1] }
      let outputs = job.indices.filter { job[$0] == "-o" }.map { job[$0 + 1] }
      guard primaries.count == outputs.count else { return nil }
      for (primary, output) in zip(primaries, outputs) { numbers[output] = sources.firstIndex(of: primary) }
    }
    return numbers.count == sources.count ? numbers : nil
  }
}

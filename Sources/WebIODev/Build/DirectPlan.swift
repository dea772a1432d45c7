import Glibc
import WebIOHTTP
import WebIOPosix

/// The commands that SwiftPM planned for the app's own module, to be run without SwiftPM: one compiler call for all files
/// of the module, and one linker call.
///
/// It is right as long as nothing has changed but the contents of these files. Nothing depends on an executable's module,
/// and every file of it is compiled each time, so no stale object can be linked. What the plan does not cover, such as
/// a library that a new `import` needs, fails to link, and then SwiftPM builds.
package struct DirectPlan: Sendable, Equatable {
  /// The module's files.
  let sources: Set<String>
  let compile: [String]
  let link: [String]
  /// What SwiftPM wrote its plan into, and when: another plan makes this one void.
  private let manifest: String
  private let manifestTime: Int

  /// A module of more files compiles faster by SwiftPM's incremental build.
  private static let fileLimit = 12

  /// Whether SwiftPM's plan is still the one this was made from.
  var isCurrent: Bool { Self.modified(manifest) == manifestTime }

  private static func modified(_ path: String) -> Int? {
    Files.status(path).map { Int($0.st_mtim.tv_sec) &* 1_000_000_000 &+ Int($0.st_mtim.tv_nsec) }
  }

  /// Reads SwiftPM's plan after a good build. Nil when there is something in it that this path does not know.
  @EventLoop
  static func make(scratchPath: String, product: String, environment: [String], directory: String) async -> DirectPlan? {
    let manifest = Path.join(scratchPath, "debug.yaml")
    guard let text = try? Files.read(manifest), let time = modified(manifest),
      let linkDriver = arguments(of: product, kind: "exe", in: text),
      let module = option("-module-name", in: linkDriver),
      let compileDriver = arguments(of: module, kind: "module", in: text),
      let sources = sources(compileDriver), sources.count <= fileLimit
    else { return nil }
    let run: @EventLoop ([String]) async -> [String]? = { words in
      let output = try? await CommandOutput.of(
        words[0], Array(words.dropFirst()) + ["-###"], environment: environment, directory: directory)
      return output?.status.isSuccess == true ? output?.lines : nil
    }
    guard let compileJobs = await run(compileDriver), let linkJobs = await run(linkDriver) else { return nil }
    // Two single files share a scratch path, and must not share objects.
    let objects = Path.join(scratchPath, "webio-direct/\(product)")
    guard let compile = compile(compileJobs, sources, objects),
      let linkJob = linkJobs.last(where: { !$0.isEmpty }).flatMap(ShellWords.split), !linkJob.isEmpty,
      let linker = (await run(linkJob))?.last(where: { !$0.isEmpty }).flatMap(ShellWords.split),
      let link = link(linker, compileJobs, sources, objects), (try? Files.makeDirectories(objects)) != nil,
      modified(manifest) == time
    else { return nil }
    return DirectPlan(
      sources: Set(sources), compile: compile, link: link, manifest: manifest, manifestTime: time)
  }

  // MARK: SwiftPM's plan

  /// The `args:` of the node `C.NAME-TRIPLE-debug.KIND`: a JSON list on one line.
  private static func arguments(of name: String, kind: String, in manifest: [UInt8]) -> [String]? {
    let start = Array("  \"C.\(name)-".utf8)
    let end = Array("-debug.\(kind)\":".utf8)
    let marker = Array("    args: ".utf8)
    var isNode = false
    for line in manifest.split(separator: UInt8(ascii: "\n")) {
      if line.starts(with: start) {
        isNode = line.suffix(end.count).elementsEqual(end)
      } else if isNode, line.starts(with: marker) {
        return (try? JSONParser.parse(Array(line.dropFirst(marker.count))))?.array.flatMap { values in
          let words = values.compactMap(\.string)
          return words.count == values.count && !words.isEmpty ? words : nil
        }
      }
    }
    return nil
  }

  private static func option(_ name: String, in words: [String]) -> String? {
    words.firstIndex(of: name).flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil }
  }

  /// From the driver's response file.
  private static func sources(_ driver: [String]) -> [String]? {
    guard let list = driver.first(where: { $0.hasPrefix("@") && $0.hasSuffix("/sources") }),
      let text = try? Files.readText(String(list.dropFirst()))
    else { return nil }
    let files = text.split(separator: "\n").compactMap { ShellWords.split(String($0))?.first }
    return files.isEmpty || files.contains { !$0.hasSuffix(".swift") } ? nil : files
  }

  // MARK: The two commands

  /// What the driver would write beside the objects is for its own bookkeeping.
  private static let bookkeeping: Set<String> = [
    "-emit-dependencies-path", "-emit-reference-dependencies-path", "-serialize-diagnostics-path",
    "-emit-const-values-path", "-index-store-path", "-index-unit-output-path",
  ]

  private static func compile(_ jobs: [String], _ sources: [String], _ objects: String) -> [String]? {
    let jobs = jobs.compactMap(ShellWords.split).filter { $0.contains("-c") && $0.contains("-frontend") }
    guard var words = jobs.first, !words.contains("-filelist"), !words.contains("-supplementary-output-file-map")
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
    words = kept
    for source in sources { words += ["-primary-file", source] }
    for index in sources.indices { words += ["-o", "\(objects)/\(index).o"] }
    return words
  }

  /// The linker's own command with the module's objects changed for ours. Its serialized module is for debuggers.
  private static func link(
    _ linker: [String], _ compileJobs: [String], _ sources: [String], _ objects: String
  ) -> [String]? {
    var object: [String: String] = [:]
    for job in compileJobs.compactMap(ShellWords.split) where job.contains("-c") {
      let primaries = job.indices.filter { job[$0] == "-primary-file" }.map { job[$0 + 1] }
      let outputs = job.indices.filter { job[$0] == "-o" }.map { job[$0 + 1] }
      guard primaries.count == outputs.count else { return nil }
      for (primary, output) in zip(primaries, outputs) { object[output] = primary }
    }
    var replaced = 0
    let words = linker.compactMap { word -> String? in
      if word.hasSuffix(".swiftmodule.o") { return nil }
      guard let source = object[word], let index = sources.firstIndex(of: source) else { return word }
      replaced += 1
      return "\(objects)/\(index).o"
    }
    return replaced == sources.count && Path.name(of: linker[0]).hasSuffix("lld") ? words : nil
  }
}

/// Takes a line apart as a POSIX shell would, as far as drivers quote: `'…'`, `"…"` and backslashes.
enum ShellWords {
  static func split(_ line: String) -> [String]? {
    var words: [String] = []
    var word: [UInt8]?
    var quote: UInt8?
    var bytes = Array(line.utf8)[...]
    while let byte = bytes.popFirst() {
      if let open = quote {
        if byte == open {
          quote = nil
        } else if byte == UInt8(ascii: "\\"), open == UInt8(ascii: "\""), let next = bytes.popFirst() {
          word?.append(next)
        } else {
          word?.append(byte)
        }
      } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
        quote = byte
        word = word ?? []
      } else if byte == UInt8(ascii: "\\") {
        guard let next = bytes.popFirst() else { return nil }
        word = (word ?? []) + [next]
      } else if byte == UInt8(ascii: " ") {
        if let done = word { words.append(String(decoding: done, as: UTF8.self)) }
        word = nil
      } else {
        word = (word ?? []) + [byte]
      }
    }
    guard quote == nil else { return nil }
    if let done = word { words.append(String(decoding: done, as: UTF8.self)) }
    return words
  }
}

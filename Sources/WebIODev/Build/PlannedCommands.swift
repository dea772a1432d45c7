import WebIOHTTP
import WebIOPosix

/// What SwiftPM's plan in a scratch path says about an executable: how its module is compiled and how it is linked.
struct PlannedCommands {
  /// `debug.yaml`
  let manifest: String
  let module: String
  /// The module's files.
  let sources: [String]
  /// The compiler's driver with its arguments.
  let compile: [String]
  /// The same as link driver.
  let link: [String]
  /// What the other modules of the build promise.
  let otherModules: [String]
  /// Where SwiftPM copies each resource to. A directory is copied with all that is in it.
  let copies: [String: String]

  /// Nil when it is not the plan that this knows.
  init?(_ scratchPath: String, product: String) {
    manifest = Path.join(scratchPath, "debug.yaml")
    guard let text = try? Files.read(manifest),
      let link = Self.arguments(of: product, kind: "exe", in: text),
      let module = Self.option("-module-name", in: link),
      let compile = Self.arguments(of: module, kind: "module", in: text),
      let sources = Self.sources(compile)
    else { return nil }
    (self.module, self.sources, self.compile, self.link) = (module, sources, compile, link)
    copies = Self.copies(in: text)
    let modules = Path.join(scratchPath, "debug/Modules")
    otherModules = ((try? Files.list(modules)) ?? []).filter { $0.hasSuffix(".swiftmodule") && $0 != "\(module).swiftmodule" }
      .map { Path.join(modules, $0) }
  }

  /// The driver's own incremental build, with diagnostics as text. Nil when it would compile everything each time.
  var incrementalCompile: [String]? {
    guard compile.contains("-incremental") else { return nil }
    return compile.filter { $0 != "-parseable-output" }
  }

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

  /// Nodes of `tool: copy-tool` with one `inputs:` and one `outputs:` each.
  private static func copies(in manifest: [UInt8]) -> [String: String] {
    var copies: [String: String] = [:]
    var source: String?
    var isCopy = false
    for line in manifest.split(separator: UInt8(ascii: "\n")) {
      if line.starts(with: "    tool: ".utf8) { isCopy = line.elementsEqual("    tool: copy-tool".utf8) }
      guard isCopy else { continue }
      if let input = only("inputs", in: line) { source = input }
      if let output = only("outputs", in: line), let from = source {
        copies[from] = output
        source = nil
      }
    }
    return copies
  }

  /// The only element of the list `    NAME: ["…"]`, without the slash of a directory.
  private static func only(_ name: String, in line: ArraySlice<UInt8>) -> String? {
    let marker = Array("    \(name): ".utf8)
    guard line.starts(with: marker), let list = (try? JSONParser.parse(Array(line.dropFirst(marker.count))))?.array,
      list.count == 1, let path = list[0].string
    else { return nil }
    return path.hasSuffix("/") ? String(path.dropLast()) : path
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
}

import Glibc
import WebIOPosix

/// Everything that an app is linked with and that is not its own, as one shared library: a link that reads only the app's
/// objects and a table of names takes a third of the time. The library is named by absolute path, so that it is this one
/// that the app loads.
struct MergedLibrary {
  let path: String
  /// The linker's command with the library in the place of the objects.
  let link: [String]

  /// `linker` is the command of a whole link, `own` are the app's objects in it; `inputs` say what the library is made of.
  /// Nil when it cannot be done safely.
  @EventLoop
  static func make(
    _ linker: [String], own: Set<String>, inputs: [String: FileStamp], in directory: String, environment: [String],
    directory workingDirectory: String
  ) async -> MergedLibrary? {
    let others = linker.filter { inputs[$0] != nil && $0.hasSuffix(".o") && isBuilt($0) }
    // An archive would be in the app and in the library, with its variables twice.
    guard others.count > 1, !linker.contains(where: { $0.hasSuffix(".a") || $0 == "-static" || $0.hasPrefix("-Bstatic") })
    else { return nil }
    let identity = inputs.sorted { $0.key < $1.key }.reduce(UInt64(0)) { hash, input in
      let stamp = input.value
      return ContentHash.of("\(input.key) \(stamp.inode) \(stamp.size) \(stamp.seconds) \(stamp.nanoseconds)", seed: hash)
    }
    let name = "library-\(ContentHash.name(identity)).so"
    let path = Path.join(directory, name)
    if !Files.isFile(path) {
      guard let words = command(linker, own, path) else { return nil }
      let output = try? await CommandOutput.of(
        words[0], Array(words.dropFirst()), environment: environment, directory: workingDirectory)
      // The linker has told which files it read.
      guard let output, output.status.isSuccess, output.lines.allSatisfy(isHarmless),
        (try? Files.rename("\(path).new", to: path)) != nil
      else { return nil }
    }
    for old in (try? Files.list(directory)) ?? [] where old.hasPrefix("library-") && old != name {
      unlink(Path.join(directory, old))
    }
    let merged = Set(others)
    var link = linker.filter { !merged.contains($0) }
    guard let place = link.lastIndex(where: own.contains) else { return nil }
    link.insert(path, at: place + 1)
    return MergedLibrary(path: path, link: link)
  }

  /// Not one of the C library's or the toolchain's, which each executable has for itself.
  private static func isBuilt(_ object: String) -> Bool {
    !Path.name(of: object).hasPrefix("crt") && !Path.name(of: object).hasPrefix("Scrt")
      && Path.name(of: object) != "swiftrt.o"
  }

  /// A line of `--trace`: an archive's member is `libfoo.a(bar.o)`. Those of the compiler's own library keep no state.
  private static func isHarmless(_ line: String) -> Bool {
    !line.contains(".a(") || line.contains("/libgcc.a(") || line.contains("/libgcc_eh.a(")
      || line.contains("/libc_nonshared.a(")
  }

  private static func command(_ linker: [String], _ own: Set<String>, _ path: String) -> [String]? {
    var words: [String] = []
    var rest = linker[...]
    while let word = rest.popFirst() {
      switch word {
      case "-o":
        guard rest.popFirst() != nil else { return nil }
        words += ["-o", "\(path).new"]
      case "-pie": words.append("-shared")
      case "-dynamic-linker", "--defsym": rest = rest.dropFirst()
      default: if !own.contains(word), !Path.name(of: word).hasPrefix("Scrt") { words.append(word) }
      }
    }
    return words.contains("-shared") ? words + ["--trace"] : nil
  }
}

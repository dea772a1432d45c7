import Glibc
import WebIOHTTP
import WebIOPosix

/// `webio new TEMPLATE DIR`: a plan of files, written beside the target, then one rename.
struct NewCommand {
  static let flags = [
    Flag("list", .none, "list the templates"),
    Flag("json", .none, "print the plan or the list as JSON"),
    Flag("dry-run", .none, "say what would be written, write nothing"),
    Flag("force", .none, "write into a directory that is not empty, over files that are there"),
    Flag("skip", .none, "write into a directory that is not empty, and keep files that are there"),
    Flag("no-git", .none, "make no git repository"),
    Flag("toolkit", .required("PATH"), "name WebIO by this checkout"),
    Flag("toolkit-url", .required("URL@VERSION"), "name WebIO by its repository and version"),
  ]

  private let arguments: Arguments
  private let console: Console

  init(_ words: [String]) throws {
    arguments = try Arguments(words, flags: Self.flags, maximum: 2)
    console = Console(json: arguments.has("json"))
  }

  func run() throws {
    if arguments.has("list") { return list() }
    guard let template = arguments.positionals.first else {
      list()
      throw CommandError.usage("Which template?", advice: "For example: webio new hello my-app")
    }
    guard TemplateCatalog.names.contains(template) else {
      throw CommandError.usage(
        "There is no template \"\(template)\".", advice: "There are: \(TemplateCatalog.names.joined(separator: ", ")).")
    }
    let own = TemplateCatalog.isAdapter(template) ? "\(template)-app" : template
    let directory = arguments.positionals.count > 1 ? arguments.positionals[1] : own
    guard !directory.isEmpty else {
      throw CommandError.usage("The directory has no name.", advice: "For example: webio new \(template) my-app")
    }
    let target = absolute(directory)
    let name = try ProjectName(Path.name(of: target))
    guard !TemplateCatalog.isAdapter(template) || !ASCII.equalsIgnoringCase(name.name, template) else {
      throw CommandError.usage(
        "A project in a \(template) server cannot be named \(name.name): that is the server's package.",
        advice: "For example: webio new \(template) \(own)")
    }
    try checkTarget(target, directory)
    let files = plan(template, name, TemplateCatalog.isApp(template) ? try Toolkit(arguments).dependency : "")
    if arguments.has("dry-run") { return report(files, directory, next: "") }

    if Files.exists(target) {
      try writeInto(target, files)
    } else {
      try writeAtOnce(target, files)
    }
    if !arguments.has("no-git") { makeRepository(target) }
    report(files, directory, next: TemplateCatalog.nextStep(template))
  }

  private func list() {
    for name in TemplateCatalog.names {
      if console.isJSON {
        console.event("template", ["name": .string(name), "summary": .string(TemplateCatalog.summary(of: name))])
      } else {
        console.result("\(name)\t\(TemplateCatalog.summary(of: name))")
      }
    }
  }

  private func absolute(_ directory: String) -> String {
    let path = Path.join(Files.currentDirectory, directory)
    return Files.resolve(path)
      ?? Path.join(Files.resolve(Path.directory(of: path)) ?? Path.directory(of: path), Path.name(of: path))
  }

  private func checkTarget(_ target: String, _ directory: String) throws {
    guard Files.exists(target) else {
      guard Files.isDirectory(Path.directory(of: target)) else {
        throw CommandError.usage("The directory above \(directory) does not exist.", advice: "Create it first.")
      }
      return
    }
    guard Files.isDirectory(target) else {
      throw CommandError.usage("\(directory) exists and is no directory.", advice: "Choose another name.")
    }
    let contents = try Files.list(target).filter { $0 != ".git" }
    if !contents.isEmpty, !arguments.has("force"), !arguments.has("skip") {
      throw CommandError.usage(
        "The directory \(directory) is not empty (\(contents.prefix(3).joined(separator: ", "))).",
        advice: "Choose another one; or --skip keeps the files that are there, --force writes over them.")
    }
  }

  private func plan(_ template: String, _ name: ProjectName, _ toolkit: String) -> [TemplateCatalog.Entry] {
    TemplateCatalog.files(of: template).map { file in
      let text = String(decoding: file.bytes, as: UTF8.self)
      let filled = [("{{name}}", name.name), ("{{module}}", name.module), ("{{toolkit}}", toolkit)]
        .reduce(text) { $0.replacing($1.0, with: $1.1) }
      return TemplateCatalog.Entry(path: file.path, bytes: Array(filled.utf8))
    }
  }

  /// Into a sibling, which then takes the target's name: a failure leaves nothing half-written.
  private func writeAtOnce(_ target: String, _ files: [TemplateCatalog.Entry]) throws {
    let temporary = "\(target).webio-\(getpid())"
    do {
      try writeInto(temporary, files)
      try Files.rename(temporary, to: target)
    } catch {
      try? Files.remove(temporary)
      throw CommandError(.failed, "The project could not be written. \(error)", advice: "Nothing was left behind.")
    }
  }

  private func writeInto(_ directory: String, _ files: [TemplateCatalog.Entry]) throws {
    for file in files {
      let path = Path.join(directory, file.path)
      try Files.makeDirectories(Path.directory(of: path))
      if Files.exists(path) {
        if arguments.has("skip") { continue }
        try Files.replace(path, file.bytes, mode: file.mode)
      } else {
        try Files.create(path, file.bytes, mode: file.mode)
      }
    }
  }

  /// Not inside another repository, and a missing git is no error.
  private func makeRepository(_ target: String) {
    var above = target
    while above != "/" {
      if Files.exists(Path.join(above, ".git")) { return }
      above = Path.directory(of: above)
    }
    guard let git = Environment.executable("git") else { return }
    _ = Subprocess.run(git, ["init", "--quiet", target])
  }

  private func report(_ files: [TemplateCatalog.Entry], _ directory: String, next: String) {
    let isDry = arguments.has("dry-run")
    if console.isJSON {
      let paths = files.map { JSONValue.string(Path.join(directory, $0.path)) }
      return console.event(isDry ? "plan" : "created", ["directory": .string(directory), "files": .array(paths)])
    }
    for file in files { console.note("  \(isDry ? "would write" : "wrote") \(Path.join(directory, file.path))") }
    if !isDry {
      console.note("\nNow:\n  \(console.styled("cd \(directory)", .bold))\n  \(console.styled(next, .bold))")
    }
  }
}

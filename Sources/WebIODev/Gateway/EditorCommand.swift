import Glibc
import WebIOHTTP
import WebIOPosix

/// How to show a place of a file in the developer's editor: a program and its arguments, never a shell's line.
package struct EditorCommand: Sendable, Equatable {
  package let path: String
  package let arguments: [String]

  /// Why there is none.
  package enum Refusal: Error, Equatable {
    case notConfigured
    case notFound(String)
    /// It needs a terminal, which a click in the browser does not have.
    case needsTerminal(String)
  }

  /// From `WEBIO_EDITOR`, `VISUAL` or `EDITOR`, whichever is first. `file` must be absolute, so that it is no option.
  package init(file: String, line: Int, column: Int, environment: (String) -> String? = { Environment[$0] }) throws {
    precondition(file.hasPrefix("/"), "a path that could be an option")
    let names = ["WEBIO_EDITOR", "VISUAL", "EDITOR"]
    guard let setting = names.lazy.compactMap(environment).first(where: { !$0.isEmpty }) else {
      throw Refusal.notConfigured
    }
    let words = setting.split(separator: " ").map(String.init)
    guard let program = words.first else { throw Refusal.notConfigured }
    let name = Path.name(of: program)
    let place = "\(file):\(line):\(column)"
    let own: [String]
    switch name {
    case "code", "code-insiders", "codium", "vscodium", "cursor", "windsurf", "positron": own = ["-g", place]
    case "zed", "zeditor", "subl", "sublime_text", "atom", "pulsar", "lapce", "fleet": own = [place]
    case "idea", "clion", "fleet.sh", "appcode": own = ["--line", "\(line)", "--column", "\(column)", file]
    case "kate": own = ["--line", "\(line)", "--column", "\(column)", file]
    case "gedit", "gnome-text-editor": own = ["+\(line):\(column)", file]
    case "gvim", "mvim", "nvim-qt", "neovide": own = ["+\(line)", file]
    case "emacsclient", "emacs": own = ["+\(line):\(column)", file]
    case "vi", "vim", "nvim", "nano", "micro", "hx", "helix", "kak", "ed", "joe", "ne", "mcedit":
      throw Refusal.needsTerminal(name)
    default: own = [file]
    }
    let found = program.utf8.contains(UInt8(ascii: "/")) ? program : Environment.executable(program)
    guard let found, Files.isExecutable(found) else { throw Refusal.notFound(program) }
    path = found
    // `code -g -g` does no harm, and a `--wait` meant for git does.
    arguments = words.dropFirst().filter { $0 != "--wait" && $0 != "-w" } + own
  }

  /// Starts it in a session of its own: it lives longer than we do.
  package func launch() -> Bool {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    let newSession: Int32 = 0x80
    posix_spawnattr_setflags(&attributes, Int16(newSession | Int32(POSIX_SPAWN_SETSIGMASK)))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor in Int32(0)...2 { posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0) }
    var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = Environment.all.map { strdup($0) } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var child: pid_t = 0
    guard posix_spawn(&child, path, &actions, &attributes, &argv, &envp) == 0 else { return false }
    let started = child
    Thread.start(name: "webio-editor") {
      var status: Int32 = 0
      waitpid(started, &status, 0)
    }
    return true
  }
}

/// Which file of the project a page may ask to open.
struct OpenableFiles: Sendable {
  /// Absolute, without links.
  let package: String
  /// A compiler's path by the one the developer knows.
  var single: Set<String> = []

  /// The absolute path of an existing plain file in the package, or nil. Links are followed before the look.
  func resolve(_ name: String) -> String? {
    guard !name.isEmpty, name.utf8.count < 4096, !name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }),
      let path = Files.resolve(Path.join(package, name)), Files.isFile(path)
    else { return nil }
    if single.contains(path) { return path }
    return path.hasPrefix(package + "/") ? path : nil
  }
}

import CWebIOLinux
import Glibc

/// Opens URLs in the browser of this machine.
package enum Browser {
  /// The command is `$BROWSER`, else xdg-open(1). False when there is none, or when `BROWSER=none`.
  ///
  /// The browser is not a child that ends with us: it gets a session of its own.
  @discardableResult
  package static func open(_ url: String) -> Bool {
    let wanted = Environment["BROWSER"] ?? "xdg-open"
    guard wanted != "none" else { return false }
    let path = wanted.utf8.contains(UInt8(ascii: "/")) ? wanted : Environment.executable(wanted)
    guard let path, Files.isExecutable(path) else { return false }
    Thread.start(name: "webio-browser") {
      var attributes = posix_spawnattr_t()
      posix_spawnattr_init(&attributes)
      var none = sigset_t()
      sigemptyset(&none)
      posix_spawnattr_setsigmask(&attributes, &none)
      posix_spawnattr_setflags(&attributes, Int16(webio_spawn_new_session() | POSIX_SPAWN_SETSIGMASK))
      defer { posix_spawnattr_destroy(&attributes) }
      var actions = posix_spawn_file_actions_t()
      posix_spawn_file_actions_init(&actions)
      for descriptor in Int32(0)...2 {
        posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
      }
      defer { posix_spawn_file_actions_destroy(&actions) }
      var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(path), strdup(url), nil]
      defer { arguments.forEach { free($0) } }
      var child: pid_t = 0
      guard posix_spawn(&child, path, &actions, &attributes, &arguments, webio_environment()) == 0 else { return }
      var status: Int32 = 0
      waitpid(child, &status, 0)
    }
    return true
  }
}

/// What `print` of an app goes through.
package enum OutputBuffering {
  /// Lines leave at once although standard output is a pipe.
  package static func byLine() { webio_line_buffer_stdout() }
}

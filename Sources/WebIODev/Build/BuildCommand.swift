import WebIOPosix

/// What to run to build an app.
package struct BuildCommand: Sendable, Equatable {
  package var path: String
  package var arguments: [String]
  package var environment: [String]
  package var directory: String
  /// Where the executable is once the build has succeeded.
  package var executable: String
  /// Where SwiftPM keeps its plan; nil when it is not SwiftPM that builds.
  var scratchPath: String?

  package init(path: String, arguments: [String], environment: [String], directory: String, executable: String) {
    self.path = path
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
    self.executable = executable
  }

  /// `swift build` of one product in a scratch path of its own: an editor's or a terminal's build does not lock us out.
  ///
  /// SwiftPM's cached plan does not see a file that is new in a package we depend on by path; making the plan anew costs
  /// 80 ms. Arguments and environment are the same each time, for SwiftPM plans anew when they are not. The index is for
  /// editors, which have their own; lld is the toolchain's fastest linker; line tables are what a backtrace needs; in the
  /// LLVM style notes have places of their own.
  package static func swiftBuild(_ project: Project) -> BuildCommand {
    let linker = project.toolchain.hasFastLinker ? ["-Xswiftc", "-use-ld=lld"] : []
    var command = BuildCommand(
      path: project.toolchain.swift,
      arguments: [
        "build", "--product", project.product, "--scratch-path", project.scratchPath, "--disable-index-store",
        "--disable-build-manifest-caching", "-Xswiftc", "-gline-tables-only", "-Xswiftc", "-diagnostic-style=llvm",
      ] + linker,
      environment: project.toolchain.environment, directory: project.directory,
      executable: Path.join(project.scratchPath, "debug/\(project.product)"))
    command.scratchPath = project.scratchPath
    return command
  }

  /// An optimized build, which takes longer and is never replaced by a quicker one.
  ///
  /// A package's has a scratch path of its own, so that it and `webio dev` do not wait for each other; single files share
  /// theirs, so that WebIO is compiled once for all of them.
  package static func releaseBuild(_ project: Project) -> BuildCommand {
    let linker = project.toolchain.hasFastLinker ? ["-Xswiftc", "-use-ld=lld"] : []
    let scratchPath = project.renamed.isEmpty ? Path.join(project.directory, ".build/webio-run") : project.scratchPath
    return BuildCommand(
      path: project.toolchain.swift,
      arguments: [
        "build", "-c", "release", "--product", project.product, "--scratch-path", scratchPath,
        "--disable-index-store", "--disable-build-manifest-caching", "-Xswiftc", "-gline-tables-only", "-Xswiftc",
        "-diagnostic-style=llvm",
      ] + linker,
      environment: project.toolchain.environment, directory: project.directory,
      executable: Path.join(scratchPath, "release/\(project.product)"))
  }
}

/// The compiler, and the environment it always gets.
package struct Toolchain: Sendable, Equatable {
  /// `…/bin/swift`
  package let swift: String
  package let environment: [String]

  /// What differs between two terminals and means nothing to a build.
  private static let noise: Set<String> = [
    "_", "COLUMNS", "LINES", "OLDPWD", "PWD", "SHLVL", "WINDOWID", "TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION",
    "TERM_SESSION_ID", "COLORTERM", "SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY", "TMUX", "TMUX_PANE", "STY", "GPG_TTY",
    "XDG_SESSION_ID", "XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID", "VTE_VERSION", "KONSOLE_DBUS_SESSION",
  ]

  package init(swift: String, environment: [String] = Environment.all) {
    self.swift = swift
    self.environment = environment.filter { entry in
      let name = String(decoding: Array(entry.utf8.prefix { $0 != UInt8(ascii: "=") }), as: UTF8.self)
      return !Self.noise.contains(name) && !name.hasPrefix("WEBIO_") && !name.hasPrefix("VSCODE_")
    }.sorted()
  }

  /// The one in PATH.
  package static func find(environment: [String] = Environment.all) throws -> Toolchain {
    let entry = environment.last { $0.hasPrefix("PATH=") } ?? "PATH=/usr/local/bin:/usr/bin:/bin"
    let directories = entry.utf8.dropFirst(5).split(separator: UInt8(ascii: ":"))
    let candidates = directories.map { Path.join(String(decoding: Array($0), as: UTF8.self), "swift") }
    guard let swift = candidates.first(where: Files.isExecutable) else {
      throw DevError(
        .toolchainMissing, "There is no `swift` in PATH.",
        advice: "Install Swift 6.2 or newer from https://www.swift.org/install/linux and open a new terminal.")
    }
    return Toolchain(swift: swift, environment: environment)
  }

  /// Whether it brings lld.
  package var hasFastLinker: Bool {
    guard let real = Files.resolve(swift) else { return false }
    return Files.isExecutable(Path.join(Path.directory(of: real), "ld.lld"))
  }

  /// Whether executables can have Swift's runtime within them.
  package var hasStaticRuntime: Bool {
    guard let real = Files.resolve(swift) else { return false }
    return Files.isDirectory(Path.join(Path.directory(of: Path.directory(of: real)), "lib/swift_static"))
  }

  /// Changes when another toolchain takes this one's place.
  package var identity: String {
    guard let real = Files.resolve(swift), let status = Files.status(real) else { return swift }
    return "\(real)@\(status.st_mtim.tv_sec)"
  }
}

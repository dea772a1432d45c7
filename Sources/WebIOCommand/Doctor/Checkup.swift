import Glibc
import WebIO
import WebIODev
import WebIOHTTP
import WebIOPosix
import WebIOTunnel

/// The looks of `webio doctor`, in their order. Each takes a moment; none changes anything.
struct Checkup {
  let directory: String
  private let arguments: Arguments

  init(directory: String, _ arguments: Arguments) {
    self.directory = directory
    self.arguments = arguments
  }

  var checks: [() -> CheckResult] {
    [
      swift, linker, headers, toolkit, watches, fileSystem, port, browser, editor, libssh2, openSSH, disk, cache, limits,
    ]
  }

  // MARK: Building

  private func swift() -> CheckResult {
    guard let toolchain = try? Toolchain.find() else {
      return .fail(
        "swift", "there is none in PATH", "Install Swift 6.2 or newer from https://www.swift.org/install/linux")
    }
    let (status, output) = Subprocess.run(toolchain.swift, ["--version"])
    guard status.isSuccess, let version = Self.version(in: output) else {
      return .fail(
        "swift", "\(toolchain.swift) does not tell its version", "Install Swift anew; it printed: \(output.prefix(200))")
    }
    let text = "\(version.text) at \(toolchain.swift)"
    if (version.major, version.minor) < (6, 2) {
      return .fail("swift", "\(text) is too old", "WebIO needs 6.2: https://www.swift.org/install/linux")
    }
    return .ok("swift", text)
  }

  /// `Swift version 6.3.1 (swift-6.3.1-RELEASE)`
  static func version(in output: String) -> (major: Int, minor: Int, text: String)? {
    let mark = Array("Swift version ".utf8)
    let bytes = Array(output.utf8)
    guard let range = bytes.firstRange(of: mark) else { return nil }
    let number = bytes[range.upperBound...].prefix { ASCII.isDigit($0) || $0 == UInt8(ascii: ".") }
    let parts = number.split(separator: UInt8(ascii: ".")).map { ASCII.decimal(String(decoding: $0, as: UTF8.self)) }
    guard parts.count >= 2, let major = parts[0], let minor = parts[1] else { return nil }
    return (major, minor, String(decoding: number, as: UTF8.self))
  }

  private func linker() -> CheckResult {
    guard let toolchain = try? Toolchain.find() else { return .warn("linker", "there is no toolchain", "Install Swift first.") }
    return toolchain.hasFastLinker
      ? .ok("linker", "lld of the toolchain")
      : .warn("linker", "the toolchain brings no lld, so that links take longer", "Use a toolchain from swift.org.")
  }

  private func headers() -> CheckResult {
    let advice = "As root: apt-get install libssh2-1-dev"
    guard let tool = Environment.executable("pkg-config") else {
      return .warn("headers", "there is no pkg-config to find libraries with", "As root: apt-get install pkg-config")
    }
    let missing = ["zlib", "openssl", "libssh2"].filter { !Subprocess.run(tool, ["--exists", $0]).0.isSuccess }
    guard missing.isEmpty else {
      let text = "\(missing.joined(separator: ", ")) not found"
      return missing.contains("zlib")
        ? .fail("headers", text, advice)
        : .warn("headers", "\(text): apps that share themselves or serve HTTPS need them", advice)
    }
    return .ok("headers", "zlib, OpenSSL and libssh2 can be built with")
  }

  private func toolkit() -> CheckResult {
    do {
      guard case .path(let path) = try Toolkit(arguments) else { return .ok("toolkit", "a published version") }
      return .ok("toolkit", path)
    } catch {
      let error = Command.commandError(error)
      return .fail("toolkit", error.description, error.advice ?? "")
    }
  }

  // MARK: Watching

  private func watches() -> CheckResult {
    func limit(_ name: String) -> Int {
      let text = (try? Files.readText("/proc/sys/fs/inotify/\(name)")) ?? ""
      return ASCII.decimal(String(decoding: text.utf8.filter(ASCII.isDigit), as: UTF8.self)) ?? 0
    }
    let (watches, instances) = (limit("max_user_watches"), limit("max_user_instances"))
    let text = "\(watches) directories, \(instances) programs"
    let probe = inotify_init1(Int32(IN_CLOEXEC))
    guard probe >= 0 else {
      return .warn(
        "inotify", "no program can begin to watch any more (\(text))",
        "webio dev looks every 500 ms instead. Raise it: sudo sysctl fs.inotify.max_user_instances=512")
    }
    defer { close(probe) }
    guard inotify_add_watch(probe, directory, UInt32(IN_CREATE)) >= 0 else {
      return .warn(
        "inotify", "no more directories can be watched (\(text))",
        "webio dev looks every 500 ms instead. Raise it: sudo sysctl fs.inotify.max_user_watches=524288")
    }
    if watches < 8_192 {
      return .warn("inotify", "few watches: \(text)", "Raise it: sudo sysctl fs.inotify.max_user_watches=524288")
    }
    return .ok("inotify", text)
  }

  private func fileSystem() -> CheckResult {
    guard let name = FileSystem.remoteName(of: directory) else {
      return .ok("file system", "\(directory) reports changes")
    }
    return .warn(
      "file system", "\(directory) is on \(name), which does not tell what others change there",
      "webio dev looks every 500 ms instead; a directory on a local disk is faster.")
  }

  // MARK: The page

  private func port() -> CheckResult {
    let port: UInt16 = 8080
    guard let address = SocketAddress(numericHost: "127.0.0.1", port: port), let descriptor = try? Listener.bind(address)
    else {
      let holder = PortHolder(port: port).map { " by \($0)" } ?? ""
      return .warn("port", "\(port) is taken\(holder)", "webio dev takes the next free one; --port chooses another.")
    }
    close(descriptor)
    return .ok("port", "\(port) is free")
  }

  private func browser() -> CheckResult {
    let advice = "Open the address yourself, or name a browser with BROWSER."
    guard Desktop.isPresent else { return .warn("browser", "there is no desktop here, so webio dev opens no page", advice) }
    let wanted = Environment["BROWSER"] ?? "xdg-open"
    let found = wanted.utf8.contains(UInt8(ascii: "/")) ? wanted : Environment.executable(wanted)
    guard let found, Files.isExecutable(found) else { return .warn("browser", "there is no \(wanted)", advice) }
    return .ok("browser", found)
  }

  private func editor() -> CheckResult {
    do {
      return .ok("editor", try EditorCommand(file: "/", line: 1, column: 1).path)
    } catch {
      let reason =
        switch error as? EditorCommand.Refusal {
        case .needsTerminal(let name): "\(name) needs a terminal, which a click in the page does not have"
        case .notFound(let name): "there is no \(name)"
        default: "none is named"
        }
      return .warn("editor", reason, "Set WEBIO_EDITOR, as in WEBIO_EDITOR=code, and a click on an error opens its place.")
    }
  }

  // MARK: Sharing

  private func libssh2() -> CheckResult {
    let version = TunnelLibrary.version
    if TunnelLibrary.signsRSAWithSHA2 { return .ok("libssh2", version) }
    let text = "\(version) cannot use RSA keys with SHA-2, neither yours nor a server's"
    guard Environment.executable("ssh") != nil else {
      return .warn("libssh2", text, "Use an Ed25519 key, or install OpenSSH's client: apt-get install openssh-client")
    }
    return .ok("libssh2", "\(text); there OpenSSH takes over by itself")
  }

  private func openSSH() -> CheckResult {
    guard let path = Environment.executable("ssh") else {
      return .warn(
        "ssh", "there is no OpenSSH client", "webio share then has libssh2 alone: apt-get install openssh-client")
    }
    return .ok("ssh", path)
  }

  // MARK: Space

  private func disk() -> CheckResult {
    var status = statvfs()
    guard statvfs(directory, &status) == 0 else {
      return .warn("disk", "\(directory): \(SystemError.text(of: errno))", "Look at it with df.")
    }
    let free = (Int(status.f_bavail) * Int(status.f_frsize)) >> 20
    let text = "\(free >= 10_240 ? "\(free >> 10) GiB" : "\(free) MiB") free in \(directory)"
    if free < 300 { return .fail("disk", text, "A build takes 300 MiB: make room.") }
    if free < 2_048 { return .warn("disk", text, "A build takes 300 MiB: make room soon.") }
    return .ok("disk", text)
  }

  /// Whether this shell lets a server have as many connections as it would take.
  private func limits() -> CheckResult {
    let limits = ServerLimits()
    let descriptors = ProcessFigures.current.hardDescriptorLimit
    let text =
      "\(limits.http.connections) connections, \(limits.sessions.total) sessions, \(limits.payload) a message; "
      + "webio doctor --limits tells all"
    // Each session of a page has one connection, and a file now and then.
    guard descriptors < limits.http.connections + 100 else { return .ok("limits", text) }
    return .warn(
      "limits", "a server here may have \(descriptors) descriptors, for \(text)",
      "Raise it before many visitors come: ulimit -Hn \(limits.http.connections * 2) as root, or LimitNOFILE= of a systemd unit."
    )
  }

  private func cache() -> CheckResult {
    let advice = "Builds of single files are kept there: set XDG_CACHE_HOME to a directory that you can write to."
    guard let directory = try? Project.cacheDirectory() else { return .warn("cache", "HOME is not set", advice) }
    var existing = directory
    while !Files.exists(existing), existing != "/" { existing = Path.directory(of: existing) }
    guard access(existing, W_OK) == 0 else { return .warn("cache", "\(existing) cannot be written to", advice) }
    return .ok("cache", directory)
  }
}

import CWebIOLinux
import Glibc

/// Files and directories by path. All of these block: not for the event loop, except on small local files.
package enum Files {
  package static func read(_ path: String, limit: Int = 64 << 20) throws -> [UInt8] {
    let descriptor = try retryingInterrupts("open \(path)") { open(path, O_RDONLY | O_CLOEXEC) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = try retryingInterrupts("read \(path)") { Glibc.read(descriptor, &chunk, chunk.count) }
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk[..<count])
      guard bytes.count <= limit else { throw SystemError("read \(path)", code: EFBIG) }
    }
  }

  package static func readText(_ path: String) throws -> String { String(decoding: try read(path), as: UTF8.self) }

  /// Creates a file that must not exist yet.
  package static func create(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o644) throws {
    let descriptor = try retryingInterrupts("create \(path)") {
      open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    }
    defer { close(descriptor) }
    try writeAll(descriptor, bytes, path)
  }

  /// Replaces a file in one step: readers see the old contents or the new ones. See rename(2).
  package static func replace(_ path: String, _ bytes: [UInt8], mode: mode_t = 0o644) throws {
    let temporary = "\(path).\(getpid()).tmp"
    unlink(temporary)
    try create(temporary, bytes, mode: mode)
    do {
      try rename(temporary, to: path)
    } catch {
      unlink(temporary)
      throw error
    }
  }

  private static func writeAll(_ descriptor: Int32, _ bytes: [UInt8], _ path: String) throws {
    try bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        done += try retryingInterrupts("write \(path)") {
          write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        }
      }
    }
  }

  package static func rename(_ old: String, to new: String) throws {
    guard Glibc.rename(old, new) == 0 else { throw SystemError("rename \(old) to \(new)") }
  }

  /// Creates the directory and those above it; fine when it is there already.
  package static func makeDirectories(_ path: String, mode: mode_t = 0o755) throws {
    if isDirectory(path) { return }
    let parent = Path.directory(of: path)
    if parent != path, !isDirectory(parent) { try makeDirectories(parent, mode: mode) }
    guard mkdir(path, mode) == 0 || errno == EEXIST else { throw SystemError("create directory \(path)") }
  }

  package static func list(_ path: String) throws -> [String] {
    guard let directory = opendir(path) else { throw SystemError("open directory \(path)") }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Deletes a file, or a directory with all that is in it; symbolic links are not followed.
  package static func remove(_ path: String) throws {
    if isDirectory(path), !isSymbolicLink(path) {
      for name in try list(path) { try remove(Path.join(path, name)) }
      guard rmdir(path) == 0 else { throw SystemError("remove \(path)") }
    } else {
      guard unlink(path) == 0 || errno == ENOENT else { throw SystemError("remove \(path)") }
    }
  }

  package static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 || isSymbolicLink(path) }
  package static func isExecutable(_ path: String) -> Bool { isFile(path) && access(path, X_OK) == 0 }
  package static func isFile(_ path: String) -> Bool { kind(path, following: true) == S_IFREG }
  package static func isDirectory(_ path: String) -> Bool { kind(path, following: true) == S_IFDIR }
  package static func isSymbolicLink(_ path: String) -> Bool { kind(path, following: false) == S_IFLNK }

  private static func kind(_ path: String, following: Bool) -> mode_t? {
    var status = stat()
    guard (following ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
    return status.st_mode & S_IFMT
  }

  /// The absolute path without links, or nil when there is nothing. See realpath(3).
  package static func resolve(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  package static var currentDirectory: String {
    guard let path = getcwd(nil, 0) else { return "." }
    defer { free(path) }
    return String(cString: path)
  }

  /// A new private directory whose name starts with `prefix`. See mkdtemp(3).
  package static func makeTemporaryDirectory(_ prefix: String) throws -> String {
    let base = Environment["TMPDIR"] ?? "/tmp"
    var template = Array(Path.join(base, "\(prefix)-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp in \(base)") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// `O_PATH` of open(2): a macro behind `_GNU_SOURCE`, which the Glibc module is built without.
package let pathOnly: Int32 = 0o10_000_000

/// Path arithmetic on text, without touching the disk.
package enum Path {
  package static func join(_ base: String, _ name: String) -> String {
    if name.hasPrefix("/") || base.isEmpty { return name }
    return base.hasSuffix("/") ? base + name : "\(base)/\(name)"
  }

  /// The last component; `/` for the root.
  package static func name(of path: String) -> String {
    let parts = path.utf8.split(separator: UInt8(ascii: "/"))
    return parts.last.map { String(decoding: $0, as: UTF8.self) } ?? "/"
  }

  package static func directory(of path: String) -> String {
    var bytes = Array(path.utf8)
    while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == 0 ? "/" : String(decoding: bytes[..<slash], as: UTF8.self)
  }

  /// Without the leading dot; empty when there is none.
  package static func suffix(of path: String) -> String {
    let name = Array(name(of: path).utf8)
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return "" }
    return String(decoding: name[(dot + 1)...], as: UTF8.self)
  }
}

/// The environment, and what is found through it.
package enum Environment {
  package static subscript(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// `NAME=value` entries.
  package static var all: [String] {
    var entries: [String] = []
    var next = webio_environment()
    while let pointer = next, let entry = pointer.pointee {
      entries.append(String(cString: entry))
      next = pointer + 1
    }
    return entries
  }

  /// The environment with some values set, or removed where they are nil.
  package static func with(_ changes: [String: String?]) -> [String] {
    let kept = all.filter { entry in
      let name = entry.utf8.prefix { $0 != UInt8(ascii: "=") }
      return changes[String(decoding: Array(name), as: UTF8.self)] == nil
    }
    return kept + changes.compactMap { name, value in value.map { "\(name)=\($0)" } }.sorted()
  }

  /// The first executable of this name in PATH.
  package static func executable(_ name: String) -> String? {
    let path = Self["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    return path.split(separator: ":").map { Path.join(String($0), name) }.first(where: Files.isExecutable)
  }
}

/// Bytes from the kernel's generator. See getrandom(2).
package func randomBytes(_ count: Int) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: count)
  var done = 0
  while done < count {
    let size = bytes.withUnsafeMutableBytes { getrandom($0.baseAddress! + done, count - done, 0) }
    precondition(size > 0 || errno == EINTR, "getrandom: \(SystemError.text(of: errno))")
    if size > 0 { done += size }
  }
  return bytes
}

/// Letters and digits, about 5.95 bits each: for ids and tokens.
package func randomToken(_ length: Int) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
  var token: [UInt8] = []
  while token.count < length {
    // 248 is the largest multiple of 62 in a byte: the rest would favour the first letters.
    token += randomBytes(length).filter { $0 < 248 }.map { alphabet[Int($0 % 62)] }
  }
  return String(decoding: token[..<length], as: UTF8.self)
}

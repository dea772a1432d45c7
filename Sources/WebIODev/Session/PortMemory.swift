import WebIOHTTP
import WebIOPosix

/// The port that a project had last time, so that its open tabs and bookmarks find it again.
struct PortMemory {
  private let file: String

  /// Beside the build, which is thrown away with it. Single files share a build, but not a package.
  init(_ project: Project) {
    file = Path.join(project.renamed.isEmpty ? project.scratchPath : project.directory, "webio-port")
  }

  var port: UInt16? {
    guard let bytes = try? Files.read(file, limit: 16), let text = String(validating: bytes, as: UTF8.self) else { return nil }
    return ASCII.decimal(text).flatMap { UInt16(exactly: $0) }.flatMap { $0 == 0 ? nil : $0 }
  }

  /// What cannot be written is not remembered.
  func keep(_ port: UInt16) {
    guard port != self.port else { return }
    try? Files.makeDirectories(Path.directory(of: file))
    try? Files.replace(file, Array(String(port).utf8))
  }
}

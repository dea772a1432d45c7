import WebIODev
import WebIOPosix

/// How a package names WebIO: the checkout that built this command, another one, or a published version.
enum Toolkit: Sendable {
  case path(String)
  case url(String, version: String)

  /// The line of a Package.swift.
  var dependency: String {
    switch self {
    case .path(let path): ".package(name: \"WebIO\", path: \(quoted(path)))"
    case .url(let url, let version): ".package(url: \(quoted(url)), from: \(quoted(version)))"
    }
  }

  /// For the hidden package of a single file.
  var forSingleFiles: Project.Toolkit {
    switch self {
    case .path(let path): .path(path)
    case .url(let url, let version): .url(url, version: version)
    }
  }

  /// From `--toolkit PATH`, `--toolkit-url URL@VERSION`, `WEBIO_TOOLKIT`, or where this command was built.
  init(_ arguments: Arguments) throws {
    if let text = arguments.value("toolkit-url") {
      let parts = text.split(separator: "@")
      guard parts.count >= 2, let version = parts.last else {
        throw CommandError.usage("--toolkit-url \(text) has no version. Write it as URL@1.2.3.")
      }
      self = .url(parts.dropLast().joined(separator: "@"), version: String(version))
      return
    }
    let path = arguments.value("toolkit") ?? Environment["WEBIO_TOOLKIT"] ?? Self.builtFrom
    guard let resolved = Files.resolve(path), Files.isDirectory(Path.join(resolved, "Sources/WebIO")) else {
      throw CommandError(
        .requirementMissing, "There is no WebIO checkout at \(path).",
        advice: "Say where it is with --toolkit PATH, or use a published version with --toolkit-url URL@VERSION.")
    }
    self = .path(resolved)
  }

  /// This file is Sources/WebIOCommand/Toolkit.swift of the checkout.
  private static let builtFrom = Path.directory(of: Path.directory(of: Path.directory(of: #filePath)))

  private func quoted(_ text: String) -> String {
    var result = "\""
    for character in text.unicodeScalars {
      if character == "\"" || character == "\\" { result.append("\\") }
      result.unicodeScalars.append(character)
    }
    return result + "\""
  }
}

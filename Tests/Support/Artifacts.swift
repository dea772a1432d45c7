import Foundation

/// What a run leaves for a person to look at: `$WEBIO_ARTIFACTS`, or .build/artifacts.
public enum Artifacts {
  public static let directory =
    ProcessInfo.processInfo.environment["WEBIO_ARTIFACTS"]
    ?? FileManager.default.currentDirectoryPath + "/.build/artifacts"

  public static func save(_ name: String, _ data: Data) throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try data.write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
  }

  public static func save(_ name: String, _ text: String) throws { try save(name, Data(text.utf8)) }
}

import Foundation
import TestSupport
import Testing

/// All of these start real programs and measure real time, so they run one after the other.
@Suite(.serialized) enum EndToEnd {}

/// The root of this repository.
let checkout = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

/// What the tests share because it is slow to make: one Chromium, and one project whose dependencies are built.
actor Fixture {
  static let shared = Fixture()

  private var browserTask: Task<WebDriver, any Error>?
  private var projectTask: Task<HelloProject, any Error>?

  func browser() async throws -> WebDriver {
    if let browserTask { return try await browserTask.value }
    let task = Task { try await WebDriver.start() }
    browserTask = task
    return try await task.value
  }

  /// The project with its source as the template has it.
  func project() async throws -> HelloProject {
    let task = projectTask ?? Task { try await HelloProject() }
    projectTask = task
    let project = try await task.value
    try project.restore()
    return project
  }
}

/// What `webio new hello my-app` writes.
final class HelloProject: Sendable {
  let directory: TemporaryDirectory
  let path: String
  let source: String

  fileprivate init() async throws {
    directory = try TemporaryDirectory("webio-e2e")
    let written = try await WebioCommand.run(
      ["new", "hello", "my-app"], directory: directory.path, settings: directory)
    guard written.code == 0 else { throw NotInTime("webio new: \(written.code) \(written.errors)") }
    path = directory.file("my-app")
    source = try readText("\(path)/Sources/main.swift")
  }

  var sourceFile: String { "\(path)/Sources/main.swift" }

  /// Only where it differs: a file that was saved is a file to build.
  func restore() throws {
    if try readText(sourceFile) != source { try save(source) }
  }

  /// As most editors save: a new file takes the old one's name.
  func save(_ text: String) throws {
    try text.write(toFile: sourceFile, atomically: true, encoding: .utf8)
  }

  /// The same at another time.
  func save(_ text: String, at date: Date) throws {
    let whole = directory.file("main.swift")
    try text.write(toFile: whole, atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: whole)
    guard rename(whole, sourceFile) == 0 else { throw NotInTime("rename: \(errno)") }
  }

  /// As `echo >` saves: the same file, emptied and written.
  func saveInPlace(_ text: String) throws {
    try text.write(toFile: sourceFile, atomically: false, encoding: .utf8)
  }

  /// The template's source with a piece exchanged.
  func edited(_ piece: String, _ other: String) throws -> String {
    try #require(source.contains(piece), "the template has changed")
    return source.replacingOccurrences(of: piece, with: other)
  }

  func dev(_ arguments: String..., environment: [String: String?] = [:]) throws -> WebioCommand {
    try WebioCommand(
      ["dev", path, "--json", "--no-open"] + arguments, settings: directory, environment: environment)
  }
}

/// What a stopped command must not leave behind.
struct Traces {
  let mark: String
  let port: UInt16?
  let sockets: [String]

  /// Noted while it runs.
  init(of command: WebioCommand, port: UInt16?) {
    mark = command.program.mark
    self.port = port
    sockets = Set(Processes.marked(mark).flatMap { Processes.unixSockets(of: $0.id) }).sorted()
  }

  func expectGone(within limit: Duration, sourceLocation: SourceLocation = #_sourceLocation) async {
    let left = { Processes.marked(mark).map(\.description) }
    do {
      try await eventually("all processes end", within: limit) { left().isEmpty }
    } catch {
      Issue.record("still running after \(limit): \(left())", sourceLocation: sourceLocation)
    }
    if let port {
      #expect(!Processes.isListening(port), "port \(port) is still open", sourceLocation: sourceLocation)
    }
    let files = sockets.filter { access($0, F_OK) == 0 }
    #expect(files.isEmpty, "socket files are left", sourceLocation: sourceLocation)
  }
}

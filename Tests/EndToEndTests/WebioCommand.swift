import Foundation
import TestSupport

/// A running `webio`: its events with `--json`, what it tells a person, and how it ends.
final class WebioCommand: Sendable {
  let program: Program

  /// The command that was built with these tests.
  static let path: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return (own as NSString).deletingLastPathComponent + "/webio"
  }()

  /// Nothing of the user's: no configuration, no agent, no terminal.
  static func environment(_ settings: TemporaryDirectory) -> [String: String?] {
    [
      "XDG_CONFIG_HOME": settings.file("config"), "XDG_RUNTIME_DIR": nil, "SSH_AUTH_SOCK": nil, "CI": nil,
      "WEBIO_TOOLKIT": nil, "BROWSER": "/bin/false",
    ]
  }

  init(
    _ arguments: [String], directory: String? = nil, settings: TemporaryDirectory, environment: [String: String?] = [:]
  ) throws {
    program = try Program(
      Self.path, arguments, directory: directory,
      environment: Self.environment(settings).merging(environment) { _, own in own })
  }

  deinit { program.killAll() }

  /// Runs it to its end.
  static func run(
    _ arguments: [String], directory: String? = nil, settings: TemporaryDirectory,
    environment: [String: String?] = [:], within limit: Duration = .seconds(60)
  ) async throws -> (code: Int32, output: String, errors: String) {
    let ended = try await Program.run(
      path, arguments, directory: directory,
      environment: Self.environment(settings).merging(environment) { _, own in own }, within: limit)
    guard case .exited(let code) = ended.ending else {
      throw NotInTime("webio \(arguments.joined(separator: " ")): \(ended.ending)\n\(ended.errors)")
    }
    return (code, ended.output, ended.errors)
  }

  /// The events until now. A line that is no event is one of the name `?`.
  var events: [JSON] {
    let lines = program.outputText.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    return lines.map { (try? JSON(parsing: $0)) ?? ["event": "?", "line": .string(String($0))] }
  }

  /// The position behind the last event, for `event(_:after:)`.
  var position: Int { events.count }

  /// Waits for an event, behind a position in the stream.
  @discardableResult
  func event(
    _ name: String, after position: Int = 0, within limit: Duration = .seconds(60),
    where isWanted: (JSON) -> Bool = { _ in true }
  ) async throws -> JSON {
    try await eventually("the event \(name)", within: limit, state: { self.account }) {
      if let event = events.dropFirst(position).first(where: { $0["event"].string == name && isWanted($0) }) {
        return event
      }
      if let ended = program.ended { throw NotInTime("webio ended (\(ended)) before \(name)\n\(account)") }
      return nil
    }
  }

  /// The local URL, once there is one.
  func ready(within limit: Duration = .seconds(300)) async throws -> (url: String, port: UInt16) {
    let url = try await event("ready", within: limit)["url"].string ?? ""
    return (url, try Self.port(of: url))
  }

  static func port(of url: String) throws -> UInt16 {
    guard let port = URLComponents(string: url)?.port, let port = UInt16(exactly: port) else {
      throw NotInTime("no port in \"\(url)\"")
    }
    return port
  }

  /// For a failure's message.
  var account: String {
    "events:\n\(events.map(\.text).joined(separator: "\n"))\nstandard error:\n\(program.errorText)"
  }

  /// A failure in `body` tells what the command said until then.
  func explaining(_ body: () async throws -> Void) async throws {
    do { try await body() } catch { throw NotInTime("\(error)\n\(account)") }
  }

  func end(within limit: Duration = .seconds(60)) async throws -> Program.Ending {
    try await program.waitForEnd(within: limit)
  }
}

import Foundation

/// A test waits by looking, never by sleeping for a fixed time.
public struct Deadline: Sendable {
  private let end: ContinuousClock.Instant
  public let limit: Duration

  public init(_ limit: Duration) {
    self.limit = limit
    end = .now + limit
  }

  public var isOver: Bool { ContinuousClock.now >= end }
  public var left: Duration { max(.zero, ContinuousClock.now.duration(to: end)) }
}

/// What was waited for and did not come.
public struct NotInTime: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// Looks again and again until `look` gives something, or throws after the limit with what `state` says then.
public func eventually<Result>(
  _ what: String, within limit: Duration = .seconds(60), every pause: Duration = .milliseconds(10),
  state: () async -> String = { "" }, _ look: () async throws -> Result?
) async throws -> Result {
  let deadline = Deadline(limit)
  while true {
    if let result = try await look() { return result }
    if deadline.isOver {
      let state = await state()
      throw NotInTime("\(what): not within \(limit)\(state.isEmpty ? "" : "\n\(state)")")
    }
    try await Task.sleep(for: pause)
  }
}

/// The same for a condition.
public func eventually(
  _ what: String, within limit: Duration = .seconds(60), every pause: Duration = .milliseconds(10),
  state: () async -> String = { "" }, _ isTrue: () async throws -> Bool
) async throws {
  let _: Void = try await eventually(what, within: limit, every: pause, state: state) {
    try await isTrue() ? () : nil
  }
}

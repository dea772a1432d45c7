import Synchronization

/// The commands for a page, numbered from 1, in the order in which the app made them.
///
/// A command is kept until the page has acknowledged it, and the whole history while it fits into `historyLimit`: a
/// refreshed page starts from nothing and gets everything again, except what has passed: a toast, an answered form.
final class Outbox: Sendable {
  /// Whether a page that starts from nothing needs a command.
  enum Life: Sendable {
    case lasting
    /// Once it was received it is over, and so are the commands with these numbers.
    case passing(retiring: [Int])
  }

  private struct State {
    /// What is over when the command with that number has been received.
    var passing: [Int: [Int]] = [:]
    /// `commands[0]` has the number `first`.
    var commands: [[UInt8]] = []
    var first = 1
    /// The number of the next command to send.
    var next = 1
    var bytes = 0
    var acknowledged = 0
    var wakePending = false
  }

  /// 4 MiB: some ten thousand outputs. Beyond it, only what is not acknowledged is kept.
  static let historyLimit = 4 << 20
  /// 64 MiB that a page does not take: it is gone, or its visitor's line is too slow for this app.
  static let unacknowledgedLimit = 64 << 20

  private let state = Mutex(State())

  enum Appended { case wake, quiet, overflow }

  /// Stands where a command was that nobody needs again: numbers have no gaps.
  private static let spent = Array("null".utf8)

  func append(_ command: [UInt8], _ life: Life = .lasting) -> (appended: Appended, number: Int) {
    state.withLock { state in
      let number = state.first + state.commands.count
      if case .passing(let retiring) = life { state.passing[number] = retiring + [number] }
      return (append(command, to: &state), number)
    }
  }

  private func append(_ command: [UInt8], to state: inout State) -> Appended {
    state.commands.append(command)
    state.bytes += command.count
    if state.bytes > Self.unacknowledgedLimit, state.first > state.acknowledged { return .overflow }
    if state.bytes > Self.historyLimit { Self.dropAcknowledged(&state) }
    defer { state.wakePending = true }
    return state.wakePending ? .quiet : .wake
  }

  /// The command with that number will not be sent again, or at all: its question is answered.
  func spend(_ number: Int) { state.withLock { Self.spend(number, &$0) } }

  private static func spend(_ number: Int, _ state: inout State) {
    let index = number - state.first
    guard state.commands.indices.contains(index) else { return }
    state.bytes += spent.count - state.commands[index].count
    state.commands[index] = spent
  }

  /// What is kept of the commands that were made, with their numbers.
  var history: [(number: Int, command: [UInt8])] {
    state.withLock { state in state.commands.enumerated().map { (state.first + $0, $1) } }
  }

  /// The next commands to send, of about `limit` bytes, and the number of the first one. Behind the last ones the next that
  /// is appended wakes again.
  func take(limit: Int) -> (first: Int, commands: ArraySlice<[UInt8]>, isLast: Bool)? {
    state.withLock { state in
      let start = state.next - state.first
      guard start < state.commands.count else {
        state.wakePending = false
        return nil
      }
      var end = start
      var size = 0
      while end < state.commands.count, size < limit {
        size += state.commands[end].count
        end += 1
      }
      let first = state.next
      state.next += end - start
      let isLast = end == state.commands.count
      if isLast { state.wakePending = false }
      return (first, state.commands[start..<end], isLast)
    }
  }

  /// True when everything has been handed to a socket.
  var isDrained: Bool { state.withLock { $0.next - $0.first >= $0.commands.count } }

  func acknowledge(_ number: Int) {
    state.withLock { Self.acknowledge(number, &$0) }
  }

  private static func acknowledge(_ number: Int, _ state: inout State) {
    guard number > state.acknowledged, number < state.next else { return }
    state.acknowledged = number
    if !state.passing.isEmpty {
      for passed in state.passing.keys where passed <= number {
        for number in state.passing.removeValue(forKey: passed) ?? [] { spend(number, &state) }
      }
    }
    if state.bytes > historyLimit || state.first > 1 { dropAcknowledged(&state) }
  }

  /// Goes back to where a page that comes again stopped. False when that is no longer kept.
  func rewind(after received: Int) -> Bool {
    state.withLock { state in
      guard received >= state.first - 1, received < state.first + state.commands.count else { return false }
      state.next = received + 1
      state.wakePending = true
      return true
    }
  }

  /// For a transport without acknowledgements: what was sent counts as received.
  func acknowledgeSent() {
    state.withLock { Self.acknowledge($0.next - 1, &$0) }
  }

  private static func dropAcknowledged(_ state: inout State) {
    let count = state.acknowledged - state.first + 1
    guard count > 0 else { return }
    state.bytes -= state.commands[..<count].reduce(0) { $0 + $1.count }
    state.commands.removeFirst(count)
    state.first += count
  }
}

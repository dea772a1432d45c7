/// What a page has brought about and the app has not dealt with: how many, and about how many bytes they hold.
struct Backlog: Sendable {
  /// 16 MiB. Beyond it only what comes alone: a form with its files may be larger.
  static let byteLimit = 16 << 20

  private let limit: Int
  private(set) var count = 0
  private(set) var bytes = 0

  init(limit: Int) { self.limit = limit }

  /// False, and nothing is added, when there is no room.
  mutating func add(_ size: Int) -> Bool {
    guard count < limit, count == 0 || size <= Self.byteLimit - bytes else { return false }
    count += 1
    bytes += size
    return true
  }

  mutating func remove(_ size: Int) {
    count -= 1
    bytes -= size
  }

  mutating func removeAll() { self = Backlog(limit: limit) }
}

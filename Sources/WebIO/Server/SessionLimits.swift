/// How many sessions a server keeps, and for how long.
public struct SessionLimits: Sendable {
  /// Sessions at a time; a visitor beyond them is told to come back later (503).
  public var total = 100_000
  /// Sessions at a time of one address, as ``SessionInfo/userIP`` has it. Nil: no limit; the visitors of one office, and all
  /// of them behind a proxy, have one address.
  public var perAddress: Int?
  /// Over HTTP: a page that has asked for nothing for so long is gone. PyWebIO: `session_expire_seconds`.
  public var expiry = Duration.seconds(600)
  /// How often such pages are looked for. PyWebIO: `session_cleanup_interval`.
  public var cleanupInterval = Duration.seconds(60)
  /// How long a request of our page waits for output. Keep it below the time-outs of the proxies on the way.
  public var longPoll = Duration.seconds(20)

  public init() {}

  /// Throws ``WebIOError/invalidArgument(_:)``.
  func validate() throws {
    guard total > 0, perAddress ?? 1 > 0 else {
      throw WebIOError.invalidArgument("sessions: the limits of their number are at least 1.")
    }
    guard expiry > .zero, cleanupInterval > .zero, longPoll > .zero else {
      throw WebIOError.invalidArgument("sessions: expiry, cleanupInterval and longPoll are longer than zero.")
    }
  }
}
